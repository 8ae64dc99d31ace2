//! A WebRTC call in the real Chromium, through a PipeWire of its own, with the whole daemon beside it and no
//! integration of any kind: the browser's streams alone tell when the call begins and ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/browser.rs"]
#[allow(dead_code)]
mod browser;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/poll.rs"]
mod poll;
#[allow(dead_code)]
#[path = "../devices/tests/support/sound_server.rs"]
mod sound_server;
#[path = "support/testbed.rs"]
mod testbed;
#[path = "support/times.rs"]
mod times;

use broker::{Broker, Seen, Watcher};
use browser::{Browser, DRIVER};
use daemon::{Desk, PROGRAM};
use poll::until;
use serde_json::Value;
use sidetone_devices::headset::UsbPath;
use sound_server::{Kind, SoundServer};
use std::time::Duration;
use testbed::{CARD, HidHeadset, USB};
use times::Times;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PAGE: &str = include_str!("webrtc/call.html");
const CALLS: usize = 10;
/// How long each call lasts, and the pause after it.
const A_WHILE: Duration = Duration::from_secs(1);
const NO_ADAPTERS: &str = "[audio]\nbackend = \"pulse\"\n[adapters.baresip]\nenabled = false\n[adapters.linphone]\nenabled = false";

/// Serves the page as long as the runtime lives, and returns its port.
async fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // A browser opens connections it does not use.
                if !matches!(stream.read(&mut [0; 8192]).await, Ok(1..)) {
                    return;
                }
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
                let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{PAGE}", PAGE.len());
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

/// What was said of calls, in order.
fn calls(seen: &[Seen]) -> Vec<&Seen> {
    seen.iter()
        .filter(|s| s.topic.contains("/event/call."))
        .collect()
}

/// Waits for the nth event of calls, and returns when it came.
async fn arrival(watcher: &Watcher, kind: &str, nth: usize) -> f64 {
    let seen = watcher.until(kind, |seen| calls(seen).len() >= nth).await;
    let event = calls(&seen)[nth - 1];
    assert!(event.topic.ends_with(kind), "{kind}: {event:?}");
    times::utc_ms(event.at)
}

#[tokio::test]
async fn a_call_in_a_browsers_page_begins_and_ends_with_its_streams() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let server = SoundServer::start(Kind::PipeWire);
    let (hid, desk) = (HidHeadset::new(), Desk::new(broker.port, NO_ADAPTERS));
    let card = server.plug_in_card("card1", CARD, UsbPath::new(USB.into()));
    server.pactl(&["set-default-source", &card.microphone]);
    server.pactl(&["set-default-sink", &card.speaker]);
    let mut daemon = desk.run(hid.seen_by(server.command("umockdev-run"), PROGRAM));
    watcher
        .until("one headset of HID and sound card", |seen| {
            let headset = seen
                .iter()
                .rfind(|s| s.topic.contains("/inventory/headset-"));
            headset.is_some_and(|s| s.json()["hid"] == true && s.json()["sound_card"] == true)
        })
        .await;

    let arguments = [
        // Nobody is there to click; the microphone is the sound server's, none of the browser's own.
        "--use-fake-ui-for-media-stream",
        // A machine without a network has no other address.
        "--allow-loopback-in-peer-connection",
    ];
    let browser = Browser::start_by(server.command(DRIVER), &arguments.map(str::to_owned)).await;
    let page = format!("http://localhost:{}/", serve().await);
    browser.open(&page, (1000, 700), "light").await;
    let mut after_microphone = Times::of("microphone open to call.started");
    let mut after_connection = Times::of("peers connected to call.started");
    let mut after_end = Times::of("hung up to call.ended");
    for call in 0..CALLS {
        let began = browser.run("return begin()").await;
        let started = arrival(&watcher, "call.started", 2 * call + 1).await;
        let of = |key: &str| began[key].as_f64().unwrap();
        after_microphone.add(started - of("captured"));
        after_connection.add(started - of("connected"));
        tokio::time::sleep(A_WHILE).await;
        let hung_up = browser.run("return hangUp()").await.as_f64().unwrap();
        let ended = arrival(&watcher, "call.ended", 2 * call + 2).await;
        after_end.add(ended - hung_up);
        tokio::time::sleep(A_WHILE).await;
    }
    drop(browser);
    assert!(daemon.terminate().success());
    let seen = watcher
        .until("the farewell", |seen| {
            seen.iter().any(|s| s.topic.ends_with("daemon.stopped"))
        })
        .await;
    assert_eq!(daemon.complaints(), [""; 0]);
    let events: Vec<Value> = calls(&seen).iter().map(|s| s.json()).collect();
    assert_eq!(events.len(), 2 * CALLS, "one start and one end each");
    for call in events.chunks(2) {
        let [start, end] = call else { unreachable!() };
        let told = (
            &start["type"],
            &start["provenance"],
            &end["type"],
            &end["reason"],
        );
        let expected = ["call.started", "inferred", "call.ended", "stream_closed"].map(Value::from);
        let [first, how, last, reason] = &expected;
        assert_eq!(told, (first, how, last, reason));
        assert_eq!(start["call"], end["call"]);
    }
    for times in [after_microphone, after_connection, after_end] {
        times.print();
        assert!(times.median() < 2_000.0);
    }
}
