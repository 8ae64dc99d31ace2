//! The sound card of a desk: a way to sound beside sound servers and plain ALSA.

use super::{RATE, Scene};
use crate::audio::api::{Application, CloseReason, FarEnd, StreamSide};
use crate::audio::backend::{
    Backend, CaptureReport, Mixer, Sighting, Target, WatchEnd, WatchReport, Wish, WishBox,
};
use crate::audio::gaps::GapMeter;
use crate::audio::tap::{MonotonicNanos, TapReader, TapWriter, tap};
use crate::audio::workers::Worker;
use crate::headset::{HeadsetIdentity, UsbPath};
use std::fmt;
use std::num::NonZeroU16;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Frames of a block, 10 ms.
const BLOCK: usize = RATE as usize / 100;

/// How long a block lasts.
const BLOCK_TIME: Duration = Duration::from_millis(10);

/// Frames a tap holds, a quarter of a second: many desks share the memory that a process may lock.
const TAP: usize = RATE as usize / 4;

/// How often a watch looks whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// A worker this late does not make up for it: a machine that slept has recorded nothing.
const TOO_LATE: Duration = Duration::from_millis(500);

/// Amplitude of the electronic floor of an open input: -92 dBov of even noise.
const OPEN_INPUT: f32 = 4.4e-5;

/// The card as it is now.
#[derive(Debug, Clone, PartialEq)]
struct State {
    there: bool,
    softphone: Option<String>,
    mixer: Mixer,
    muted: bool,
    open_input: bool,
    lost_until: Option<Instant>,
}

/// A simulated sound card.
pub(crate) struct Card {
    usb: UsbPath,
    identity: HeadsetIdentity,
    state: Mutex<State>,
    changed: Condvar,
    scene: Mutex<Option<Box<dyn Scene>>>,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card")
            .field("usb", &self.usb)
            .finish_non_exhaustive()
    }
}

impl Card {
    pub(crate) fn new(usb: UsbPath, identity: HeadsetIdentity) -> Self {
        Self {
            usb,
            identity,
            state: Mutex::new(State {
                there: false,
                softphone: None,
                mixer: Mixer {
                    microphone_muted: false,
                    speaker_muted: false,
                    speaker_volume: 0.6,
                },
                muted: false,
                open_input: false,
                lost_until: None,
            }),
            changed: Condvar::new(),
            scene: Mutex::new(None),
        }
    }

    pub(crate) fn plug(&self, there: bool) {
        self.change(|state| state.there = there);
    }

    pub(crate) fn softphone(&self, name: Option<&str>) {
        self.change(|state| state.softphone = name.map(str::to_owned));
    }

    pub(crate) fn mixer_mutes(&self, muted: bool) {
        self.change(|state| state.mixer.microphone_muted = muted);
    }

    pub(crate) fn speaker_volume(&self, volume: f32) {
        self.change(|state| state.mixer.speaker_volume = volume.clamp(0.0, 1.0));
    }

    pub(crate) fn muted(&self, muted: bool) {
        self.change(|state| state.muted = muted);
    }

    pub(crate) fn open_input(&self, open: bool) {
        self.change(|state| state.open_input = open);
    }

    pub(crate) fn lose_sound(&self, length: Duration) {
        self.change(|state| state.lost_until = Some(Instant::now() + length));
    }

    pub(crate) fn play(&self, scene: Box<dyn Scene>) {
        *self.scene.lock().unwrap_or_else(PoisonError::into_inner) = Some(scene);
    }

    fn change(&self, how: impl FnOnce(&mut State)) {
        how(&mut self.state());
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sightings(&self) -> Vec<Sighting> {
        let state = self.state();
        if !state.there {
            return Vec::new();
        }
        let capture = state.softphone.clone().map(|name| Application {
            name,
            process_id: None,
        });
        let in_use = capture.is_some();
        let target = |side| in_use.then_some(Target::Simulated(side));
        vec![Sighting {
            usb: self.usb.clone(),
            identity: self.identity.clone(),
            capture,
            far_end: if in_use {
                FarEnd::OnHeadset
            } else {
                FarEnd::Nowhere
            },
            mixer: Some(state.mixer),
            agent: Some(Target::Simulated(StreamSide::Agent)),
            customer: target(StreamSide::Customer),
            customer_playing: in_use,
            mix: None,
        }]
    }
}

impl Backend for Card {
    fn watch(&self, worker: &Worker, report: &mut dyn FnMut(WatchReport)) -> WatchEnd {
        let name = "simulated sound card".to_owned();
        report(WatchReport::Up { name });
        let mut last = None;
        while !worker.should_stop() {
            let now = self.sightings();
            if last.as_ref() != Some(&now) {
                last = Some(now.clone());
                report(WatchReport::Headsets(now));
            }
            // A change just before this wait is seen after it.
            let waited = self.changed.wait_timeout(self.state(), LOOK);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
        WatchEnd::Stopped
    }

    fn capture(
        &self,
        worker: &Worker,
        wish: &WishBox,
        report: &mut dyn FnMut(CaptureReport),
    ) -> Result<(), String> {
        let mut sides = [
            Side::new(StreamSide::Agent),
            Side::new(StreamSide::Customer),
        ];
        let (mut now, mut seen) = (Wish::default(), 0);
        let mut due = Instant::now();
        let mut blocks = [[0.0_f32; BLOCK]; 2];
        while !worker.should_stop() {
            if let Some(news) = wish.news(&mut seen) {
                now = news;
            }
            let state = self.state().clone();
            for side in &mut sides {
                let wanted = state.there && now.target(side.side).is_some();
                side.follow(wanted, report)?;
            }
            due += BLOCK_TIME;
            match due.checked_duration_since(Instant::now()) {
                Some(early) => std::thread::sleep(early),
                None if due.elapsed() > TOO_LATE => due = Instant::now(),
                None => {}
            }
            if sides.iter().all(|side| side.open.is_none()) {
                continue;
            }
            self.render(&state, &mut blocks);
            let arrives = state.lost_until.is_none_or(|until| until < Instant::now());
            for (side, block) in sides.iter_mut().zip(&blocks).filter(|_| arrives) {
                side.take(block, report);
            }
        }
        Ok(())
    }
}

impl Card {
    /// The next block of both sides, as the headset gives them.
    fn render(&self, state: &State, [agent, customer]: &mut [[f32; BLOCK]; 2]) {
        agent.fill(0.0);
        customer.fill(0.0);
        let mut scene = self.scene.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scene) = scene.as_mut() {
            scene.block(agent, customer);
        }
        drop(scene);
        if state.muted || state.mixer.microphone_muted {
            agent.fill(0.0);
        } else if state.open_input {
            let mut noise = 0x9e37_79b9_u32;
            for sample in agent.iter_mut() {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                *sample = (noise as f32 / u32::MAX as f32 - 0.5) * 2.0 * OPEN_INPUT;
            }
        }
    }
}

/// One side of the call.
struct Side {
    side: StreamSide,
    open: Option<(TapWriter, GapMeter)>,
}

impl Side {
    fn new(side: StreamSide) -> Self {
        Self { side, open: None }
    }

    fn follow(
        &mut self,
        wanted: bool,
        report: &mut dyn FnMut(CaptureReport),
    ) -> Result<(), String> {
        let side = self.side;
        if wanted == self.open.is_some() {
            return Ok(());
        }
        if wanted {
            let (writer, tap) = open_tap()?;
            self.open = Some((writer, GapMeter::new(RATE)));
            report(CaptureReport::Opened { side, tap });
        } else {
            self.open = None;
            let reason = CloseReason::SourceGone;
            report(CaptureReport::Closed { side, reason });
        }
        Ok(())
    }

    fn take(&mut self, block: &[f32], report: &mut dyn FnMut(CaptureReport)) {
        if let Some((tap, meter)) = &mut self.open {
            let at = MonotonicNanos::now();
            tap.push_at(block, at);
            if let Some(missing) = meter.arrived(block.len(), at) {
                let side = self.side;
                report(CaptureReport::Gap { side, missing });
            }
        }
    }
}

fn open_tap() -> Result<(TapWriter, TapReader), String> {
    tap(NonZeroU16::MIN, RATE, TAP).map_err(|error| error.to_string())
}
