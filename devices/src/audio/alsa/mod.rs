//! Plain ALSA, for workstations without a sound server.
//!
//! *Promises*: opens a microphone only through `dsnoop`, so that a softphone that does the same is never
//! in its way; tells who uses a headset from the kernel's status files, without opening anything.
//!
//! *Fails* with a `Busy` sentence where a softphone holds the device for itself; HID alone works on.
//!
//! *Never* plays anything, and never reads another card than the headset's and the loopback.
//!
//! Softphones must use the shipped `systemd/asound.conf`: it shares the microphone, and copies what is
//! played to `snd-aloop`, whose other end is the far end. Other sounds on the headset are in that copy, so
//! the far end is always [`FarEnd::Mix`](super::api::FarEnd::Mix). The mixer's switches are not read here.
//! A loopback that the headset does not clock drifts until the softphone's playback breaks off (measured in
//! the bench); that is warned of.

mod capture;
mod cards;
mod device;
mod stream;
mod usage;

use super::backend::{Backend, CaptureReport, WatchEnd, WatchReport, WishBox};
use super::pulse::ServerAddress;
use super::workers::Worker;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the status files are read: a call is to be seen at once, and closed within two seconds.
const POLL: Duration = Duration::from_millis(500);

/// How often it is looked whether a card came or went. A softphone closes a card that is pulled at once; the headset must
/// be known to be gone before that is taken for the end of the call (0.4 s), or nobody is told of it.
const GLANCE: Duration = Duration::from_millis(100);

/// A PCM by ALSA's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlsaTarget {
    pub(crate) pcm: String,
    /// Who seems to hold it, for the sentence when it is busy.
    pub(crate) holder: Option<String>,
}

/// The kernel's sound cards.
#[derive(Debug)]
pub(crate) struct PlainAlsa {
    pub(crate) sysfs: PathBuf,
    pub(crate) proc: PathBuf,
    /// A server whose coming ends the use of plain ALSA.
    pub(crate) gives_way_to: Option<ServerAddress>,
}

impl Backend for PlainAlsa {
    fn watch(&self, worker: &Worker, report: &mut dyn FnMut(WatchReport)) -> WatchEnd {
        let name = "ALSA".to_owned();
        report(WatchReport::Up { name });
        warn_of_drift(&self.sysfs);
        let mut last = None;
        while !worker.should_stop() {
            let server = self.gives_way_to.as_ref();
            if server.is_some_and(|server| server.find_socket().is_some()) {
                return WatchEnd::NotThere("a sound server has come; using it".to_owned());
            }
            let sightings = cards::sightings(&self.sysfs, &self.proc);
            if last.as_ref() != Some(&sightings) {
                last = Some(sightings.clone());
                report(WatchReport::Headsets(sightings));
            }
            wait(&self.sysfs, POLL, || worker.should_stop());
        }
        WatchEnd::Stopped
    }

    fn capture(
        &self,
        worker: &Worker,
        wish: &WishBox,
        report: &mut dyn FnMut(CaptureReport),
    ) -> Result<(), String> {
        capture::run(worker, wish, report);
        Ok(())
    }
}

/// Waits, until a card comes or goes or it is told to stop at most; whether one did.
fn wait(sysfs: &Path, at_most: Duration, stop: impl Fn() -> bool) -> bool {
    let before = cards::numbers(sysfs);
    let mut left = at_most;
    while !left.is_zero() && !stop() {
        let glance = left.min(GLANCE);
        std::thread::sleep(glance);
        left -= glance;
        if cards::numbers(sysfs) != before {
            return true;
        }
    }
    false
}

/// Warns once if `snd-aloop` runs on its own clock.
fn warn_of_drift(sysfs: &Path) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let parameter = sysfs.join("module/snd_aloop/parameters/timer_source");
    let drifts = std::fs::read_to_string(parameter).is_ok_and(|text| has_own_clock(&text));
    if drifts && !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "snd-aloop runs on its own clock, so softphones' playback will break off after a while; give it \
             the headset's with timer_source, as systemd/asound.conf says"
        );
    }
}

/// Whether the first loopback card has no `timer_source`. The kernel shows one per possible card, `(null)`
/// where none is set.
fn has_own_clock(timer_sources: &str) -> bool {
    let first = timer_sources.split(',').next().unwrap_or_default().trim();
    first.is_empty() || first == "(null)"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_is_pulled_ends_the_wait() {
        let sysfs = tempfile::tempdir().unwrap();
        let card = sysfs.path().join("class/sound/card1");
        std::fs::create_dir_all(&card).unwrap();
        let seen = sysfs.path().to_owned();
        let waiting = std::thread::spawn(move || wait(&seen, Duration::from_secs(60), || false));
        std::thread::sleep(2 * GLANCE);
        assert!(!waiting.is_finished());
        std::fs::remove_dir(&card).unwrap();
        assert!(waiting.join().unwrap());
        // Nothing changes, or it is told to stop.
        assert!(!wait(sysfs.path(), GLANCE, || false));
        assert!(!wait(sysfs.path(), Duration::from_secs(60), || true));
    }

    #[test]
    fn a_loopback_without_a_timer_source_has_its_own_clock() {
        assert!(has_own_clock("(null),(null),(null)\n"));
        assert!(has_own_clock("\n"));
        assert!(!has_own_clock("Headset.0.0,(null),(null)\n"));
    }
}
