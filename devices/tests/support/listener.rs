//! Whoever listens to the supervisor: keeps events until they are asked for, and the taps.

use sidetone_devices::audio::api::{
    Application, AudioCommand, AudioEvent, AudioEventKind, CloseReason, FarEnd, StreamSide,
};
use sidetone_devices::audio::supervisor::{AudioHandle, AudioOptions, AudioSupervisor};
use sidetone_devices::audio::tap::TapReader;
use sidetone_devices::headset::UsbPath;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Listener {
    pub(crate) handle: AudioHandle,
    events: Receiver<AudioEvent>,
    agent: Option<TapReader>,
    customer: Option<TapReader>,
    /// Everything told so far, taps left out.
    pub(crate) history: Vec<String>,
    started: Instant,
}

impl Listener {
    pub(crate) fn start(options: AudioOptions) -> Self {
        let (tell, events) = mpsc::channel();
        Self {
            handle: AudioSupervisor::start(options, tell).unwrap(),
            events,
            agent: None,
            customer: None,
            history: Vec::new(),
            started: Instant::now(),
        }
    }

    /// The next event for which `wanted` gives something. Earlier ones are taken note of.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&AudioEventKind) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(event) = self.events.recv_timeout(left) else {
                panic!("waited in vain: {what}; told so far: {:#?}", self.history);
            };
            let found = wanted(&event.kind);
            self.note(event);
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// Takes note of what has been told meanwhile.
    pub(crate) fn catch_up(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.note(event);
        }
    }

    fn note(&mut self, event: AudioEvent) {
        let at = (event.at - self.started).as_secs_f64();
        self.history.push(format!("{at:8.3} {:?}", event.kind));
        match event.kind {
            AudioEventKind::Opened { side, tap, .. } => *self.tap(side) = Some(tap),
            AudioEventKind::Closed { .. } => {}
            _ => {}
        }
    }

    fn tap(&mut self, side: StreamSide) -> &mut Option<TapReader> {
        match side {
            StreamSide::Agent => &mut self.agent,
            StreamSide::Customer => &mut self.customer,
        }
    }

    pub(crate) fn until_card(&mut self, usb: &UsbPath) {
        self.until("a sound card", |kind| match kind {
            AudioEventKind::CardAdded { usb: found, .. } if found == usb => Some(()),
            _ => None,
        });
    }

    pub(crate) fn until_applications(
        &mut self,
        what: &str,
        wanted: impl Fn(Option<&Application>, FarEnd) -> bool,
    ) {
        self.until(what, |kind| match kind {
            AudioEventKind::Applications {
                capture, far_end, ..
            } => wanted(capture.as_ref(), *far_end).then_some(()),
            _ => None,
        });
    }

    pub(crate) fn open(&mut self, usb: &UsbPath) {
        assert!(self.handle.command(AudioCommand::Open(usb.clone())));
    }

    pub(crate) fn close(&mut self, usb: &UsbPath) {
        assert!(self.handle.command(AudioCommand::Close(usb.clone())));
    }

    pub(crate) fn until_opened(&mut self, side: StreamSide) {
        self.until("an open side", |kind| match kind {
            AudioEventKind::Opened { side: opened, .. } if *opened == side => Some(()),
            _ => None,
        });
    }

    pub(crate) fn until_closed(&mut self, side: StreamSide) -> CloseReason {
        self.until("a closed side", |kind| match kind {
            AudioEventKind::Closed {
                side: closed,
                reason,
                ..
            } if *closed == side => Some(reason.clone()),
            _ => None,
        })
    }

    /// Opens both sides, and waits for them.
    pub(crate) fn open_both(&mut self, usb: &UsbPath) {
        self.open(usb);
        let mut missing = vec![StreamSide::Agent, StreamSide::Customer];
        self.until("both sides open", |kind| {
            if let AudioEventKind::Opened { side, .. } = kind {
                missing.retain(|waiting| waiting != side);
            }
            missing.is_empty().then_some(())
        });
    }

    /// What has arrived on a side and was not read yet.
    pub(crate) fn heard(&mut self, side: StreamSide) -> Vec<f32> {
        let mut samples = Vec::new();
        if let Some(tap) = self.tap(side) {
            tap.read(|mono, _| samples.extend_from_slice(mono));
        }
        samples
    }

    /// `true` once a side's tap has ended and all of it was read.
    pub(crate) fn is_ended(&mut self, side: StreamSide) -> bool {
        self.tap(side).as_ref().is_none_or(TapReader::is_ended)
    }

    pub(crate) fn rate(&mut self, side: StreamSide) -> u32 {
        self.tap(side).as_ref().unwrap().rate()
    }

    /// Listens until `seconds` of sound have come.
    pub(crate) fn listen(&mut self, side: StreamSide, seconds: f64) -> Vec<f32> {
        self.heard(side); // what lay there is old
        let wanted = (f64::from(self.rate(side)) * seconds) as usize;
        let deadline = Instant::now() + PATIENCE;
        let mut samples = Vec::new();
        while samples.len() < wanted {
            self.catch_up();
            samples.extend(self.heard(side));
            assert!(
                Instant::now() < deadline,
                "only {} of {wanted} samples came; told so far: {:#?}",
                samples.len(),
                self.history
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        samples
    }
}
