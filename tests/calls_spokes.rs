//! The real library of a cloud softphone in the real Chromium, with every check of certificates and of the
//! local network on, against our service: `sidetone spokes install` is what lets it through.
//!
//! Needs root (browser policies), and the library: `npm ci` in `tests/spokes` (`make calls` does it).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/browser.rs"]
#[allow(dead_code)]
mod browser;
#[path = "support/https_page.rs"]
mod https_page;
#[path = "support/installation.rs"]
mod installation;
#[path = "support/spokes.rs"]
mod spokes;
#[allow(dead_code)]
mod support;
#[path = "support/times.rs"]
mod times;

use browser::Browser;
use https_page::HttpsPage;
use installation::{Installation, bundle};
use serde_json::{Value, json};
use sidetone::softphone::spokes::HTTPS_PORT;
use sidetone::softphone::{Action, Direction, LegId, Phase, SignalKind};
use spokes::Station;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use times::{Times, utc_ms};

/// Orders whose way to the page is timed.
const CYCLES: usize = 100;

/// A page with the library, and the station its calls are told to.
struct Desk {
    browser: Browser,
    station: Station,
}

impl Desk {
    async fn say(&self, what: &str) {
        self.browser
            .run(&format!("return softphone.service.{what}"))
            .await;
    }

    /// The newest event of this name in the page.
    async fn last(&self, event: &str) -> Value {
        let script =
            format!("return softphone.events.findLast(e => e.event === '{event}') ?? null");
        self.browser.run(&script).await
    }

    /// Orders it, and returns the milliseconds until the page's event and until it shows in the calls.
    async fn timed(&mut self, leg: &LegId, hold: bool) -> (f64, f64) {
        let (action, phase) = match hold {
            true => (Action::Hold, Phase::Held),
            false => (Action::Resume, Phase::Active),
        };
        let began = (utc_ms(SystemTime::now()), Instant::now());
        self.station.order(leg, action).await;
        self.station.until_phase(phase).await;
        let shown = began.1.elapsed().as_secs_f64() * 1e3;
        let event = self.last("deviceHoldStatusChanged").await;
        assert_eq!(event["holdRequested"], hold);
        assert_eq!(event["conversationId"], "conv-1");
        (event["at"].as_f64().unwrap() - began.0, shown)
    }
}

#[tokio::test]
async fn a_real_softphone_tells_its_calls_and_is_told_to_hold() {
    let page = HttpsPage::bind(bundle());
    let site = format!("https://localhost:{}", page.port);
    let installation = Installation::new(&site);
    page.serve(&installation.dir);
    let station = Station::start(&installation.dir, HTTPS_PORT, &site);
    let browser = Browser::start_with(&[page.as_public()]).await;

    // A site that is not on the list, first: nothing of it may arrive.
    let (port, size) = (page.port, (1000, 700));
    browser
        .open(&format!("https://127.0.0.1:{port}/"), size, "light")
        .await;
    let mut desk = Desk { browser, station };
    desk.say("activeMicChange('Plantronics Bench (047f:c056)')")
        .await;
    assert_eq!(desk.station.hear(Duration::from_secs(5)).await, None);
    assert!(!desk.last("deviceConnectionStatusChanged").await["status"].eq("running"));

    desk.browser.open(&format!("{site}/"), size, "light").await;
    desk.say("activeMicChange('Plantronics Bench (047f:c056)')")
        .await;
    let up = |kind: &SignalKind| matches!(kind, SignalKind::Up(abilities) if abilities.hold);
    desk.station.until("the softphone", up).await;
    desk.browser
        .until("softphone.service.plantronics.deviceName === 'Bench Headset'")
        .await;
    let calling = json!({"conversationId": "conv-1", "contactName": "Ann Other"});
    desk.say(&format!("incomingCall({calling})")).await;
    let leg = desk.station.until_phase(Phase::Ringing).await;
    assert_eq!(desk.station.legs[0].direction, Some(Direction::Incoming));
    desk.say("answerCall('conv-1')").await;
    desk.station.until_phase(Phase::Active).await;
    desk.say("setHold('conv-1', true)").await;
    desk.station.until_phase(Phase::Held).await;
    desk.say("setHold('conv-1', false)").await;
    desk.station.until_phase(Phase::Active).await;
    desk.say("setMute(true)").await;
    let muted = |kind: &SignalKind| matches!(kind, SignalKind::Legs(legs) if legs.iter().all(|leg| leg.muted == Some(true)));
    desk.station.until("mute", muted).await;

    let mut on_its_way = Times::of("order to the page's event");
    let mut shown = Times::of("order until it shows in the calls");
    for cycle in 0..CYCLES {
        let (way, done) = desk.timed(&leg, cycle % 2 == 0).await;
        on_its_way.add(way);
        shown.add(done);
    }
    on_its_way.print();
    shown.print();

    desk.station.order(&leg, Action::Mute(false)).await;
    desk.browser.until("softphone.events.findLast(e => e.event === 'deviceMuteStatusChanged')?.isMuted === false").await;
    desk.say("endCall('conv-1')").await;
    let over = |kind: &SignalKind| matches!(kind, SignalKind::Legs(legs) if legs.is_empty());
    desk.station.until("the end of the call", over).await;

    // The agent takes and ends the next one at the headset.
    desk.say("incomingCall({conversationId: 'conv-2'})").await;
    let leg = desk.station.until_phase(Phase::Ringing).await;
    desk.station.order(&leg, Action::Answer).await;
    desk.browser.until("softphone.events.some(e => e.event === 'deviceAnsweredCall' && e.conversationId === 'conv-2')").await;
    desk.station.until_phase(Phase::Active).await;
    desk.station.order(&leg, Action::HangUp).await;
    desk.browser.until("softphone.events.some(e => e.event === 'deviceEndedCall' && e.conversationId === 'conv-2')").await;
    desk.station.until("the end of the call", over).await;

    // Its processes are waited for, and the service is served, at the same time.
    let (http, ours) = (desk.station.served.http.unwrap().port(), site.clone());
    let asked = tokio::task::spawn_blocking(move || another_user_gets_nothing(http, &ours));
    asked.await.unwrap();

    // A page that goes away in a call is missed after 15 s.
    desk.say("incomingCall({conversationId: 'conv-3'})").await;
    desk.station.until_phase(Phase::Ringing).await;
    let mut station = desk.station;
    drop(desk.browser);
    let down = |kind: &SignalKind| matches!(kind, SignalKind::Down { .. });
    station.until("the page's end", down).await;
}

/// The same request as this user's process and as another's, on the port without TLS.
fn another_user_gets_nothing(port: u16, site: &str) {
    let request = format!(
        "GET /Spokes/DeviceServices/Info HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nReferer: {site}/\\r\\nConnection: close\\r\\n\\r\\n"
    );
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; printf '{request}' >&3; cat <&3");
    let ask = |user: &str| {
        let output = Command::new("setpriv")
            .args([
                "--reuid",
                user,
                "--clear-groups",
                "--",
                "bash",
                "-c",
                &script,
            ])
            .stderr(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let answered = ask("0");
    assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
    assert!(answered.contains("Bench Headset"), "{answered}");
    assert_eq!(ask("65534"), "");
}
