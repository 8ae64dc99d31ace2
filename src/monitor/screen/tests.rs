use super::{Look, draw};
use crate::local::line::{Moment, SCHEMA, Snapshot};
use crate::local::state::{
    Access, Broker, BrokerConnection, Call, FarEnd, Headset, Live, Message, Node, Outbox, Overtalk,
    Sent, Sound, State, Switch,
};
use crate::monitor::app::{App, Page};
use crate::uplink::sent::SentCounts;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::telemetry::AudioFigures;
use sidetone_wire::vocabulary::{
    AlertKind, AlertState, NodeState, Notify, OvertalkParty, Provenance, Severity,
};
use uuid::Uuid;

const NOW: u64 = 1_800_000_000_000;
const PLAIN: Look = Look {
    colour: false,
    unicode: false,
};
const SIZES: [(u16, u16); 4] = [(80, 24), (60, 16), (120, 40), (200, 60)];

fn headset(name: &str) -> Headset {
    let told = |on, ago: Option<u64>| Switch {
        on: Some(on),
        provenance: Some(Provenance::Reported),
        confidence: None,
        since: ago.map(|ago| NOW - ago),
    };
    Headset {
        id: "047f-c056-0123abcd".to_owned(),
        name: name.to_owned(),
        usb_id: "047f:c056".to_owned(),
        firmware: None,
        quirk: Some("plantronics".to_owned()),
        controls: Access::Here,
        sound_card: Access::Here,
        troubles: Vec::new(),
        off_hook: Some(true),
        mute: told(true, Some(12_000)),
        quick_disconnect: told(false, None),
        volume: Some(0.62),
        battery: Some(0.85),
        call: Some(Call {
            id: Uuid::from_u128(7),
            since: NOW - 271_000,
            provenance: Provenance::Inferred,
            confidence: Some(0.8),
            heard: true,
            far_end: FarEnd::Stream,
            overtalk: Some(Overtalk {
                floor: OvertalkParty::Agent,
                interrupter: OvertalkParty::Customer,
            }),
            live: Some(Live {
                agent_level_dbov: -26.1,
                agent_speech: true,
                customer_level_dbov: Some(-61.0),
                customer_speech: Some(false),
            }),
            figures: Some(Box::new(AudioFigures {
                agent_snr_db: Some(38.0),
                agent_noise_dbov_a: Some(-72.4),
                agent_active_speech_level_dbov: Some(-24.2),
                double_talk_ratio: Some(0.12),
                ..AudioFigures::default()
            })),
        }),
    }
}

fn alert(severity: Severity) -> AlertDetail {
    AlertDetail {
        id: Uuid::from_u128(1),
        kind: AlertKind::NoisyEnvironment,
        subject: "agent".to_owned(),
        state: AlertState::Raised,
        severity,
        notify: Notify::Alarm,
        since: NOW - 65_000,
        value: None,
        threshold: None,
        unit: None,
        fault: None,
        side: None,
        headset: None,
        call: None,
        provenance: None,
        confidence: None,
        hold: None,
        text: "The customer hears noise: the agent's speech is only 9 dB above it, and 15 dB are needed to be understood well.".to_owned(),
        action: "Move the microphone closer to the mouth, or look for the noise.".to_owned(),
        reason: None,
    }
}

fn app(headsets: Vec<Headset>, alerts: usize) -> App {
    let messages = (1..=30).map(|number| Message {
        number,
        at: NOW - 1_000 * (40 - number),
        retained: number % 2 == 0,
        topic: "sidetone/v1/acme/node/ws-1/event/mute.on".to_owned(),
        payload: format!(
            "{{\"v\":1,\"seq\":{number},\"text\":\"{}\"}}",
            "x".repeat(150)
        ),
    });
    App::new(Snapshot {
        schema: SCHEMA.to_owned(),
        moment: Moment {
            ts: NOW,
            state: State {
                node: Node {
                    name: "ws-1".to_owned(),
                    org: "acme".to_owned(),
                    version: "0.1.0".to_owned(),
                    boot: 7,
                    pid: 1,
                    since: 0,
                    state: Some(NodeState::Ready),
                    reason: None,
                },
                broker: Broker {
                    url: "mqtts://broker.example.org:8883".to_owned(),
                    connection: BrokerConnection::Connected,
                    reason: None,
                    mqtt: None,
                    uplink_version: None,
                    node_certificate_until: None,
                    broker_certificate_until: None,
                    connections: 1,
                    refused: Vec::new(),
                },
                outbox: Outbox {
                    records: 0,
                    bytes: 0,
                    dropped: 0,
                },
                sound: Sound::default(),
                headsets,
                troubles: Vec::new(),
                alerts: (0..alerts).map(|_| alert(Severity::Major)).collect(),
                not_sent: Vec::new(),
            },
        },
        sent: Sent {
            counts: SentCounts {
                events: 30,
                ..SentCounts::default()
            },
            messages: messages.collect(),
        },
    })
}

/// The screen's rows, and whether any cell has a colour.
fn shown(app: &App, look: Look, (width, height): (u16, u16)) -> (Vec<String>, bool) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app, look, NOW)).unwrap();
    let buffer = terminal.backend().buffer();
    let cells = buffer.content();
    let rows = cells
        .chunks(width.into())
        .map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>());
    let coloured = cells
        .iter()
        .any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
    (rows.collect(), coloured)
}

fn page(app: &App, size: (u16, u16)) -> String {
    shown(app, PLAIN, size).0.join("\n")
}

#[test]
fn everything_that_matters_is_there_at_every_size() {
    let app = app(vec![headset("Blackwire 5220")], 2);
    for size in SIZES {
        let page = page(&app, size);
        for expected in [
            "ws-1 of acme: ready",
            "Blackwire 5220",
            "047f-c056-0123abcd",
            "MUTED for 0:12",
            "reported by the headset",
            "closed",
            "off hook",
            "volume 62 %",
            "battery 85 %",
            "IN A CALL for 4:31",
            "concluded, 80 % sure",
            "SPEAKS",
            "quiet",
            "-26 dBov",
            "SNR   38",
            "OVERTALK: the customer came in",
            "!!  MAJOR",
            "noisy environment for 1:05",
            "connected to mqtts://broker",
            "outbox empty",
            "q quit   Tab what was sent",
        ] {
            assert!(page.contains(expected), "{size:?}: {expected}\n{page}");
        }
    }
    let ordinary = page(&app, (80, 24));
    assert!(ordinary.contains("and 15 dB are needed"), "{ordinary}");
    assert!(ordinary.contains("event/mute.on"), "{ordinary}");
}

#[test]
fn a_long_name_and_many_alerts_are_marked_not_cut() {
    let name = "Professional Wireless Headset with Noise Cancelling Boom Microphone and Base Station 耳机 ".repeat(2);
    let mut one = headset(&name);
    one.troubles.push(
        "the sound card cannot be opened: it is held by another program; close it".to_owned(),
    );
    let app = app(vec![one], 30);
    for size in SIZES {
        let (rows, _) = shown(&app, PLAIN, size);
        let page = rows.join("\n");
        assert!(page.contains("Professional Wireless"), "{size:?}\n{page}");
        assert!(page.contains('~'), "{size:?}\n{page}");
        assert!(
            page.contains("more: `sidetone monitor --once` has all") || size.1 > 40,
            "{size:?}\n{page}"
        );
        assert!(page.contains("q quit"), "{size:?}\n{page}");
    }
}

#[test]
fn without_headset_without_call_and_without_daemon() {
    for size in SIZES {
        let none = page(&app(Vec::new(), 0), size);
        assert!(none.contains("none is plugged in"), "{none}");
        let mut idle = headset("Blackwire");
        idle.call = None;
        let idle = page(&app(vec![idle], 0), size);
        assert!(idle.contains("call     none"), "{idle}");
        let mut lost = app(vec![headset("Blackwire")], 0);
        lost.hear(Err("the daemon has ended".to_owned()));
        let lost = page(&lost, size);
        assert!(
            lost.contains("NO DAEMON") && lost.contains("the daemon has ended"),
            "{lost}"
        );
    }
    let small = page(&app(Vec::new(), 0), (40, 10));
    assert!(small.contains("60 x 16 or more"), "{small}");
}

#[test]
fn messages_are_shown_whole_newest_first() {
    let mut app = app(vec![headset("Blackwire")], 0);
    app.page = Page::Sent;
    for size in SIZES {
        let (rows, _) = shown(&app, PLAIN, size);
        let page: String = rows.iter().map(|row| row.trim()).collect();
        let newest = page.find("#30").unwrap();
        assert!(page.find("#29").is_some_and(|at| at > newest), "{page}");
        let payload = &app.snapshot.sent.messages[29].payload;
        assert!(page.contains(payload.as_str()), "{size:?}\n{page}");
    }
}

#[test]
fn colour_is_an_addition() {
    let app = app(vec![headset("Blackwire")], 1);
    let coloured = Look {
        colour: true,
        unicode: false,
    };
    let (plain, none) = shown(&app, PLAIN, (80, 24));
    let (same, some) = shown(&app, coloured, (80, 24));
    assert_eq!(plain, same);
    assert_eq!((none, some), (false, true));
}
