//! The whole daemon between a headset and the page of a cloud softphone, with its real library, in the real
//! Chromium: calls, holds and lights. As in `calls_spokes`, `sidetone spokes install` lets the page through.
//!
//! Needs root (browser policies), and the library: `npm ci` in `tests/spokes` (`make calls` does it).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/browser.rs"]
#[allow(dead_code)]
mod browser;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/https_page.rs"]
mod https_page;
#[path = "support/installation.rs"]
mod installation;
#[allow(dead_code)]
mod support;
#[path = "support/testbed.rs"]
mod testbed;
#[path = "support/times.rs"]
mod times;

use broker::{Broker, PATIENCE, Seen, Watcher};
use browser::Browser;
use daemon::{Daemon, PROGRAM};
use https_page::HttpsPage;
use installation::{Installation, bundle};
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};
use testbed::{HidHeadset, quick_disconnect};
use times::{Times, utc_ms};

const CYCLES: usize = 20;
/// The page asks again two seconds after it was told something, and what comes sooner waits for that: a hold
/// that is ordered within them may show later than the three seconds it has.
const PAUSE: Duration = Duration::from_millis(2_500);

/// Output report 2 of the recorded headset, and its lights: there is none for hold.
const LIGHTS: u8 = 2;
const DARK: u8 = 0;
const OFF_HOOK: u8 = 0b001;
const MUTE: u8 = 0b010;
const RING: u8 = 0b100;

/// A headset, the daemon, a page with a softphone, and somebody who listens to the broker.
struct Desk {
    browser: Browser,
    watcher: Watcher,
    headset: HidHeadset,
    /// Every report that was written to the headset.
    written: Vec<u8>,
    daemon: Daemon,
    _desk: daemon::Desk,
    _installation: Installation,
    _broker: Broker,
}

impl Desk {
    async fn with(further: &str) -> Self {
        let page = HttpsPage::bind(bundle());
        let site = format!("https://localhost:{}", page.port);
        let installation = Installation::new(&site);
        page.serve(&installation.dir);
        let broker = Broker::start("");
        let watcher = Watcher::start(broker.port);
        let headset = HidHeadset::new();
        let configuration = format!(
            "[audio]\nbackend = \"off\"\n[hold]\nresume = \"on_reconnect\"\n\
             [spokes]\norigins = [{site:?}]\ndir = {:?}\n{further}",
            installation.dir
        );
        let desk = daemon::Desk::new(broker.port, &configuration);
        let daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
        watcher
            .until("the headset", |seen| {
                !events(seen, "headset.added").is_empty()
            })
            .await;
        let browser = Browser::start_with(&[page.as_public()]).await;
        browser
            .open(&format!("{site}/"), (1000, 700), "light")
            .await;
        let this = Self {
            browser,
            watcher,
            headset,
            written: Vec::new(),
            daemon,
            _desk: desk,
            _installation: installation,
            _broker: broker,
        };
        this.say("activeMicChange('Plantronics Bench (047f:c056)')")
            .await;
        let knows = "softphone.service.plantronics.deviceName === 'Bench Headset'";
        let running = "softphone.events.findLast(e => e.event === 'deviceConnectionStatusChanged')?.status === 'running'";
        this.browser.until(&format!("{knows} && {running}")).await;
        this
    }

    async fn say(&self, what: &str) {
        self.browser
            .run(&format!("return softphone.service.{what}"))
            .await;
    }

    /// Waits for the nth event of a type at the broker.
    async fn event(&self, kind: &str, nth: usize) -> Value {
        let seen = self
            .watcher
            .until(kind, |seen| events(seen, kind).len() >= nth)
            .await;
        events(&seen, kind)[nth - 1].clone()
    }

    /// Waits until the page was told so for the nth time, and returns when it was.
    async fn page_is_told(&self, hold: bool, nth: usize) -> f64 {
        let told = format!(
            "softphone.events.filter(e => e.event === 'deviceHoldStatusChanged' && e.holdRequested === {hold} && e.conversationId === 'conv-1')"
        );
        self.browser
            .until(&format!("{told}.length === {nth}"))
            .await;
        let at = self.browser.run(&format!("return {told}.at(-1).at")).await;
        at.as_f64().unwrap()
    }

    /// The quick disconnect is pulled or plugged together; returns how long the page needs to know.
    async fn pull(&self, open: bool, nth: usize) -> f64 {
        let began = utc_ms(SystemTime::now());
        self.headset.send_at_once(&quick_disconnect(open));
        self.page_is_told(open, nth).await - began
    }

    /// What the headset's lights showed, one after the other.
    fn lights(&mut self) -> Vec<u8> {
        self.written.extend(self.headset.take_written());
        let reports = self.written.chunks_exact(2);
        reports
            .map(|report| {
                assert_eq!(report[0], LIGHTS);
                report[1]
            })
            .collect()
    }

    async fn until_lights(&mut self, wanted: u8) {
        let end = Instant::now() + PATIENCE;
        while self.lights().last() != Some(&wanted) {
            assert!(
                Instant::now() < end,
                "waited in vain for {wanted:#b}; written: {:?}",
                self.written
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn events(seen: &[Seen], kind: &str) -> Vec<Value> {
    let topic = format!("/event/{kind}");
    let of_kind = seen.iter().filter(|s| s.topic.ends_with(&topic));
    of_kind.map(Seen::json).collect()
}

#[tokio::test]
async fn a_pulled_quick_disconnect_holds_the_customer_of_a_page_and_the_lights_follow() {
    let mut desk = Desk::with("").await;
    assert_eq!(desk.lights(), [DARK; 0], "a page alone changes nothing");
    desk.say("incomingCall({conversationId: 'conv-1', contactName: 'Ann Other'})")
        .await;
    desk.until_lights(RING).await;
    desk.say("answerCall('conv-1')").await;
    let started = desk.event("call.started", 1).await;
    assert_eq!(started["provenance"], "softphone");
    desk.until_lights(OFF_HOOK).await;

    let mut told = Times::of("report of the pulled quick disconnect to the page's event");
    let mut told_back = Times::of("report of the plugged quick disconnect to the page's event");
    let mut done = Times::of("latency_ms of hold.done");
    for cycle in 1..=CYCLES {
        // At every point of the page's rhythm.
        tokio::time::sleep(PAUSE + Duration::from_millis(100) * cycle as u32).await;
        told.add(desk.pull(true, cycle).await);
        let hold = desk.event("hold.done", cycle).await;
        assert_eq!(
            (&hold["call"], &hold["adapter"], &hold["hold"]),
            (&started["call"], &"spokes".into(), &"held".into())
        );
        done.add(hold["latency_ms"].as_f64().unwrap());
        tokio::time::sleep(PAUSE).await;
        told_back.add(desk.pull(false, cycle).await);
        desk.event("call.resumed", cycle).await;
    }
    for times in [told, told_back, done] {
        times.print();
    }

    desk.say("setMute(true)").await;
    desk.until_lights(OFF_HOOK | MUTE).await;
    desk.say("setMute(false)").await;
    desk.until_lights(OFF_HOOK).await;
    desk.say("endCall('conv-1')").await;
    let ended = desk.event("call.ended", 1).await;
    assert_eq!(
        (&ended["call"], &ended["reason"]),
        (&started["call"], &"hung_up".into())
    );
    desk.until_lights(DARK).await;
    let mut lights = desk.lights();
    // One report for the call, and one for each hold and each end of it, which this headset cannot show.
    assert_eq!(
        lights.iter().filter(|&&on| on == OFF_HOOK).count(),
        2 + 2 * CYCLES
    );
    lights.dedup();
    assert_eq!(lights, [RING, OFF_HOOK, OFF_HOOK | MUTE, OFF_HOOK, DARK]);
    let seen = desk.watcher.all();
    let counted = ["call.started", "call.held", "hold.failed", "call.ended"];
    assert_eq!(
        counted.map(|kind| events(&seen, kind).len()),
        [1, CYCLES, 0, 1]
    );
    assert_eq!(desk.daemon.complaints(), [""; 0]);
}

#[tokio::test]
async fn a_headset_that_others_control_is_never_written_to() {
    let mut desk = Desk::with("call_control = \"never\"").await;
    desk.say("incomingCall({conversationId: 'conv-1'})").await;
    desk.say("answerCall('conv-1')").await;
    desk.event("call.started", 1).await;
    tokio::time::sleep(PAUSE).await;
    desk.pull(true, 1).await;
    desk.event("hold.done", 1).await;
    tokio::time::sleep(PAUSE).await;
    desk.pull(false, 1).await;
    desk.event("call.resumed", 1).await;
    desk.say("endCall('conv-1')").await;
    desk.event("call.ended", 1).await;
    assert_eq!(desk.lights(), [DARK; 0]);
}
