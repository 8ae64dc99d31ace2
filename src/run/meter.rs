//! The live meter of one headset: level and speech of both sides, a tenth of a second each, from the
//! sound thread to whoever looks on.
//!
//! *Promises*: the writing end takes no lock, allocates nothing and makes no system call; while nobody
//! reads, a frame costs it one load of an atomic. *Never* touches what the analyser says.

use sidetone_dsp::measurement::{Measurement, SideMeasurement};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Frames of 10 ms in one reading.
const FRAMES: u8 = 10;

/// Readings that are made after the last time somebody read: two seconds.
const READINGS_ON: u32 = 20;

/// The level that stands for nothing at all, dBov.
const FLOOR_DBOV: f32 = -100.0;

/// No such side.
const ABSENT: i16 = i16::MIN;

const AGENT_SPEAKS: u16 = 1;
const CUSTOMER_SPEAKS: u16 = 2;

/// One side in one reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SideReading {
    /// RMS level in dBov, to a tenth.
    pub(super) level_dbov: f64,
    /// Speech was decided in one of the frames.
    pub(super) speaks: bool,
}

/// A tenth of a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    /// Changes with each reading, so that one that stands still can be told.
    pub(super) count: u16,
    pub(super) agent: SideReading,
    pub(super) customer: Option<SideReading>,
}

/// Shared by both ends. 0 = nothing was read yet.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// How many readings are still wanted.
    wanted: AtomicU32,
    /// Count, flags and both levels, 16 bits each.
    packed: AtomicU64,
}

impl Meter {
    /// The latest reading; asks for more.
    pub(super) fn read(&self) -> Option<Reading> {
        self.wanted.store(READINGS_ON, Ordering::Relaxed);
        unpack(self.packed.load(Ordering::Relaxed))
    }
}

/// The writing end.
#[derive(Debug)]
pub(super) struct MeterFeed {
    meter: Arc<Meter>,
    frames: u8,
    count: u16,
    flags: u16,
    agent_power: f32,
    customer_power: Option<f32>,
}

impl MeterFeed {
    /// Feeds this meter.
    pub(super) fn new(meter: Arc<Meter>) -> Self {
        Self {
            meter,
            frames: 0,
            count: 0,
            flags: 0,
            agent_power: 0.0,
            customer_power: None,
        }
    }

    /// Takes in a frame.
    pub(super) fn note(&mut self, frame: &Measurement) {
        let wanted = self.meter.wanted.load(Ordering::Relaxed);
        if wanted == 0 {
            return;
        }
        self.agent_power += power(&frame.agent);
        self.flags |= u16::from(frame.agent.speech) * AGENT_SPEAKS;
        if let Some(customer) = &frame.customer {
            *self.customer_power.get_or_insert(0.0) += power(customer);
            self.flags |= u16::from(customer.speech) * CUSTOMER_SPEAKS;
        }
        self.frames += 1;
        if self.frames == FRAMES {
            self.count = self.count.wrapping_add(1).max(1);
            let packed = pack(
                self.count,
                self.flags,
                self.agent_power,
                self.customer_power,
            );
            self.meter.packed.store(packed, Ordering::Relaxed);
            self.meter.wanted.store(wanted - 1, Ordering::Relaxed);
            (self.frames, self.flags) = (0, 0);
            (self.agent_power, self.customer_power) = (0.0, None);
        }
    }
}

/// Mean square of a frame, 1.0 = overload.
fn power(side: &SideMeasurement) -> f32 {
    10.0_f32.powf(side.level.0.max(FLOOR_DBOV) / 10.0)
}

/// Tenths of a dBov.
fn tenths(power: f32) -> i16 {
    let level = 10.0 * (power / f32::from(FRAMES)).max(1e-10).log10();
    (level.clamp(FLOOR_DBOV, 20.0) * 10.0).round() as i16
}

fn pack(count: u16, flags: u16, agent: f32, customer: Option<f32>) -> u64 {
    let customer = customer.map_or(ABSENT, tenths);
    let parts = [count, flags, tenths(agent) as u16, customer as u16];
    parts
        .into_iter()
        .fold(0, |packed, part| packed << 16 | u64::from(part))
}

fn unpack(packed: u64) -> Option<Reading> {
    let part = |index: u32| (packed >> (16 * index)) as u16;
    let (count, flags) = (part(3), part(2));
    if count == 0 {
        return None;
    }
    let side = |tenths: u16, flag| SideReading {
        level_dbov: f64::from(tenths as i16) / 10.0,
        speaks: flags & flag != 0,
    };
    Some(Reading {
        count,
        agent: side(part(1), AGENT_SPEAKS),
        customer: (part(0) as i16 != ABSENT).then(|| side(part(0), CUSTOMER_SPEAKS)),
    })
}

#[cfg(test)]
mod tests {
    use super::{Meter, MeterFeed, Reading, SideReading};
    use sidetone_dsp::analyzer::CallAnalyzer;
    use sidetone_dsp::units::SampleRate;
    use std::sync::Arc;

    fn feed(feed: &mut MeterFeed, frames: usize, customer: bool) {
        let rate = SampleRate::new(48_000).unwrap();
        let mut analyzer = CallAnalyzer::new(rate, customer.then_some(rate));
        let half = vec![0.5; rate.frame_len()];
        let silent = vec![0.0; rate.frame_len()];
        for _ in 0..frames {
            let customer = customer.then_some(silent.as_slice());
            feed.note(&analyzer.process(&half, customer));
        }
    }

    #[test]
    fn nothing_is_read_before_somebody_asks_and_long_after() {
        let meter = Arc::new(Meter::default());
        let mut end = MeterFeed::new(Arc::clone(&meter));
        feed(&mut end, 30, true);
        assert_eq!(meter.read(), None, "nobody had asked");
        feed(&mut end, 10, true);
        let first = Reading {
            count: 1,
            agent: SideReading {
                level_dbov: -6.0,
                speaks: false,
            },
            customer: Some(SideReading {
                level_dbov: -100.0,
                speaks: false,
            }),
        };
        assert_eq!(meter.read(), Some(first));
        feed(&mut end, 1_000, true);
        let last = meter.read().unwrap();
        assert_eq!(last.count, 21, "20 more, then it stopped by itself");
    }

    #[test]
    fn a_side_that_is_not_there_has_no_level() {
        let meter = Arc::new(Meter::default());
        let mut end = MeterFeed::new(Arc::clone(&meter));
        assert_eq!(meter.read(), None);
        feed(&mut end, 10, false);
        let reading = meter.read().unwrap();
        assert_eq!((reading.agent.level_dbov, reading.customer), (-6.0, None));
    }
}
