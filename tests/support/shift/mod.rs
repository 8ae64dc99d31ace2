//! A working day of twenty agents, for the alert rules: a file that says what happens to whom and which alert
//! must follow, the real station with the real rules on a clock of its own, and a judge.
//!
//! The file (`tests/data/shift.csv`) is written by [`script`] from seeded statistics, and is the truth: a row without an
//! expected alert is one of the many things that look like a fault and are none. What lies between the rows (who
//! talks, how loud, how noisy, second by second) has the spread of real figures ([`sound`]) and is seeded, too.

pub(crate) mod desk;
pub(crate) mod dice;
pub(crate) mod judge;
pub(crate) mod script;
pub(crate) mod sound;

use std::fmt::Write as _;

/// Declares what can happen, with its name in the file and the alert that must follow it.
macro_rules! happenings {
    ($($(#[$doc:meta])* $member:ident = $name:literal => $expected:literal,)+) => {
        /// Something that happens to an agent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum What { $($(#[$doc])* $member,)+ }

        impl What {
            /// Its name in the file.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$member => $name,)+ }
            }

            /// `kind subject` of the alert that must stand meanwhile; empty if none may.
            pub(crate) const fn expected(self) -> &'static str {
                match self { $(Self::$member => $expected,)+ }
            }

            /// What may stand meanwhile besides: a refused hold begins with a pulled quick disconnect.
            pub(crate) const fn also(self) -> &'static str {
                match self {
                    Self::HoldRefused => "qd_open_in_call call",
                    _ => "",
                }
            }

            fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$member),)+ _ => None }
            }
        }
    };
}

happenings! {
    Call = "call" => "",
    // The daily round.
    Hold = "hold" => "",
    Mute = "mute" => "",
    ShortPause = "short_pause" => "",
    Suspend = "suspend" => "",
    Restart = "restart" => "",
    ClockStep = "clock_step" => "",
    // What looks like a fault.
    UnmutedInTime = "unmuted_in_time" => "",
    PassingNoise = "passing_noise" => "",
    NoiseNearTheLimit = "noise_near_the_limit" => "",
    Knock = "knock" => "",
    OneClippedLaugh = "one_clipped_laugh" => "",
    OneLostReport = "one_lost_report" => "",
    Interruption = "interruption" => "",
    UnpluggedBetweenCalls = "unplugged_between_calls" => "",
    PulledBetweenCalls = "pulled_between_calls" => "",
    CaptureGap = "capture_gap" => "",
    // What must be told.
    MutedAtStart = "muted_at_start" => "muted_at_call_start call",
    Pulled = "pulled" => "qd_open_in_call call",
    HoldRefused = "hold_refused" => "hold_failed call",
    LongOvertalk = "long_overtalk" => "double_talk call",
    Quarrel = "quarrel" => "double_talk call",
    NoisyNeighbour = "noisy_neighbour" => "noisy_environment agent",
    Hum = "hum" => "line_noise agent",
    Crackle = "crackle" => "line_noise agent",
    Hiss = "hiss" => "line_noise customer",
    Dropouts = "dropouts" => "line_noise customer",
    Network = "network" => "line_unstable call",
    DeadMicrophone = "dead_microphone" => "one_way_audio agent",
    DeadCustomer = "dead_customer" => "one_way_audio customer",
    QuietVoice = "quiet_voice" => "low_level customer",
    RareClipping = "rare_clipping" => "clipping agent",
    Silence = "silence" => "dead_air call",
    Unplugged = "unplugged" => "headset_gone headset",
    ThirdGap = "third_gap" => "device_unstable headset",
    LowBattery = "low_battery" => "battery_low headset",
}

/// A row of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Happening {
    /// 1, 2, 3 …
    pub(crate) agent: u32,
    /// Milliseconds since the day's start.
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) what: What,
}

/// The file's text.
pub(crate) fn write(day: &[Happening]) -> String {
    let mut text = "agent,start_s,end_s,what,expected\n".to_owned();
    for row in day {
        let (start, end) = (row.start_ms as f64 / 1e3, row.end_ms as f64 / 1e3);
        let (name, expected) = (row.what.name(), row.what.expected());
        let _ = writeln!(text, "{},{start:.1},{end:.1},{name},{expected}", row.agent);
    }
    text
}

/// Reads it back.
pub(crate) fn read(text: &str) -> Vec<Happening> {
    let ms = |seconds: &str| (seconds.parse::<f64>().expect("seconds") * 1e3).round() as u64;
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<_> = line.split(',').collect();
            let [agent, start, end, what, expected] = cells[..] else {
                panic!("not five cells: {line}");
            };
            let what = What::parse(what).expect("a known happening");
            assert_eq!(what.expected(), expected, "{line}");
            Happening {
                agent: agent.parse().expect("a number"),
                start_ms: ms(start),
                end_ms: ms(end),
                what,
            }
        })
        .collect()
}

/// The day without the calls in which nothing must be told.
pub(crate) fn eventful(day: &[Happening]) -> Vec<Happening> {
    let within = |row: &Happening, call: &Happening| {
        row.agent == call.agent && (call.start_ms..call.end_ms).contains(&row.start_ms)
    };
    let dull: Vec<_> = day
        .iter()
        .filter(|row| row.what == What::Call)
        .filter(|call| {
            let told = |row: &Happening| !row.what.expected().is_empty() && within(row, call);
            !day.iter().any(told)
        })
        .collect();
    let mut kept = day.to_vec();
    kept.retain(|row| !dull.iter().any(|call| within(row, call)));
    kept
}

/// The day that is checked in.
pub(crate) const CHECKED_IN: &str = include_str!("../../data/shift.csv");

/// Its seed.
pub(crate) const SEED: u64 = 2026;
