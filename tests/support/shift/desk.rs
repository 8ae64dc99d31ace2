//! One agent's workstation: the real station and its alert rules, told what the file says, on a clock of its own.

use super::dice::Dice;
use super::sound::Sound;
use super::{Happening, What};
use sidetone::alerts::config::AlertConfig;
use sidetone::alerts::{HeadsetId, IdMint, Now};
use sidetone::config::{HoldConfig, ResumePolicy};
use sidetone::softphone::{
    Abilities, Action, Adapter, Answer, Direction, Leg, LegId, LineFigures, Order, PathFigures,
    Phase, Signal, SignalKind,
};
use sidetone::station::{AudioInput, DspCommand, Input, Output, Station, StationConfig};
use sidetone_devices::audio::api::{Application, AudioCommand, FarEnd, StreamSide};
use sidetone_devices::event::{ControlEvent, HeadsetEvent, HeadsetEventKind};
use sidetone_devices::headset::{HeadsetIdentity, ProductId, UsbPath, VendorId};
use sidetone_dsp::measurement::{OvertalkEvent, OvertalkParties};
use sidetone_wire::alert::Alert;
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::ClearReason;
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

const STEP_MS: u64 = 100;
const EPOCH_MS: i64 = 1_790_000_000_000;

/// A state of an alert, and when it was said.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) agent: u32,
    pub(crate) ms: u64,
    /// No call was running.
    pub(crate) outside_call: bool,
    pub(crate) alert: Alert,
}

/// What an overtalk still has to tell.
struct Overtalk {
    start_ms: u64,
    end_ms: u64,
    told: bool,
}

struct Desk {
    station: Station,
    agent: u32,
    usb: UsbPath,
    dice: Dice,
    ms: u64,
    /// When this program started, by the monotonic clock, which stands still in sleep.
    started_ms: u64,
    slept_ms: u64,
    clock_ahead_ms: i64,
    open: bool,
    second: u64,
    streams_ms: u64,
    sound: Option<Sound>,
    phase: Option<Phase>,
    calls: u64,
    refuses: bool,
    orders: Vec<Order>,
    overtalk: Option<Overtalk>,
    /// What goes on now.
    now: Vec<What>,
    said: Vec<Said>,
}

/// Plays one agent's rows up to `until_ms`. An idle workstation is woken every `idle_ms`, once a second in the daemon.
pub(crate) fn play(agent: u32, day: &[Happening], until_ms: u64, idle_ms: u64) -> Vec<Said> {
    let mut moments: Vec<(u64, bool, What, u64)> = day
        .iter()
        .filter(|row| row.agent == agent && row.end_ms < until_ms)
        .flat_map(|row| {
            [
                (row.start_ms, true, row.what, row.end_ms),
                (row.end_ms, false, row.what, row.end_ms),
            ]
        })
        .collect();
    moments.sort();
    let mut desk = Desk::new(agent);
    let mut moments = moments.into_iter().peekable();
    while desk.ms < until_ms {
        let busy = desk.station.is_busy() || desk.sound.is_some() || !desk.orders.is_empty();
        let next = desk.ms + if busy { STEP_MS } else { idle_ms };
        desk.pass(moments.peek().map_or(next, |(at, ..)| next.min(*at)));
        while let Some((_, begins, what, end_ms)) = moments.next_if(|(at, ..)| *at <= desk.ms) {
            if begins {
                desk.begin(what, end_ms);
            } else {
                desk.end(what);
            }
        }
    }
    desk.give(Input::Shutdown(ClearReason::Restart));
    desk.said
}

impl Desk {
    fn new(agent: u32) -> Self {
        let mut desk = Self {
            station: station(agent, 0),
            agent,
            usb: UsbPath::new("/sys/devices/usb1/1-1".into()),
            dice: Dice::new(u64::from(agent) * 7_919),
            ms: 0,
            started_ms: 0,
            slept_ms: 0,
            clock_ahead_ms: 0,
            open: false,
            second: 0,
            streams_ms: 0,
            sound: None,
            phase: None,
            calls: 0,
            refuses: false,
            orders: Vec::new(),
            overtalk: None,
            now: Vec::new(),
            said: Vec::new(),
        };
        desk.start();
        desk
    }

    /// What a starting daemon finds.
    fn start(&mut self) {
        self.plug(true);
        let up = SignalKind::Up(Abilities {
            hold: true,
            control: true,
            applications: vec!["phone".to_owned()],
        });
        self.signal(up);
        self.legs();
        self.control(ControlEvent::Battery(60));
    }

    fn pass(&mut self, until_ms: u64) {
        let second_before = self.ms / 1_000;
        self.ms = until_ms;
        for order in std::mem::take(&mut self.orders) {
            self.answer(&order);
        }
        self.talk_over();
        if self.open && self.ms >= self.streams_ms + 1_000 {
            self.streams_ms += 1_000;
            if let Some(sound) = &mut self.sound {
                let second = Box::new(sound.second(self.second, &self.now));
                self.second += 1;
                self.give(Input::Second(self.usb.clone(), second));
            }
        }
        if self.phase.is_some() && self.ms / 5_000 > second_before / 5 {
            self.network();
        }
        self.give(Input::Tick);
    }

    fn begin(&mut self, what: What, end_ms: u64) {
        self.now.push(what);
        match what {
            What::Call => self.call(),
            What::Hold => self.turn_to(Phase::Held),
            What::Mute => self.mixer(true),
            What::MutedAtStart | What::UnmutedInTime => self.mixer(true),
            What::Pulled | What::PulledBetweenCalls => self.quick_disconnect(true),
            What::HoldRefused => {
                self.refuses = true;
                self.quick_disconnect(true);
            }
            What::Unplugged | What::UnpluggedBetweenCalls => self.plug(false),
            What::CaptureGap | What::ThirdGap => self.give(Input::Audio(AudioInput::Gap {
                usb: self.usb.clone(),
                side: StreamSide::Agent,
                missing: Duration::from_millis(250),
            })),
            What::LowBattery => self.control(ControlEvent::Battery(11)),
            What::LongOvertalk | What::Interruption => self.overtalk_until(end_ms),
            What::Suspend => {
                self.give(Input::Suspend);
                self.slept_ms += end_ms - self.ms;
                self.ms = end_ms;
            }
            What::Restart => {
                self.give(Input::Shutdown(ClearReason::Restart));
                self.started_ms = self.ms - self.slept_ms;
                self.station = station(self.agent, self.ms);
                self.open = false;
                self.start();
            }
            What::ClockStep => self.clock_ahead_ms += self.dice.between(-4e6, 4e6) as i64,
            _ => {}
        }
    }

    fn end(&mut self, what: What) {
        self.now.retain(|other| *other != what);
        match what {
            What::Call => self.hang_up(),
            What::Hold => self.turn_to(Phase::Active),
            What::Mute | What::MutedAtStart | What::UnmutedInTime => self.mixer(false),
            What::Pulled | What::PulledBetweenCalls | What::HoldRefused => {
                self.refuses = false;
                self.quick_disconnect(false);
                // The agent takes the customer back in the softphone.
                if self.phase == Some(Phase::Held) {
                    self.turn_to(Phase::Active);
                }
            }
            What::Unplugged | What::UnpluggedBetweenCalls => self.plug(true),
            What::LowBattery => self.control(ControlEvent::Battery(90)),
            What::Suspend => {
                self.give(Input::Wake);
                self.plug(true);
            }
            _ => {}
        }
    }

    fn call(&mut self) {
        self.calls += 1;
        self.sound = Some(Sound::new(self.agent, self.calls));
        self.phase = Some(Phase::Ringing);
        self.legs();
        self.turn_to(Phase::Active);
        self.captures(true);
    }

    fn hang_up(&mut self) {
        self.phase = None;
        self.sound = None;
        self.overtalk = None;
        self.legs();
        self.captures(false);
    }

    fn turn_to(&mut self, phase: Phase) {
        self.phase = Some(phase);
        self.legs();
    }

    /// Between long silences both talk at once: one long time, or again and again.
    fn talk_over(&mut self) {
        if self.overtalk.is_none() && self.now.contains(&What::Quarrel) && self.dice.chance(0.03) {
            let length = self.dice.between(1.0, 1.9);
            self.overtalk_until(self.ms + (length * 10.0) as u64 * 100);
        }
        let Some(overtalk) = &mut self.overtalk else {
            return;
        };
        let parties = OvertalkParties {
            floor: None,
            interrupter: None,
        };
        let frame = |ms: u64| (ms + self.second * 1_000).saturating_sub(self.streams_ms) / 10;
        let start_frame = frame(overtalk.start_ms);
        let event = if !overtalk.told && self.ms >= overtalk.end_ms.min(overtalk.start_ms + 1_000) {
            overtalk.told = true;
            OvertalkEvent::Started {
                start_frame,
                parties,
            }
        } else if overtalk.told && self.ms >= overtalk.end_ms {
            let end_frame = frame(overtalk.end_ms).max(start_frame);
            self.overtalk = None;
            OvertalkEvent::Ended {
                start_frame,
                end_frame,
                parties,
            }
        } else {
            return;
        };
        self.give(Input::Overtalk(self.usb.clone(), event));
    }

    fn overtalk_until(&mut self, end_ms: u64) {
        self.overtalk = Some(Overtalk {
            start_ms: self.ms,
            end_ms,
            told: false,
        });
    }

    fn network(&mut self) {
        let dice = &mut self.dice;
        let bad = self.now.contains(&What::Network) || self.now.contains(&What::OneLostReport);
        let mut path = |bad: bool| PathFigures {
            loss_ratio: if bad {
                dice.between(0.025, 0.08)
            } else {
                dice.exponential(0.001).min(0.012)
            },
            jitter_ms: dice.log_normal(5.0, 0.5).min(25.0),
        };
        let figures = LineFigures {
            uplink: Some(path(bad)),
            downlink: Some(path(false)),
            round_trip_ms: None,
        };
        let leg = self.leg_id();
        self.signal(SignalKind::Line { leg, figures });
    }

    fn answer(&mut self, order: &Order) {
        let answer = match order.action {
            Action::Hold if self.refuses => Answer::Refused("busy".to_owned()),
            _ => Answer::Accepted,
        };
        let held = order.action == Action::Hold && answer == Answer::Accepted;
        let order = order.number;
        self.signal(SignalKind::Answer { order, answer });
        if held && self.phase.is_some() {
            self.phase = Some(Phase::Held);
        }
        self.legs();
    }

    fn leg_id(&self) -> LegId {
        LegId::new(self.calls.to_string())
    }

    fn legs(&mut self) {
        let legs = self
            .phase
            .map(|phase| Leg {
                id: self.leg_id(),
                phase,
                direction: Some(Direction::Incoming),
                muted: None,
            })
            .into_iter()
            .collect();
        self.signal(SignalKind::Legs(legs));
    }

    fn plug(&mut self, there: bool) {
        let usb = self.usb.clone();
        let identity = HeadsetIdentity {
            vendor: VendorId(0x047f),
            product: ProductId(0xc056),
            serial: Some(format!("A{}", self.agent)),
            name: "Blackwire 3220".to_owned(),
            firmware: None,
        };
        self.headset(if there {
            HeadsetEventKind::Added {
                identity: identity.clone(),
                quirk: None,
            }
        } else {
            HeadsetEventKind::Removed
        });
        self.give(Input::Audio(if there {
            AudioInput::CardAdded { usb, identity }
        } else {
            AudioInput::CardRemoved { usb }
        }));
        if there {
            self.mixer(self.is_muted());
            self.captures(self.phase.is_some());
        }
    }

    fn captures(&mut self, captures: bool) {
        let usb = self.usb.clone();
        self.give(Input::Audio(AudioInput::Applications {
            usb,
            capture: captures.then(|| Application {
                name: "phone".to_owned(),
                process_id: Some(7),
            }),
            far_end: if captures {
                FarEnd::OnHeadset
            } else {
                FarEnd::Nowhere
            },
        }));
    }

    fn mixer(&mut self, microphone_muted: bool) {
        let usb = self.usb.clone();
        self.give(Input::Audio(AudioInput::Mixer {
            usb,
            microphone_muted,
            speaker_muted: false,
            speaker_volume: 0.6,
        }));
    }

    fn is_muted(&self) -> bool {
        let mutes = |what| {
            matches!(
                what,
                &What::Mute | &What::MutedAtStart | &What::UnmutedInTime
            )
        };
        self.now.iter().any(mutes)
    }

    fn quick_disconnect(&mut self, open: bool) {
        self.control(ControlEvent::QuickDisconnect {
            open,
            verified: true,
        });
    }

    fn control(&mut self, control: ControlEvent) {
        self.headset(HeadsetEventKind::Control(control));
    }

    fn headset(&mut self, kind: HeadsetEventKind) {
        let usb = self.usb.clone();
        self.give(Input::Headset(HeadsetEvent {
            at: Instant::now(),
            usb,
            kind,
        }));
    }

    fn signal(&mut self, kind: SignalKind) {
        let adapter = Adapter::Baresip;
        self.give(Input::Softphone(Signal { adapter, kind }));
    }

    fn give(&mut self, input: Input) {
        let now = Now {
            monotonic: Duration::from_millis(self.ms - self.slept_ms - self.started_ms),
            utc_ms: (EPOCH_MS + self.ms as i64 + self.clock_ahead_ms) as u64,
        };
        let mut out = Vec::new();
        self.station.handle(now, input, &mut out);
        for output in out {
            match output {
                Output::Audio(AudioCommand::Open(_)) => {
                    self.open = true;
                    self.streams_ms = self.ms;
                    self.second = 0;
                }
                Output::Audio(_) => self.open = false,
                Output::Dsp(_, DspCommand::Reset) => self.second = 0,
                Output::Softphone(order) => self.orders.push(order),
                Output::Message(StationMessage::Alert(alert)) => self.said.push(Said {
                    agent: self.agent,
                    ms: self.ms,
                    outside_call: self.phase.is_none(),
                    alert,
                }),
                _ => {}
            }
        }
    }
}

fn station(agent: u32, boot: u64) -> Station {
    Station::new(StationConfig {
        alerts: AlertConfig::default(),
        hold: HoldConfig {
            on_quick_disconnect: true,
            on_inferred: false,
            resume: ResumePolicy::Never,
        },
        ids: IdMint::seeded(u64::from(agent) << 40 | boot),
        name_headset: Box::new(move |_, _| HeadsetId::new(format!("047f-c056-{agent:08x}"))),
        telemetry_every_s: NonZeroU16::MIN,
        awaits_sound: false,
    })
}
