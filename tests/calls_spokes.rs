//! The real library of a cloud softphone in the real Chromium, with every check of certificates and of the
//! local network on, against our service: `sidetone spokes install` is what lets it through.
//!
//! Needs root (browser policies), and the library: `npm ci` in `tests/spokes` (`make calls` does it).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../hub/tests/support/browser.rs"]
#[allow(dead_code)]
mod browser;
#[path = "support/https_page.rs"]
mod https_page;
#[path = "support/spokes.rs"]
mod spokes;
#[allow(dead_code)]
mod support;

use browser::Browser;
use https_page::HttpsPage;
use serde_json::{Value, json};
use sidetone::softphone::spokes::HTTPS_PORT;
use sidetone::softphone::{Action, Direction, LegId, Phase, SignalKind};
use spokes::Station;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::sidetone;

const POLICY: &str = "/etc/chromium/policies/managed/sidetone.json";
/// Orders whose way to the page is timed.
const CYCLES: usize = 100;

/// What `sidetone spokes install` made on this machine; removed when dropped.
struct Installation {
    config: PathBuf,
    dir: PathBuf,
}

impl Installation {
    /// At a place that outlives a killed test, so that the next one finds what to remove.
    fn new(site: &str) -> Self {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("calls_spokes");
        let dir = place.join("certificate");
        fs::create_dir_all(&place).unwrap();
        let config = place.join("sidetone.toml");
        let text = format!(
            "[spokes]\norigins = [\"{site}\"]\ndir = \"{}\"\n",
            dir.display()
        );
        fs::write(&config, text).unwrap();
        let this = Self { config, dir };
        let run = this.run(&["install", "--group", "root"]);
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        assert!(run.out.contains(POLICY), "{}", run.out);
        this
    }

    fn run(&self, arguments: &[&str]) -> support::Run {
        let config = self.config.to_str().unwrap();
        sidetone(["spokes"].iter().chain(arguments).chain(&["-c", config]))
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let run = self.run(&["uninstall"]);
        if !std::thread::panicking() {
            assert_eq!((run.status, run.err.as_str()), (0, ""));
            assert!(!Path::new(POLICY).exists());
        }
    }
}

/// The library and the page's script in one file.
fn bundle() -> String {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spokes");
    assert!(
        place.join("node_modules").exists(),
        "the library is missing: run `npm ci` in tests/spokes"
    );
    let output = Command::new("npm")
        .args(["run", "--silent", "bundle"])
        .current_dir(place)
        .output()
        .expect("npm is missing: scripts/install-deps calls installs it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

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
        let began = (wall_ms(), Instant::now());
        self.station.order(leg, action).await;
        self.station.until_phase(phase).await;
        let shown = began.1.elapsed().as_secs_f64() * 1e3;
        let event = self.last("deviceHoldStatusChanged").await;
        assert_eq!(event["holdRequested"], hold);
        assert_eq!(event["conversationId"], "conv-1");
        (event["at"].as_f64().unwrap() - began.0, shown)
    }
}

fn wall_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
        * 1e3
}

fn distribution(name: &str, mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    println!(
        "{name}: n {}, median {:.1} ms, p95 {:.1} ms, max {:.1} ms",
        values.len(),
        at(0.5),
        at(0.95),
        at(1.0)
    );
}

#[tokio::test]
async fn a_real_softphone_tells_its_calls_and_is_told_to_hold() {
    assert!(
        rustix::process::geteuid().is_root(),
        "browser policies are root's: run this as root"
    );
    let page = HttpsPage::bind(bundle());
    let site = format!("https://localhost:{}", page.port);
    let installation = Installation::new(&site);
    page.serve(&installation.dir);
    let station = Station::start(&installation.dir, HTTPS_PORT, &site);
    let public = format!(
        "--ip-address-space-overrides=127.0.0.1:{}=public",
        page.port
    );
    let browser = Browser::start_with(&[public]).await;

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

    let mut on_its_way = Vec::new();
    let mut shown = Vec::new();
    for cycle in 0..CYCLES {
        let (way, done) = desk.timed(&leg, cycle % 2 == 0).await;
        on_its_way.push(way);
        shown.push(done);
    }
    distribution("order to the page's event", on_its_way);
    distribution("order until it shows in the calls", shown);

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
