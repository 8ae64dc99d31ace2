//! Time as the headset and the logs know it.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Samples per USB frame at the headset's only rate, 48 kHz.
pub const SAMPLES_PER_FRAME: usize = 48;

/// A USB full-speed frame: one millisecond, counted from the kernel's start (USB 2.0 §5.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame(pub u64);

impl Frame {
    /// The frame that is passing now.
    #[must_use]
    pub fn now() -> Self {
        Self(u64::try_from(monotonic().as_millis()).unwrap_or(u64::MAX))
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The 11-bit number the bus would carry.
    #[must_use]
    pub fn on_the_bus(self) -> u32 {
        (self.0 & 0x7ff) as u32
    }
}

/// Time since the kernel started.
#[must_use]
pub fn monotonic() -> Duration {
    read(ClockId::Monotonic)
}

/// Seconds since 1970, as `mosquitto_sub -F %U` prints them, so that logs can be compared.
#[must_use]
pub fn unix_seconds() -> f64 {
    read(ClockId::Realtime).as_secs_f64()
}

fn read(clock: ClockId) -> Duration {
    let t = clock_gettime(clock);
    Duration::new(
        u64::try_from(t.tv_sec).unwrap_or(0),
        u32::try_from(t.tv_nsec).unwrap_or(0),
    )
}
