//! Both sides of a call on plain ALSA.

use super::AlsaTarget;
use super::device::{Capture, OpenError};
use crate::audio::api::{CloseReason, StreamSide};
use crate::audio::backend::{CaptureReport, Target, Wish, WishBox};
use crate::audio::gaps::GapMeter;
use crate::audio::tap::MonotonicNanos;
use crate::audio::workers::Worker;
use std::time::{Duration, Instant};

/// How often streams are looked after.
const TICK: Duration = Duration::from_millis(50);

/// A stream without frames for so long is lost.
const STARVES: Duration = Duration::from_millis(1500);

/// A side is tried again after this long.
const RETRY: Duration = Duration::from_secs(1);

type Report<'a> = &'a mut dyn FnMut(CaptureReport);

/// Records what the wish says until told to stop.
pub(super) fn run(worker: &Worker, wish: &WishBox, report: Report<'_>) {
    let mut sides = [
        Side::new(StreamSide::Agent),
        Side::new(StreamSide::Customer),
    ];
    let mut now = Wish::default();
    let mut seen = 0;
    while !worker.should_stop() {
        if let Some(news) = wish.news(&mut seen) {
            now = news;
        }
        let wanted = |side| match now.target(side) {
            Some(Target::Alsa(target)) => Some(target),
            _ => None,
        };
        let [agent, customer] = &mut sides;
        agent.follow(wanted(StreamSide::Agent), report);
        // A softphone that holds the microphone for itself plays past the loopback too.
        let shared = agent.open.is_some();
        customer.follow(wanted(StreamSide::Customer).filter(|_| shared), report);
        std::thread::sleep(TICK);
    }
}

struct Side {
    side: StreamSide,
    open: Option<Open>,
    retry: Instant,
    /// The last refusal was told.
    told: bool,
}

struct Open {
    pcm: String,
    capture: Capture,
    meter: GapMeter,
    frames: u64,
    last: Instant,
}

impl Side {
    fn new(side: StreamSide) -> Self {
        Self {
            side,
            open: None,
            retry: Instant::now(),
            told: false,
        }
    }

    fn follow(&mut self, wanted: Option<&AlsaTarget>, report: Report<'_>) {
        let side = self.side;
        if let Some(open) = &mut self.open {
            let reason =
                if wanted.is_none_or(|wanted| wanted.pcm != open.pcm) || open.capture.is_lost() {
                    Some(CloseReason::SourceGone)
                } else {
                    open.gap(report, side).then_some(CloseReason::ServerLost)
                };
            if let Some(reason) = reason {
                self.open = None;
                self.retry = Instant::now() + RETRY;
                report(CaptureReport::Closed { side, reason });
            }
        }
        if let Some(wanted) = wanted
            && self.open.is_none()
            && Instant::now() >= self.retry
        {
            self.start(wanted, report);
        }
    }

    fn start(&mut self, wanted: &AlsaTarget, report: Report<'_>) {
        let side = self.side;
        match Capture::open(&wanted.pcm) {
            Ok((capture, tap)) => {
                self.told = false;
                self.open = Some(Open {
                    pcm: wanted.pcm.clone(),
                    meter: GapMeter::new(capture.rate),
                    capture,
                    frames: 0,
                    last: Instant::now(),
                });
                report(CaptureReport::Opened { side, tap });
            }
            Err(error) => {
                self.retry = Instant::now() + RETRY;
                if std::mem::replace(&mut self.told, true) {
                    return;
                }
                report(match error {
                    OpenError::Busy => CaptureReport::Busy {
                        reason: busy(wanted),
                    },
                    other => CaptureReport::Closed {
                        side,
                        reason: CloseReason::Failed(other.to_string()),
                    },
                });
            }
        }
    }
}

impl Open {
    /// Tells gaps; `true` if the stream has starved.
    fn gap(&mut self, report: Report<'_>, side: StreamSide) -> bool {
        let frames = self.capture.frames();
        let new = usize::try_from(frames - self.frames).unwrap_or(usize::MAX);
        self.frames = frames;
        if new == 0 {
            let missing = self.last.elapsed();
            if missing > STARVES {
                report(CaptureReport::Gap { side, missing });
                return true;
            }
            return false;
        }
        self.last = Instant::now();
        if let Some(missing) = self.meter.arrived(new, MonotonicNanos::now()) {
            report(CaptureReport::Gap { side, missing });
        }
        false
    }
}

fn busy(target: &AlsaTarget) -> String {
    let holder = target.holder.as_deref().unwrap_or("another program");
    format!(
        "{holder} holds the headset's microphone for itself; install systemd/asound.conf as \
         /etc/asound.conf so that it can be shared, and let the program use the default device"
    )
}
