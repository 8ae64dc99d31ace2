//! What the crate `sidetone-devices` makes of the guest's headset, without the rest of the daemon: the layer
//! to look at when a test of the whole fails.
//!
//! Prints events as `SECONDS WHAT`, seconds since 1970, and twice a second the level of each open side.
//! Opens both sides while an application captures, and only then, as the daemon does.

use crate::clock::unix_seconds;
use crate::faults::Decibel;
use sidetone_devices::audio::api::{AudioCommand, AudioEvent, AudioEventKind, StreamSide};
use sidetone_devices::audio::supervisor::{AudioHandle, AudioOptions, AudioSupervisor};
use sidetone_devices::audio::tap::TapReader;
use sidetone_devices::event::{HeadsetEvent, HeadsetEventKind};
use sidetone_devices::hid::quirks::QuirkBook;
use sidetone_devices::hotplug::{HeadsetMonitor, MonitorOptions};
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often events and samples are looked for.
const ROUND: Duration = Duration::from_millis(5);
/// Over how long a level is taken.
const LEVEL_OVER: Duration = Duration::from_millis(500);

/// Watches until it is killed.
///
/// # Errors
/// If there is no thread or descriptor left, or nobody reads the output.
pub fn watch(quirk_files: &Path) -> Result<(), Box<dyn Error>> {
    let mut quirks = QuirkBook::built_in();
    for error in quirks.add_directory(quirk_files) {
        say(&format!("ERROR {error}"))?;
    }
    let (tell_headset, headset_events) = mpsc::channel();
    let options = MonitorOptions {
        quirks: Arc::new(quirks),
    };
    let _monitor = HeadsetMonitor::start(options, tell_headset)?;
    let (tell_audio, audio_events) = mpsc::channel();
    let audio = AudioSupervisor::start(AudioOptions::default(), tell_audio)?;
    let mut sides = Vec::new();
    loop {
        for event in headset_events.try_iter() {
            say(&headset_line(&event))?;
        }
        for event in audio_events.try_iter() {
            take(event, &audio, &mut sides)?;
        }
        for side in &mut sides {
            if let Some(line) = side.listen() {
                say(&line)?;
            }
        }
        sides.retain(|side| !side.tap.is_ended());
        sleep(ROUND);
    }
}

fn headset_line(event: &HeadsetEvent) -> String {
    match &event.kind {
        HeadsetEventKind::Control(control) => format!("CONTROL {control:?}"),
        HeadsetEventKind::Added { identity, quirk } => {
            let (vendor, product) = (identity.vendor.0, identity.product.0);
            format!(
                "ADDED {vendor:04x}:{product:04x} {} quirk {quirk:?}",
                event.usb
            )
        }
        HeadsetEventKind::Removed => format!("REMOVED {}", event.usb),
        HeadsetEventKind::Unreadable { reason } => format!("UNREADABLE {reason}"),
    }
}

fn take(event: AudioEvent, audio: &AudioHandle, sides: &mut Vec<Side>) -> std::io::Result<()> {
    match event.kind {
        AudioEventKind::Opened { usb, side, tap } => {
            say(&format!(
                "OPENED {side:?} {usb} {} Hz {} channels",
                tap.rate(),
                tap.channels()
            ))?;
            sides.push(Side::new(side, tap));
        }
        AudioEventKind::Applications {
            usb,
            capture,
            far_end,
        } => {
            let name = capture.as_ref().map_or("nobody", |app| app.name.as_str());
            say(&format!("APPLICATIONS {usb} {name} {far_end:?}"))?;
            let command = match capture {
                Some(_) => AudioCommand::Open(usb),
                None => AudioCommand::Close(usb),
            };
            audio.command(command);
        }
        AudioEventKind::CardAdded { usb, identity } => {
            say(&format!("CARD {usb} {}", identity.name))?;
        }
        AudioEventKind::CardRemoved { usb } => say(&format!("NO CARD {usb}"))?,
        other => say(&format!("{other:?}"))?,
    }
    Ok(())
}

/// An open side of the call.
struct Side {
    which: StreamSide,
    tap: TapReader,
    since: Instant,
    energy: f64,
    frames: usize,
}

impl Side {
    fn new(which: StreamSide, tap: TapReader) -> Self {
        Self {
            which,
            tap,
            since: Instant::now(),
            energy: 0.0,
            frames: 0,
        }
    }

    /// Takes what has arrived; a line when it is time for one.
    fn listen(&mut self) -> Option<String> {
        let energy = &mut self.energy;
        self.frames += self.tap.read(|samples, _| {
            *energy += samples.iter().map(|s| f64::from(s * s)).sum::<f64>();
        });
        if self.since.elapsed() < LEVEL_OVER {
            return None;
        }
        let level = Decibel::of_power(self.energy / self.frames.max(1) as f64);
        let line = format!(
            "LEVEL {:?} {:.1} dBov, {} frames, lost {}",
            self.which,
            level.0,
            self.frames,
            self.tap.lost_frames()
        );
        (self.since, self.energy, self.frames) = (Instant::now(), 0.0, 0);
        Some(line)
    }
}

fn say(what: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:.6} {what}", unix_seconds())?;
    out.flush()
}
