//! A small language for scenarios.
//!
//! Time passes in ticks of 100 ms; each whole second of a call brings the sound set by
//! [`Scenario::sound`]. What comes out is written as `"12.0 raised line_noise agent crackle"`.

use crate::alerts::config::AlertConfig;
use crate::alerts::{AlertEngine, AlertOutput, Fact, HeadsetFact, HeadsetId, IdMint, Now};
use sidetone_dsp::measurement::{OvertalkEvent, OvertalkParties};
use sidetone_dsp::second::{SecondSummary, SideSecond, TalkSecond};
use sidetone_dsp::units::{Db, Dbov};
use sidetone_wire::alert::Alert;
use sidetone_wire::event::EventType;
use sidetone_wire::vocabulary::{AlertState, ClearReason};
use std::time::Duration;
use uuid::Uuid;

const TICK_MS: u64 = 100;
const EPOCH_MS: u64 = 1_700_000_000_000;

pub(super) struct Scenario {
    pub(super) engine: AlertEngine,
    ms: u64,
    in_call: bool,
    second: u64,
    call_began_ms: u64,
    sound: Option<(SideSecond, Option<SideSecond>)>,
    talk: TalkSecond,
    headset: HeadsetId,
    overtalk_frame: u64,
    pub(super) alerts: Vec<Alert>,
    told: Vec<String>,
}

/// A living, faultless side: speech at −26 dBov over a quiet room.
pub(crate) fn clean() -> SideSecond {
    SideSecond {
        level: Dbov(-28.0),
        active_speech_level: Some(Dbov(-26.0)),
        noise: Some(Dbov(-68.0)),
        noise_a: Some(Dbov(-72.0)),
        snr: Some(Db(42.0)),
        noise_kind: None,
        noise_gated: false,
        speech_ratio: 0.5,
        clipped_ratio: 0.0,
        dropouts: 0,
        dropout_ms: 0.0,
        crackles: 0,
        hum: None,
        dc_offset: 0.0,
        digital_silence_ratio: 0.0,
    }
}

/// Nothing but zeros; the running figures stay as they were.
pub(crate) fn zeros() -> SideSecond {
    SideSecond {
        level: Dbov::FLOOR,
        speech_ratio: 0.0,
        digital_silence_ratio: 1.0,
        ..clean()
    }
}

impl Scenario {
    pub(super) fn new() -> Self {
        Self::with(AlertConfig::default())
    }

    pub(super) fn with(config: AlertConfig) -> Self {
        Self {
            engine: AlertEngine::new(config, IdMint::seeded(1)),
            ms: 0,
            in_call: false,
            second: 0,
            call_began_ms: 0,
            sound: None,
            talk: TalkSecond::default(),
            headset: HeadsetId::new("047f-c056-00000001"),
            overtalk_frame: 0,
            alerts: Vec::new(),
            told: Vec::new(),
        }
    }

    /// What the coming seconds sound like.
    pub(super) fn sound(mut self, agent: SideSecond, customer: Option<SideSecond>) -> Self {
        self.sound = Some((agent, customer));
        self
    }

    /// Who talks in the coming seconds.
    pub(super) fn talk(mut self, talk: TalkSecond) -> Self {
        self.talk = talk;
        self
    }

    /// From here on no sound arrives.
    pub(super) fn silence(mut self) -> Self {
        self.sound = None;
        self
    }

    /// Lets time pass up to `seconds` after the start.
    pub(super) fn until(mut self, seconds: f64) -> Self {
        let end = (seconds * 1_000.0).round() as u64;
        while self.ms < end {
            self.ms += TICK_MS;
            let in_call_ms = self.ms - self.call_began_ms;
            if self.in_call
                && in_call_ms.is_multiple_of(1_000)
                && let Some((agent, customer)) = self.sound
            {
                let fact = HeadsetFact::Second(SecondSummary {
                    second: self.second,
                    agent,
                    customer,
                    double_talk_ratio: 0.0,
                    echo_return_loss: None,
                    talk: self.talk,
                });
                self.second += 1;
                self.tell(fact);
            }
            self.step(Fact::Tick);
        }
        self
    }

    /// `fact` happens now.
    pub(super) fn then(mut self, fact: HeadsetFact) -> Self {
        self.tell(fact);
        self
    }

    /// A call begins now.
    pub(super) fn call(mut self) -> Self {
        self.in_call = true;
        self.second = 0;
        self.call_began_ms = self.ms;
        self.tell(HeadsetFact::CallStarted {
            call: Uuid::from_u128(u128::from(self.ms)),
        });
        self
    }

    /// The call ends now.
    pub(super) fn hang_up(mut self) -> Self {
        self.in_call = false;
        self.tell(HeadsetFact::CallEnded);
        self
    }

    /// Both talk for `seconds` from now; decided after one second, or at its end.
    pub(super) fn overtalk(mut self, seconds: f64) -> Self {
        let from = self.ms;
        self.overtalk_frame = (self.ms - self.call_began_ms) / 10;
        let (start_frame, parties) = (
            self.overtalk_frame,
            OvertalkParties {
                floor: None,
                interrupter: None,
            },
        );
        let decided = seconds.min(1.0);
        self = self.until(from as f64 / 1_000.0 + decided);
        self.tell(HeadsetFact::Overtalk(OvertalkEvent::Started {
            start_frame,
            parties,
        }));
        self = self.until(from as f64 / 1_000.0 + seconds);
        self.tell(HeadsetFact::Overtalk(OvertalkEvent::Ended {
            start_frame,
            end_frame: start_frame + (seconds * 100.0) as u64,
            parties,
        }));
        self
    }

    pub(super) fn on_headset(mut self, id: &str) -> Self {
        self.headset = HeadsetId::new(id);
        self
    }

    pub(super) fn config(mut self, config: AlertConfig) -> Self {
        let mut out = Vec::new();
        self.engine.configure(self.now(), config, &mut out);
        self.note(out);
        self
    }

    pub(super) fn shutdown(mut self, reason: ClearReason) -> Self {
        let mut out = Vec::new();
        self.engine.shutdown(self.now(), reason, &mut out);
        self.note(out);
        self
    }

    pub(super) fn now(&self) -> Now {
        Now {
            monotonic: Duration::from_millis(self.ms),
            utc_ms: EPOCH_MS + self.ms,
        }
    }

    fn tell(&mut self, fact: HeadsetFact) {
        self.step(Fact::About(self.headset.clone(), fact));
    }

    fn step(&mut self, fact: Fact) {
        let mut out = Vec::new();
        self.engine.step(self.now(), fact, &mut out);
        self.note(out);
    }

    /// Every alert must come with its event, and nothing else may come.
    fn note(&mut self, out: Vec<AlertOutput>) {
        for pair in out.chunks(2) {
            let [AlertOutput::Alert(alert), AlertOutput::Event(event)] = pair else {
                panic!("an alert without its event: {pair:?}");
            };
            let expected = match alert.detail.state {
                AlertState::Raised => EventType::AlertRaised,
                AlertState::Updated => EventType::AlertChanged,
                AlertState::Cleared => EventType::AlertCleared,
            };
            assert_eq!(event.kind, expected);
            assert_eq!(event.detail.alert.as_ref(), Some(&alert.detail));
            let d = &alert.detail;
            let mut line = format!(
                "{:.1} {} {} {}",
                self.ms as f64 / 1_000.0,
                name(&d.state),
                name(&d.kind),
                d.subject
            );
            for word in [
                d.fault.map(|f| name(&f)),
                d.hold.map(|h| name(&h)),
                d.reason.map(|r| name(&r)),
            ]
            .into_iter()
            .flatten()
            {
                line.push(' ');
                line.push_str(&word);
            }
            self.told.push(line);
            self.alerts.push((**alert).clone());
        }
    }

    /// These lines, and no others.
    #[track_caller]
    pub(super) fn expect(self, lines: &[&str]) -> Self {
        assert_eq!(self.told, lines);
        self
    }
}

/// An enumeration's name in the contract.
pub(crate) fn name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .expect("an enumeration is a string")
}
