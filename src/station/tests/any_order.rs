//! Whatever happens in whatever order, some things never do.

use super::desk::{clean, identity, plug, station, zeros};
use crate::alerts::Now;
use crate::softphone::{
    Abilities, Adapter, Answer, Leg, LegId, LineFigures, PathFigures, Phase, Signal, SignalKind,
};
use crate::station::{AudioInput, Input, Output};
use proptest::prelude::*;
use sidetone_devices::audio::api::{Application, AudioCommand, FarEnd, StreamSide};
use sidetone_devices::event::{ControlEvent, HeadsetEvent, HeadsetEventKind};
use sidetone_devices::headset::UsbPath;
use sidetone_dsp::measurement::{Hum, OvertalkEvent, OvertalkParties};
use sidetone_dsp::second::{SecondSummary, SideSecond};
use sidetone_dsp::units::{Db, Dbov, Hz};
use sidetone_wire::event::EventType;
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::Telemetry;
use sidetone_wire::vocabulary::{AlertKind, AlertState, ClearReason};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use uuid::Uuid;

fn usb() -> impl Strategy<Value = UsbPath> {
    (1_u8..=2).prop_map(plug)
}

fn side() -> impl Strategy<Value = SideSecond> {
    prop_oneof![
        3 => Just(clean()),
        2 => Just(zeros()),
        1 => Just(SideSecond { snr: Some(Db(5.0)), crackles: 3, ..clean() }),
        1 => Just(SideSecond { level: Dbov(f32::NAN), snr: Some(Db(f32::INFINITY)), ..clean() }),
        1 => Just(SideSecond { level: Dbov(-90.0), speech_ratio: 0.0, ..clean() }),
        1 => Just(SideSecond { dropouts: 4, dropout_ms: 400.0, clipped_ratio: 0.1, ..clean() }),
        1 => Just(SideSecond {
            hum: Some(Hum { fundamental: Hz(50.0), level: Dbov(-40.0) }),
            ..clean()
        }),
    ]
}

fn control() -> impl Strategy<Value = ControlEvent> {
    prop_oneof![
        3 => any::<bool>().prop_map(ControlEvent::HookSwitch),
        1 => any::<bool>().prop_map(ControlEvent::LineBusy),
        2 => Just(ControlEvent::MutePressed),
        1 => any::<(bool, bool)>()
            .prop_map(|(muted, verified)| ControlEvent::MuteState { muted, verified }),
        2 => any::<(bool, bool)>()
            .prop_map(|(open, verified)| ControlEvent::QuickDisconnect { open, verified }),
        1 => any::<u8>().prop_map(ControlEvent::Battery),
        1 => any::<i8>().prop_map(ControlEvent::Volume),
    ]
}

/// What two adapters and a gateway may tell, sensible or not.
fn signal() -> impl Strategy<Value = Signal> {
    let adapter = prop_oneof![
        4 => Just(Adapter::Baresip),
        3 => Just(Adapter::Exec),
        1 => Just(Adapter::Mqtt)
    ];
    let phase = prop_oneof![
        1 => Just(Phase::Ringing),
        1 => Just(Phase::Dialing),
        4 => Just(Phase::Active),
        2 => Just(Phase::Held)
    ];
    let leg = ("[abc]", phase).prop_map(|(id, phase)| Leg {
        id: LegId::new(id),
        phase,
        direction: None,
        muted: None,
    });
    let legs = prop::collection::vec(leg, 0..3).prop_map(|mut legs| {
        legs.dedup_by(|a, b| a.id == b.id);
        SignalKind::Legs(legs)
    });
    let kind = prop_oneof![
        8 => legs,
        1 => any::<bool>().prop_map(|all| SignalKind::Up(Abilities {
            hold: true,
            control: true,
            applications: if all { Vec::new() } else { vec!["softphone".to_owned()] },
        })),
        1 => Just(SignalKind::Down { reason: String::new() }),
        3 => (0_u64..40, any::<bool>()).prop_map(|(order, yes)| SignalKind::Answer {
            order,
            answer: if yes { Answer::Accepted } else { Answer::Refused(String::new()) },
        }),
        1 => any::<f64>().prop_map(|loss_ratio| SignalKind::Line {
            leg: LegId::new("a"),
            figures: LineFigures {
                uplink: Some(PathFigures { loss_ratio, jitter_ms: 1.0 }),
                ..LineFigures::default()
            },
        }),
    ];
    (adapter, kind).prop_map(|(adapter, kind)| Signal { adapter, kind })
}

/// Inputs of one moment, and the milliseconds that pass before them.
fn moment() -> impl Strategy<Value = (u64, Vec<Input>)> {
    let far_end = prop_oneof![
        Just(FarEnd::OnHeadset),
        Just(FarEnd::Elsewhere),
        Just(FarEnd::Nowhere)
    ];
    let one = |input| vec![input];
    let hid = (usb(), any::<bool>(), 1_u8..=3).prop_map(move |(usb, there, serial)| {
        one(Input::Headset(HeadsetEvent {
            at: Instant::now(),
            usb,
            kind: if there {
                HeadsetEventKind::Added {
                    identity: identity(&format!("h{serial}")),
                    quirk: None,
                }
            } else {
                HeadsetEventKind::Removed
            },
        }))
    });
    let card = (usb(), any::<bool>(), 1_u8..=3).prop_map(move |(usb, there, serial)| {
        let identity = identity(&format!("h{serial}"));
        one(Input::Audio(if there {
            AudioInput::CardAdded { usb, identity }
        } else {
            AudioInput::CardRemoved { usb }
        }))
    });
    let moved = (usb(), control()).prop_map(move |(usb, control)| {
        one(Input::Headset(HeadsetEvent {
            at: Instant::now(),
            usb,
            kind: HeadsetEventKind::Control(control),
        }))
    });
    let applications = (usb(), prop::option::weighted(0.7, far_end)).prop_map(move |(usb, far)| {
        one(Input::Audio(AudioInput::Applications {
            usb,
            capture: far.map(|_| Application {
                name: String::new(),
                process_id: None,
            }),
            far_end: far.unwrap_or(FarEnd::Nowhere),
        }))
    });
    let sound = (usb(), side(), prop::option::of(side()), 1_usize..20).prop_map(
        |(usb, agent, customer, seconds)| {
            (0..seconds)
                .map(|second| {
                    Input::Second(
                        usb.clone(),
                        Box::new(SecondSummary {
                            second: second as u64,
                            agent,
                            customer,
                            double_talk_ratio: 0.3,
                            echo_return_loss: None,
                            talk: Default::default(),
                        }),
                    )
                })
                .collect()
        },
    );
    let parties = OvertalkParties {
        floor: None,
        interrupter: None,
    };
    let overtalk = (usb(), any::<u32>(), prop::option::of(any::<u32>())).prop_map(
        move |(usb, start, length)| {
            let start_frame = u64::from(start);
            one(Input::Overtalk(
                usb,
                match length {
                    None => OvertalkEvent::Started {
                        start_frame,
                        parties,
                    },
                    Some(length) => OvertalkEvent::Ended {
                        start_frame,
                        end_frame: start_frame + u64::from(length % 1_000),
                        parties,
                    },
                },
            ))
        },
    );
    let mixer = (usb(), any::<bool>()).prop_map(move |(usb, microphone_muted)| {
        one(Input::Audio(AudioInput::Mixer {
            usb,
            microphone_muted,
            speaker_muted: false,
            speaker_volume: 0.5,
        }))
    });
    let gap = usb().prop_map(move |usb| {
        one(Input::Audio(AudioInput::Gap {
            usb,
            side: StreamSide::Agent,
            missing: Duration::from_millis(300),
        }))
    });
    let rare = prop_oneof![
        Just(Input::Suspend),
        Just(Input::Wake),
        Just(Input::Audio(AudioInput::ServerDown {
            reason: String::new()
        })),
        Just(Input::Audio(AudioInput::ServerUp {
            name: String::new()
        })),
    ]
    .prop_map(one);
    let softphone = signal().prop_map(move |signal| one(Input::Softphone(signal)));
    let inputs = prop_oneof![
        6 => softphone, 3 => hid, 3 => card, 4 => moved, 8 => applications, 8 => sound, 2 => overtalk, 2 => mixer,
        1 => gap, 1 => rare, 3 => Just(Vec::new()),
    ];
    (prop_oneof![0_u64..200, 0_u64..3_000, 0_u64..40_000], inputs)
}

/// What the device itself has, in a call or not.
const OUTSIDE_CALLS: [AlertKind; 2] = [AlertKind::DeviceUnstable, AlertKind::BatteryLow];

/// Watches what is said.
#[derive(Default)]
struct Witness {
    /// Calls by headset, as told, and whether they are held.
    calls: BTreeMap<String, BTreeMap<Uuid, bool>>,
    ended: BTreeSet<Uuid>,
    alerts: BTreeMap<Uuid, AlertKind>,
    topics: BTreeMap<(AlertKind, String), Uuid>,
    cleared: BTreeSet<Uuid>,
    capturing: BTreeSet<UsbPath>,
    open: BTreeSet<UsbPath>,
}

impl Witness {
    fn hears(&mut self, input: &Input) {
        match input {
            Input::Audio(AudioInput::Applications { usb, capture, .. }) => {
                if capture.is_some() {
                    self.capturing.insert(usb.clone());
                } else {
                    self.capturing.remove(usb);
                }
            }
            Input::Audio(AudioInput::ServerDown { .. }) => self.capturing.clear(),
            _ => {}
        }
    }

    fn sees(&mut self, output: &Output) {
        match output {
            Output::Audio(AudioCommand::Open(usb)) => {
                assert!(self.capturing.contains(usb), "open without foreign capture");
                assert!(self.open.insert(usb.clone()), "opened twice");
            }
            Output::Audio(AudioCommand::Close(usb)) => {
                assert!(self.open.remove(usb), "closed what was not open");
            }
            Output::Message(message) => self.reads(message),
            _ => {}
        }
    }

    fn reads(&mut self, message: &StationMessage) {
        let json = match message {
            StationMessage::Event(event) => serde_json::to_value(&event.detail),
            StationMessage::Alert(alert) => serde_json::to_value(&alert.detail),
            StationMessage::Telemetry(Telemetry::Audio { figures, .. }) => {
                serde_json::to_value(figures)
            }
            StationMessage::Inventory {
                facts: Some(facts), ..
            } => serde_json::to_value(facts),
            _ => Ok(serde_json::Value::Bool(true)),
        }
        .expect("every message is JSON");
        // Only a call's report may hold lists, of flat objects (CONTRACT §2).
        let lists = matches!(message, StationMessage::Event(e) if e.kind == EventType::CallEnded);
        let entries = |value: &serde_json::Value| match value.as_array() {
            Some(list) if lists => list.clone(),
            _ => Vec::new(),
        };
        let objects = json
            .as_object()
            .into_iter()
            .flat_map(|object| object.values().flat_map(entries))
            .chain([json.clone()]);
        for value in objects.filter_map(|o| o.as_object().cloned()).flatten() {
            let (key, value) = value;
            assert!(
                !value.is_null() && value != "",
                "null or empty: {key}: {json}"
            );
            let flat = !value.is_object() && (lists || !value.is_array());
            assert!(flat, "not flat: {key}: {json}");
        }
        match message {
            StationMessage::Event(event) => {
                let headset = event.detail.headset.clone().unwrap_or_default();
                match (event.kind, event.detail.call) {
                    (EventType::CallStarted, Some(call)) => {
                        let calls = self.calls.entry(headset).or_default();
                        assert_eq!(calls.insert(call, false), None, "started twice");
                        assert!(!self.ended.contains(&call), "a call id used twice");
                        assert!(active(calls) <= 1, "two active calls");
                    }
                    (EventType::CallHeld, Some(call)) => {
                        let calls = self.calls.entry(headset).or_default();
                        assert_eq!(calls.insert(call, true), Some(false), "held twice");
                    }
                    (EventType::CallResumed, Some(call)) => {
                        let calls = self.calls.entry(headset).or_default();
                        assert_eq!(calls.insert(call, false), Some(true), "not held");
                        assert!(active(calls) <= 1, "two active calls");
                    }
                    (EventType::CallEnded, Some(call)) => {
                        let calls = self.calls.entry(headset).or_default();
                        assert!(calls.remove(&call).is_some(), "another call ended");
                        self.ended.insert(call);
                    }
                    (
                        EventType::CallStarted
                        | EventType::CallHeld
                        | EventType::CallResumed
                        | EventType::CallEnded
                        | EventType::HoldRequested
                        | EventType::HoldDone
                        | EventType::HoldFailed,
                        None,
                    ) => panic!("a call without id"),
                    (EventType::HoldRequested | EventType::HoldDone, Some(call)) => {
                        let calls = self.calls.get(&headset);
                        assert!(
                            calls.is_some_and(|calls| calls.contains_key(&call)),
                            "a hold outside a call"
                        );
                    }
                    _ => {}
                }
            }
            StationMessage::Alert(alert) => {
                let detail = &alert.detail;
                let topic = (detail.kind, detail.subject.clone());
                match detail.state {
                    AlertState::Raised => {
                        assert_eq!(self.alerts.insert(detail.id, detail.kind), None);
                        assert_eq!(self.topics.insert(topic, detail.id), None, "raised twice");
                        if !OUTSIDE_CALLS.contains(&detail.kind) {
                            let headset = detail.headset.clone().unwrap_or_default();
                            let runs = detail.call.is_some_and(|call| {
                                self.calls
                                    .get(&headset)
                                    .is_some_and(|calls| calls.contains_key(&call))
                            });
                            assert!(runs, "{:?} outside a call", detail.kind);
                        }
                    }
                    AlertState::Updated => assert!(self.alerts.contains_key(&detail.id)),
                    AlertState::Cleared => {
                        assert!(self.alerts.contains_key(&detail.id), "clear without raise");
                        assert!(self.cleared.insert(detail.id), "cleared twice");
                        assert_eq!(self.topics.remove(&topic), Some(detail.id));
                        assert!(detail.reason.is_some());
                    }
                }
            }
            _ => {}
        }
    }

    fn is_consistent(&self) {
        assert!(self.open.iter().all(|usb| self.capturing.contains(usb)));
        if self.calls.values().all(BTreeMap::is_empty) {
            let left: Vec<_> = self.topics.keys().map(|(kind, _)| kind).collect();
            assert!(
                left.iter().all(|kind| OUTSIDE_CALLS.contains(kind)),
                "{left:?}"
            );
        }
    }
}

fn active(calls: &BTreeMap<Uuid, bool>) -> usize {
    calls.values().filter(|held| !**held).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_inputs_breaks_the_promises(moments in prop::collection::vec(moment(), 1..120)) {
        let mut station = station();
        let mut witness = Witness::default();
        let mut out = Vec::new();
        let mut ms = 0;
        let mut give = |ms: u64, input: Input, witness: &mut Witness| {
            witness.hears(&input);
            let now = Now { monotonic: Duration::from_millis(ms), utc_ms: 1_700_000_000_000 + ms };
            station.handle(now, input, &mut out);
            for output in out.drain(..) {
                witness.sees(&output);
            }
            witness.is_consistent();
        };
        for (pause, inputs) in moments {
            let end = ms + pause;
            while ms < end {
                ms = end.min(ms + 500);
                give(ms, Input::Tick, &mut witness);
            }
            let many = inputs.len() > 1;
            for input in inputs {
                if many {
                    ms += 1_000;
                }
                give(ms, input, &mut witness);
            }
        }
        give(ms, Input::Shutdown(ClearReason::Restart), &mut witness);
        let left: usize = witness.calls.values().map(BTreeMap::len).sum();
        prop_assert_eq!(left, 0, "a call never ended");
        prop_assert!(witness.topics.is_empty(), "an alert was never cleared");
        prop_assert!(witness.open.is_empty(), "audio stayed open");
    }
}
