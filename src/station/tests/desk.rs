//! A desk with headsets, and a small language for what happens at it.
//!
//! Time passes in ticks of 100 ms; while our streams are open, each whole second brings the sound
//! set by [`Desk::sound`]. What is said is written one line each, without telemetry and inventory:
//! `"12.0 call.started inferred"`, `"12.0 open"`.

use crate::alerts::config::AlertConfig;
use crate::alerts::tests::scenario::name;
pub(super) use crate::alerts::tests::scenario::{clean, zeros};
use crate::alerts::{HeadsetId, IdMint, Now};
use crate::config::{HoldConfig, ResumePolicy};
use crate::softphone::{
    Abilities, Adapter, Answer, Direction, Leg, LegId, Phase, Signal, SignalKind,
};
use crate::station::{AudioInput, DspCommand, Input, Output, Station, StationConfig};
use sidetone_devices::audio::api::{Application, AudioCommand, FarEnd};
use sidetone_devices::event::{ControlEvent, HeadsetEvent, HeadsetEventKind};
use sidetone_devices::headset::{HeadsetIdentity, ProductId, UsbPath, VendorId};
use sidetone_dsp::second::{SecondSummary, SideSecond};
use sidetone_wire::message::StationMessage;
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

const TICK_MS: u64 = 100;
const EPOCH_MS: u64 = 1_700_000_000_000;

pub(super) struct Desk {
    pub(super) station: Station,
    pub(super) ms: u64,
    pub(super) usb: UsbPath,
    serial: &'static str,
    open: bool,
    opened_ms: u64,
    second: u64,
    sound: (SideSecond, Option<SideSecond>),
    pub(super) outputs: Vec<Output>,
    told: Vec<String>,
    last_order: u64,
}

pub(super) fn plug(number: u8) -> UsbPath {
    UsbPath::new(format!("/sys/devices/usb1/1-{number}").into())
}

pub(super) fn identity(serial: &str) -> HeadsetIdentity {
    HeadsetIdentity {
        vendor: VendorId(0x047f),
        product: ProductId(0xc056),
        serial: Some(serial.to_owned()),
        name: "Blackwire 3220".to_owned(),
        firmware: Some("1.10".to_owned()),
    }
}

pub(super) fn station() -> Station {
    station_with_telemetry_every(1)
}

/// As the defaults file has it.
pub(super) const HOLD: HoldConfig = HoldConfig {
    on_quick_disconnect: true,
    on_inferred: false,
    resume: ResumePolicy::Never,
};

pub(super) fn station_with_telemetry_every(seconds: u16) -> Station {
    Station::new(config(seconds, HOLD))
}

fn config(seconds: u16, hold: HoldConfig) -> StationConfig {
    StationConfig {
        alerts: AlertConfig::default(),
        hold,
        ids: IdMint::seeded(3),
        name_headset: Box::new(|identity, usb| {
            HeadsetId::new(identity.serial.clone().unwrap_or_else(|| usb.to_string()))
        }),
        telemetry_every_s: NonZeroU16::new(seconds).expect("not zero"),
        awaits_sound: false,
    }
}

impl Desk {
    /// Nothing plugged in.
    pub(super) fn empty() -> Self {
        Self {
            station: station(),
            ms: 0,
            usb: plug(1),
            serial: "h1",
            open: false,
            opened_ms: 0,
            second: 0,
            sound: (clean(), Some(clean())),
            outputs: Vec::new(),
            told: Vec::new(),
            last_order: 0,
        }
    }

    /// Nothing plugged in, and the sound system has not answered yet.
    pub(super) fn awaiting_sound() -> Self {
        Self {
            station: Station::new(StationConfig {
                awaits_sound: true,
                ..config(1, HOLD)
            }),
            ..Self::empty()
        }
    }

    /// A headset with HID interface and sound card; what was said so far is dropped.
    pub(super) fn new() -> Self {
        let mut desk = Self::empty().hid(true).card(true);
        desk.told.clear();
        desk
    }

    /// The same with another policy.
    pub(super) fn with_hold(hold: HoldConfig) -> Self {
        let mut desk = Self {
            station: Station::new(config(1, hold)),
            ..Self::empty()
        };
        desk = desk.hid(true).card(true);
        desk.told.clear();
        desk
    }

    pub(super) fn now(&self) -> Now {
        Now {
            monotonic: Duration::from_millis(self.ms),
            utc_ms: EPOCH_MS + self.ms,
        }
    }

    pub(super) fn give(&mut self, input: Input) {
        let mut out = Vec::new();
        self.station.handle(self.now(), input, &mut out);
        for output in out {
            match &output {
                Output::Audio(AudioCommand::Open(_)) => {
                    self.open = true;
                    self.opened_ms = self.ms;
                }
                Output::Audio(_) => self.open = false,
                Output::Dsp(_, DspCommand::Reset) => self.second = 0,
                Output::Dsp(..)
                | Output::Message(_)
                | Output::Softphone(_)
                | Output::Lights(..)
                | Output::Facts(_) => {}
            }
            if let Output::Softphone(order) = &output {
                self.last_order = order.number;
            }
            if let Some(line) = line(&output) {
                self.told
                    .push(format!("{:.1} {line}", self.ms as f64 / 1_000.0));
            }
            self.outputs.push(output);
        }
    }

    pub(super) fn then(mut self, input: Input) -> Self {
        self.give(input);
        self
    }

    pub(super) fn until(mut self, seconds: f64) -> Self {
        let end = (seconds * 1_000.0).round() as u64;
        while self.ms < end {
            self.ms += TICK_MS;
            if self.open && (self.ms - self.opened_ms).is_multiple_of(1_000) {
                let (agent, customer) = self.sound;
                let second = Box::new(SecondSummary {
                    second: self.second,
                    agent,
                    customer,
                    double_talk_ratio: 0.0,
                    echo_return_loss: None,
                    talk: Default::default(),
                });
                self.second += 1;
                self.give(Input::Second(self.usb.clone(), second));
            }
            self.give(Input::Tick);
        }
        self
    }

    pub(super) fn sound(mut self, agent: SideSecond, customer: Option<SideSecond>) -> Self {
        self.sound = (agent, customer);
        self
    }

    /// From here on, this headset at this plug.
    pub(super) fn headset(mut self, number: u8, serial: &'static str) -> Self {
        self.usb = plug(number);
        self.serial = serial;
        self
    }

    pub(super) fn hid(self, there: bool) -> Self {
        let kind = if there {
            HeadsetEventKind::Added {
                identity: identity(self.serial),
                quirk: None,
            }
        } else {
            HeadsetEventKind::Removed
        };
        self.headset_event(kind)
    }

    pub(super) fn card(self, there: bool) -> Self {
        let usb = self.usb.clone();
        let identity = identity(self.serial);
        self.then(Input::Audio(if there {
            AudioInput::CardAdded { usb, identity }
        } else {
            AudioInput::CardRemoved { usb }
        }))
    }

    pub(super) fn control(self, control: ControlEvent) -> Self {
        self.headset_event(HeadsetEventKind::Control(control))
    }

    pub(super) fn headset_event(self, kind: HeadsetEventKind) -> Self {
        let usb = self.usb.clone();
        self.then(Input::Headset(HeadsetEvent {
            at: Instant::now(),
            usb,
            kind,
        }))
    }

    /// A softphone captures and plays there, or captures no more.
    pub(super) fn softphone(self, far_end: Option<FarEnd>) -> Self {
        let usb = self.usb.clone();
        self.then(Input::Audio(AudioInput::Applications {
            usb,
            capture: far_end.map(|_| Application {
                name: "softphone".to_owned(),
                process_id: Some(7),
            }),
            far_end: far_end.unwrap_or(FarEnd::Nowhere),
        }))
    }

    pub(super) fn signal(self, adapter: Adapter, kind: SignalKind) -> Self {
        self.then(Input::Softphone(Signal { adapter, kind }))
    }

    /// An adapter reads its softphone, which holds and has these calls.
    pub(super) fn adapter(self, adapter: Adapter, legs: &[(&str, Phase)]) -> Self {
        let abilities = Abilities {
            hold: true,
            control: true,
            applications: vec!["softphone".to_owned()],
        };
        let up = self.signal(adapter, SignalKind::Up(abilities));
        if adapter == Adapter::Mqtt {
            up
        } else {
            up.legs(adapter, legs)
        }
    }

    /// These are all its calls now.
    pub(super) fn legs(self, adapter: Adapter, legs: &[(&str, Phase)]) -> Self {
        let legs = legs
            .iter()
            .map(|(id, phase)| Leg {
                id: LegId::new(*id),
                phase: *phase,
                direction: Some(Direction::Incoming),
                muted: None,
            })
            .collect();
        self.signal(adapter, SignalKind::Legs(legs))
    }

    pub(super) fn adapter_down(self, adapter: Adapter) -> Self {
        let reason = "it does not answer".to_owned();
        self.signal(adapter, SignalKind::Down { reason })
    }

    /// The adapter's answer to the last order.
    pub(super) fn answers(self, adapter: Adapter, answer: Answer) -> Self {
        let order = self.last_order;
        self.signal(adapter, SignalKind::Answer { order, answer })
    }

    /// The quick disconnect as a verified rule reports it.
    pub(super) fn quick_disconnect(self, open: bool) -> Self {
        self.control(ControlEvent::QuickDisconnect {
            open,
            verified: true,
        })
    }

    pub(super) fn captures(self) -> Self {
        self.softphone(Some(FarEnd::OnHeadset))
    }

    pub(super) fn mixer(self, microphone_muted: bool) -> Self {
        let usb = self.usb.clone();
        self.then(Input::Audio(AudioInput::Mixer {
            usb,
            microphone_muted,
            speaker_muted: false,
            speaker_volume: 0.5,
        }))
    }

    #[track_caller]
    pub(super) fn expect(self, lines: &[&str]) -> Self {
        assert_eq!(self.told, lines);
        self
    }

    /// Only the lines that hold one of these words.
    #[track_caller]
    pub(super) fn expect_of(self, words: &[&str], lines: &[&str]) -> Self {
        let told: Vec<_> = self
            .told
            .iter()
            .filter(|line| words.iter().any(|word| line.contains(word)))
            .collect();
        assert_eq!(told, lines);
        self
    }
}

/// An output in one line; telemetry, inventory and the retained half of an alert are left out.
fn line(output: &Output) -> Option<String> {
    let mut words = Vec::new();
    match output {
        Output::Audio(AudioCommand::Open(_)) => words.push("open".to_owned()),
        Output::Audio(AudioCommand::Close(_)) => words.push("close".to_owned()),
        Output::Audio(AudioCommand::Shutdown) => words.push("shutdown".to_owned()),
        Output::Dsp(_, DspCommand::Reset) => words.push("reset".to_owned()),
        Output::Dsp(_, DspCommand::Exclude(on)) => words.push(format!("exclude {on}")),
        Output::Lights(_, leds) => {
            words.push("lights".to_owned());
            for (on, name) in [
                (leds.off_hook, "off_hook"),
                (leds.ring, "ring"),
                (leds.mute, "mute"),
                (leds.hold, "hold"),
            ] {
                words.extend(on.then(|| name.to_owned()));
            }
        }
        Output::Facts(_) => return None,
        Output::Softphone(order) => {
            words.push(format!("order {} {:?}", order.adapter, order.action));
            words.extend(order.leg.as_ref().map(|leg| leg.as_str().to_owned()));
        }
        Output::Message(StationMessage::State { state, reason }) => {
            words.push(name(state));
            words.extend(reason.clone());
        }
        Output::Message(StationMessage::Event(event)) => {
            words.push(name(&event.kind));
            if let Some(alert) = &event.detail.alert {
                words.push(name(&alert.kind));
                words.push(alert.subject.clone());
                words.extend(alert.reason.map(|r| name(&r)));
                words.extend(alert.hold.map(|hold| name(&hold)));
            }
            let d = &event.detail;
            words.extend(d.provenance.map(|p| name(&p)));
            words.extend(d.adapter.clone());
            words.extend(d.latency_ms.map(|ms| format!("{ms} ms")));
            words.extend(d.floor.map(|p| format!("floor {p}")));
            words.extend(d.interrupter.map(|p| format!("interrupter {p}")));
            words.extend(d.button.clone());
            words.extend(d.volume.map(|v| v.to_string()));
            words.extend(d.duration_s.map(|s| format!("{s} s")));
            words.extend(d.reason.clone());
        }
        Output::Message(_) => return None,
    }
    Some(words.join(" "))
}
