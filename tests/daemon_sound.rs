//! The whole daemon in a call: a headset with HID and sound card, a softphone on a private PulseAudio,
//! real speech on both sides, a real broker.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/board.rs"]
mod board;
#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/poll.rs"]
mod poll;
#[allow(dead_code)]
#[path = "../devices/tests/support/softphone.rs"]
mod softphone;
#[allow(dead_code)]
#[path = "../devices/tests/support/sound_server.rs"]
mod sound_server;
#[path = "support/speech.rs"]
mod speech;
#[path = "support/testbed.rs"]
mod testbed;

use board::Board;
use broker::{Broker, Seen, Watcher};
use daemon::{Desk, PROGRAM};
use poll::until;
use serde_json::Value;
use sidetone_devices::headset::UsbPath;
use softphone::Softphone;
use sound_server::{Kind, SoundServer};
use std::path::Path;
use std::process::{Command, Stdio};
use testbed::{CARD, HidHeadset, USB};

const SECONDS: u32 = 12;

fn on<'a>(seen: &'a [Seen], ending: &str) -> Vec<&'a Seen> {
    seen.iter().filter(|s| s.topic.ends_with(ending)).collect()
}

/// The latest figures of the call, once there are so many.
fn figures(seen: &[Seen], count: usize) -> Option<Value> {
    let all = on(seen, "/telemetry/audio");
    (all.len() >= count).then(|| all.last().map(|s| s.json()))?
}

/// The active speech level (ITU-T P.56) that `sidetone analyze` finds in a recording.
fn speech_level(file: &Path) -> f64 {
    let mut analyze = Command::new(PROGRAM);
    let output = analyze.args(["analyze", "--json"]).arg(file).output();
    let analysis: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    analysis["agent"]["active_speech_level_dbov"]
        .as_f64()
        .unwrap()
}

#[tokio::test]
async fn a_softphones_call_is_heard_measured_and_let_go() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let server = SoundServer::start(Kind::PulseAudio);
    let (hid, desk) = (
        HidHeadset::new(),
        Desk::new(broker.port, "[audio]\nbackend = \"pulse\""),
    );
    let card = server.plug_in_card("card1", CARD, UsbPath::new(USB.into()));
    let files = [
        ("en_US_f_Allison", "agent.wav"),
        ("it_IT_m_Carlo", "customer.wav"),
    ];
    let [agent, customer] = files.map(|(voice, name)| {
        let file = desk.path().join(name);
        speech::write(voice, SECONDS, &file);
        file
    });

    let mut daemon = desk.run(hid.seen_by(server.command("umockdev-run"), PROGRAM));
    watcher
        .until("one headset of HID and sound card", |seen| {
            let headset = seen
                .iter()
                .rfind(|s| s.topic.contains("/inventory/headset-"));
            headset.is_some_and(|s| s.json()["hid"] == true && s.json()["sound_card"] == true)
        })
        .await;
    assert_eq!(server.recorded_by_us(), 0, "nothing is open without a call");

    let talk = format!(
        "while :; do paplay --device={} {} || exit; done",
        card.feed,
        agent.display()
    );
    let mut talk = server
        .command("sh")
        .args(["-c", &talk])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let phone = Softphone::start(
        &server,
        &[
            "--source",
            &card.microphone,
            "--sink",
            &card.speaker,
            "--recording",
            customer.to_str().unwrap(),
        ],
    );
    let seen = watcher
        .until("figures of the whole recordings", |seen| {
            figures(seen, SECONDS as usize + 3).is_some()
        })
        .await;
    assert_eq!(server.recorded_by_us(), 2, "microphone and far end");
    let last = figures(&seen, 1).unwrap();
    let call = on(&seen, "/event/call.started")[0].json();
    assert_eq!(call["provenance"], "inferred");
    assert_eq!(last["call"], call["call"]);
    assert_eq!(last["far_source"], "stream");
    assert_eq!(last["lost_samples"], 0);
    for (side, file) in [("agent", &agent), ("customer", &customer)] {
        let measured = last[format!("{side}_active_speech_level_dbov")].as_f64();
        let (measured, expected) = (measured.unwrap(), speech_level(file));
        assert!(
            (measured - expected).abs() < 2.0,
            "{side}: {measured} dBov in the call, {expected} dBov in the file"
        );
    }

    drop(phone);
    until("every stream of ours is closed", || {
        (server.recorded_by_us() == 0).then_some(())
    });
    watcher
        .until("the call's end", |seen| {
            !on(seen, "/event/call.ended").is_empty()
        })
        .await;
    let _ = talk.kill();
    let _ = talk.wait();
    assert!(daemon.terminate().success());
    let seen = watcher
        .until("the farewell", |seen| {
            on(seen, "/event/daemon.stopped").len() == 1
        })
        .await;
    assert_eq!(daemon.complaints(), [""; 0]);
    let board = Board::of(&seen);
    board.clears();
    assert_eq!(board.the("headset.added")["headset"], last["headset"]);
    let ended = board.the("call.ended");
    assert_eq!(
        (&ended["call"], &ended["reason"]),
        (&call["call"], &"stream_closed".into())
    );
}
