//! What goes wrong at a desk, and how it sounds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A thing that goes wrong now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The agent takes the call with the microphone muted.
    MutedAtStart,
    /// The quick disconnect is pulled in the call.
    QuickDisconnect,
    /// They do not let each other finish.
    Quarrel,
    /// Many people talk around the agent.
    Noise,
    /// Mains hum on the microphone.
    Hum,
    /// A bad contact of the microphone.
    Crackle,
    /// Too much gain.
    Clipping,
    /// The customer's line loses packets.
    Dropouts,
    /// The microphone is dead although it is not muted.
    DeadMicrophone,
    /// Nothing comes from the customer.
    DeadLine,
    /// The headset is pulled out of the computer in the call.
    Unplug,
    /// The microphone's stream has holes again and again.
    LooseContact,
}

impl Trouble {
    /// All of them.
    pub(super) const ALL: [Self; 12] = [
        Self::MutedAtStart,
        Self::Quarrel,
        Self::Noise,
        Self::QuickDisconnect,
        Self::Hum,
        Self::DeadMicrophone,
        Self::Unplug,
        Self::Crackle,
        Self::LooseContact,
        Self::DeadLine,
        Self::Dropouts,
        Self::Clipping,
    ];

    /// Whether it gives the same kind of alert as another.
    pub(super) fn is_like(self, other: Self) -> bool {
        let one_of = |kinds: &[Self]| kinds.contains(&self) && kinds.contains(&other);
        self == other
            || one_of(&[Self::Hum, Self::Crackle, Self::Clipping, Self::Dropouts])
            || one_of(&[Self::DeadMicrophone, Self::DeadLine])
    }

    /// How many seconds it lasts, about.
    pub(super) fn lasts_s(self) -> f64 {
        match self {
            Self::MutedAtStart | Self::Unplug => 9.0,
            Self::QuickDisconnect => 12.0,
            Self::DeadMicrophone | Self::Quarrel => 14.0,
            Self::LooseContact => 16.0,
            Self::Noise | Self::Hum | Self::Crackle | Self::Clipping | Self::Dropouts => 20.0,
            Self::DeadLine => 24.0,
        }
    }
}

/// How the call sounds now; all `false` is a good one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weather {
    pub(super) quarrel: bool,
    pub(super) noise: bool,
    pub(super) hum: bool,
    pub(super) crackle: bool,
    pub(super) clipping: bool,
    pub(super) dropouts: bool,
    pub(super) dead_microphone: bool,
    pub(super) dead_line: bool,
}

impl Weather {
    /// The weather of a trouble; the good one if it is none of the sound.
    pub(super) fn of(trouble: Trouble) -> Self {
        let good = Self::default();
        match trouble {
            Trouble::Quarrel => Self {
                quarrel: true,
                ..good
            },
            Trouble::Noise => Self {
                noise: true,
                ..good
            },
            Trouble::Hum => Self { hum: true, ..good },
            Trouble::Crackle => Self {
                crackle: true,
                ..good
            },
            Trouble::Clipping => Self {
                clipping: true,
                ..good
            },
            Trouble::Dropouts => Self {
                dropouts: true,
                ..good
            },
            Trouble::DeadMicrophone => Self {
                dead_microphone: true,
                ..good
            },
            Trouble::DeadLine => Self {
                dead_line: true,
                ..good
            },
            Trouble::MutedAtStart
            | Trouble::QuickDisconnect
            | Trouble::Unplug
            | Trouble::LooseContact => good,
        }
    }
}

/// The weather of one call, set by the day's script and heard by the scene.
#[derive(Debug, Clone, Default)]
pub(super) struct Sky(Arc<Mutex<Weather>>);

impl Sky {
    pub(super) fn set(&self, weather: Weather) {
        *self.weather() = weather;
    }

    pub(super) fn now(&self) -> Weather {
        *self.weather()
    }

    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
