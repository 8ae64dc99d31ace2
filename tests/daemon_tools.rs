//! IT's tools and the board go the ways of the daemon: MQTT 3.1.1 where the broker refuses 5, the fallback brokers in
//! their order, WebSocket, an HTTP proxy. Against a real mosquitto.

#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/examined.rs"]
mod examined;
#[path = "support/gate.rs"]
mod gate;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/served.rs"]
mod served;

use broker::{Broker, Watcher, free_port};
use examined::Examined;
use gate::Gate;
use proxy::RealProxy;
use serde_json::json;
use served::Served;
use sidetone::fleet::{self, Heard, Link, Snapshot, Watch};
use sidetone::uplink::config::{BrokerConfig, Timing};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::time::Duration;

/// `sidetone` with this section `[broker]`: status, and everything it said.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(broker: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = format!(
            "[node]\norg = 'acme'\nname = 'ws-1'\nstate_dir = '{}'\n[audio]\nbackend = 'off'\n[broker]\n{broker}",
            dir.path().display()
        );
        std::fs::write(dir.path().join("sidetone.toml"), text).unwrap();
        Self(dir)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sidetone"));
        command
            .args([name, "-c"])
            .arg(self.0.path().join("sidetone.toml"));
        command
    }

    fn fleet(&self, arguments: &[&str]) -> (i32, String) {
        let done = self.command("fleet").args(arguments).output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (
            done.status.code().unwrap(),
            String::from_utf8(said).unwrap(),
        )
    }
}

/// Settings go out and come back, and somebody else sees them.
async fn settings_work(desk: &Desk, broker: &Broker) -> String {
    let watcher = Watcher::of_publications(broker.port);
    let (status, said) = desk.fleet(&["set", "--fleet", "node.team=Late"]);
    assert_eq!(status, 0, "{said}");
    let seen = watcher
        .until("the document", |s| {
            s.iter().any(|m| m.topic.ends_with("/fleet/config/desired"))
        })
        .await;
    let document = seen.iter().find(|m| m.topic.ends_with("/desired")).unwrap();
    assert!(document.retained);
    assert_eq!(document.json()["set"], json!({"node": {"team": "Late"}}));
    let (status, said) = desk.fleet(&["get"]);
    assert!(
        status == 0 && said.contains("node.team = \"Late\""),
        "{said}"
    );
    said
}

fn at(port: u16) -> String {
    format!("url = 'mqtt://127.0.0.1:{port}'\n")
}

#[tokio::test]
async fn settings_go_to_an_old_broker() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let said = settings_work(&Desk::new(&at(gate.port)), &broker).await;
    assert!(said.contains("MQTT 3.1.1"), "{said}");
    assert!(gate.refused() > 0);
    let only_5 = Desk::new(&format!("{}mqtt = '5'", at(gate.port)));
    let (status, said) = only_5.fleet(&["get"]);
    assert!(
        status == 1 && said.contains("speaks MQTT 3.1.1 only"),
        "{said}"
    );
    let only_old = Desk::new(&format!("{}mqtt = '3.1.1'", at(broker.port)));
    let (status, said) = only_old.fleet(&["get"]);
    assert!(status == 0 && said.contains("MQTT 3.1.1"), "{said}");
}

#[test]
fn an_old_broker_s_silent_refusal_is_found_out() {
    let broker = Broker::with_file("allow_anonymous true\nacl_file DIR/acl\n", |dir| {
        std::fs::write(dir.join("acl"), "topic read sidetone/#\n").unwrap();
    });
    let gate = Gate::before(broker.port);
    let set = ["set", "--fleet", "node.team=Late"];
    let (status, said) = Desk::new(&at(gate.port)).fleet(&set);
    assert!(
        status == 1 && said.contains("does not pass it on"),
        "{said}"
    );
    let (status, said) = Desk::new(&at(broker.port)).fleet(&set);
    assert!(status == 1 && said.contains("(not authorized)"), "{said}");
}

#[tokio::test]
async fn settings_go_to_the_next_broker_over_websocket_and_through_a_proxy() {
    let port = free_port();
    let broker = Broker::start(&format!("listener {port} 127.0.0.1\nprotocol websockets\n"));
    let fallback = format!(
        "{}fallback = ['mqtt://127.0.0.1:{}']",
        at(free_port()),
        broker.port
    );
    let said = settings_work(&Desk::new(&fallback), &broker).await;
    assert!(said.contains("the first broker does not let"), "{said}");

    let desk = Desk::new("");
    let proxy = RealProxy::start(desk.0.path(), port);
    let secret = desk.0.path().join("secret");
    std::fs::write(&secret, "right\n").unwrap();
    let through = format!(
        "url = 'ws://127.0.0.1:{port}/mqtt'\nproxy = 'http://127.0.0.1:{}'\nproxy_username = 'desk'\nproxy_password_file = '{}'\n",
        proxy.port,
        secret.display()
    );
    let (status, said) = Desk::new(&through).fleet(&["get"]);
    assert!(
        status == 0 && said.contains("node.team = \"Late\""),
        "{said}"
    );
    std::fs::write(&secret, "wrong\n").unwrap();
    let (status, said) = Desk::new(&through).fleet(&["get"]);
    assert!(status == 1 && said.contains("broker.proxy"), "{said}");
    let (status, said) = Desk::new(&format!(
        "{}fallback = ['mqtt://127.0.0.1:{}']",
        at(free_port()),
        free_port()
    ))
    .fleet(&["get"]);
    let both = said.matches("no broker answers at").count();
    assert!(status == 1 && both == 2, "{said}");
}

#[test]
fn the_doctor_says_what_an_old_broker_does_not_tell() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let desk = Desk::new(&at(gate.port));
    let found = Examined::by(desk.command("doctor").arg("--broker"));
    found.says("access", "skipped", "MQTT 5 is needed to try it", "");
    found.says("access", "skipped", "cannot be tried at", "");
    // Everybody may read everything here; that shows with either version.
    let other = ["-V", "5", "-r", "-t", "sidetone/v1/acme/node/ws-2/status"];
    let mut publish = Command::new("mosquitto_pub");
    publish.args(["-p", &broker.port.to_string(), "-m", "{}"]);
    assert!(publish.args(other).status().unwrap().success());
    let found = Examined::by(desk.command("doctor").arg("--broker"));
    found.says("access", "warning", "what 1 other nodes say", "");
}

/// Times short enough for a test.
fn hasty() -> Timing {
    Timing {
        home_probe: Duration::from_millis(50),
        home_steady: Duration::from_millis(200),
        ..Timing::default()
    }
}

#[tokio::test]
async fn the_board_hears_an_old_broker() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    broker.say("status", &json!({"state": "ready"}), true);
    let url = format!("mqtt://127.0.0.1:{}", gate.port);
    let board = Served::at(&BrokerConfig::at(url.parse().unwrap()), &hasty()).await;
    let fleet = board.fleet_until(|f| f["counts"]["nodes"] == 1).await;
    assert_eq!(fleet["broker"]["state"], "connected");
    assert_eq!(fleet["broker"]["mqtt"], "3.1.1");
    gate.cut();
    broker.say_of("late", "status", &json!({"state": "ready"}), true);
    board.fleet_until(|f| f["counts"]["nodes"] == 2).await;
    gate.let_5_pass();
    gate.cut();
    board.fleet_until(|f| f["broker"]["mqtt"] == "5").await;
}

#[tokio::test]
async fn the_board_goes_where_the_nodes_go_and_comes_home() {
    let mut first = Broker::absent();
    let second = Broker::start("");
    second.say("status", &json!({"state": "ready"}), true);
    let url = |broker: &Broker| format!("mqtt://127.0.0.1:{}", broker.port).parse().unwrap();
    let mut config = BrokerConfig::at(url(&first));
    config.fallback = vec![url(&second)];
    config.fallback_after = Duration::from_millis(300);
    let board = Served::at(&config, &hasty()).await;
    let fleet = board.fleet_until(|f| f["counts"]["nodes"] == 1).await;
    let at = fleet["broker"]["at"].as_str().unwrap();
    assert!(at.ends_with(&second.port.to_string()), "{at}");
    first.restart();
    first.say_of("early", "status", &json!({"state": "ready"}), true);
    board
        .fleet_until(|f| f["broker"]["at"].is_null() && f["counts"]["nodes"] == 2)
        .await;
}

/// Whom a document is for and its version, of what is heard next; notes come as they are.
async fn next_of(watch: &mut Watch) -> String {
    let next = tokio::time::timeout(broker::PATIENCE, watch.next());
    match next.await.expect("something is heard").unwrap() {
        Heard::Message { topic, payload } => fleet::line(&topic, &payload).unwrap(),
        Heard::Moved(note) => note,
    }
}

#[tokio::test]
async fn who_watches_settings_goes_where_the_nodes_go_and_comes_home() {
    let (mut first, second) = (Broker::start(broker::PERSISTENT), Broker::start(""));
    let publish = |broker: &Broker, whom: &str, version: u64| {
        let document = json!({"v": 1, "version": version, "issued_ms": 5, "set": {}});
        let topic = format!("sidetone/v1/acme/{whom}/config/desired");
        let mut publish = Command::new("mosquitto_pub");
        publish.args(["-V", "5", "-r", "-q", "1", "-p", &broker.port.to_string()]);
        publish.args(["-t", &topic, "-m", &document.to_string()]);
        assert!(publish.status().unwrap().success());
    };
    publish(&first, "fleet", 1);
    publish(&second, "fleet", 1);
    publish(&second, "node/ws-2", 7);
    let url = |broker: &Broker| format!("mqtt://127.0.0.1:{}", broker.port).parse().unwrap();
    let mut config = BrokerConfig::at(url(&first));
    config.fallback = vec![url(&second)];
    let mut link = Link::open_in(&config, &hasty()).await.unwrap();
    let org = sidetone_wire::OrgName::new("acme").unwrap();
    let mut heard = Vec::new();
    let take = |topic: &str, payload: &[u8]| heard.push((topic.to_owned(), payload.to_vec()));
    link.retained(&Snapshot::filters(&org), take).await.unwrap();
    let mut watch = Watch::new(link, &org, heard);
    assert!(
        next_of(&mut watch)
            .await
            .starts_with("fleet desired: version 1")
    );

    first.kill();
    assert!(next_of(&mut watch).await.ends_with("connected anew"));
    assert!(
        next_of(&mut watch)
            .await
            .contains("the first broker does not let")
    );
    // What both keep was told.
    assert!(
        next_of(&mut watch)
            .await
            .starts_with("node ws-2 desired: version 7")
    );
    publish(&second, "fleet", 2);
    assert!(
        next_of(&mut watch)
            .await
            .starts_with("fleet desired: version 2")
    );

    first.restart();
    assert!(next_of(&mut watch).await.contains("goes on there"));
    // The first one keeps another document: that holds here.
    assert!(
        next_of(&mut watch)
            .await
            .starts_with("fleet desired: version 1")
    );
    publish(&first, "fleet", 3);
    assert!(
        next_of(&mut watch)
            .await
            .starts_with("fleet desired: version 3")
    );
    watch.close().await;
}

/// A half of the daemon or the whole of it, ended with the test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Desk {
    fn run(&self, what: &str) -> Running {
        self.run_with(what, "sidetone.toml")
    }

    /// The same with another file of this directory.
    fn run_with(&self, what: &str, file: &str) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sidetone"));
        command.args([what, "-c"]).arg(self.0.path().join(file));
        // Its socket is in the state directory, not in this user's.
        command
            .env_remove("XDG_RUNTIME_DIR")
            .env("HOME", self.0.path());
        command.stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        Running(command.spawn().unwrap())
    }

    /// What the doctor finds, once it is so.
    fn examined_until(&self, id: &str, status: &str, words: &str) -> Examined {
        let until = std::time::Instant::now() + broker::PATIENCE;
        loop {
            let mut doctor = self.command("doctor");
            doctor
                .env_remove("XDG_RUNTIME_DIR")
                .env("HOME", self.0.path());
            let found = Examined::by(&mut doctor);
            let mut of_status = found.with_status(status).into_iter();
            let fits = |e: &serde_json::Value| {
                e["id"] == id && e["summary"].as_str().unwrap().contains(words)
            };
            if of_status.any(fits) {
                return found;
            }
            let over = std::time::Instant::now() >= until;
            assert!(!over, "{id} {status} {words:?}: {:#}", found.json);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn the_doctor_says_how_the_running_daemon_is_connected() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let away = free_port();
    let desk = Desk::new(&format!(
        "{}fallback = ['mqtt://127.0.0.1:{}']\nfallback_after_s = 1",
        at(away),
        gate.port
    ));
    let _daemon = desk.run("run");
    let found = desk.examined_until("broker", "warning", "is connected with MQTT 3.1.1.");
    found.says(
        "broker",
        "warning",
        "speaks MQTT 3.1.1 only",
        "update the broker",
    );
    let second = format!("broker 2 of 2: the first, mqtt://127.0.0.1:{away}");
    found.says("broker", "warning", &second, "goes back by itself");
    found.says(
        "broker",
        "problem",
        "nothing listens there",
        "start the broker",
    );

    let new = Desk::new(&at(broker.port));
    let _new = new.run("run");
    new.examined_until("broker", "ok", "is connected with MQTT 5.");
}

/// A desk of two services whose station is taken.
fn desk_of_two(broker: &Broker) -> Desk {
    let me = Command::new("id").arg("-un").output().unwrap();
    let me = String::from_utf8(me.stdout).unwrap();
    let desk = Desk::new(&at(broker.port));
    let file = desk.0.path().join("sidetone.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let socket = desk.0.path().join("uplink.sock");
    let seam = format!(
        "\n[uplink]\nsocket = {socket:?}\nsessions = 'listed'\nusers = ['{}']\n",
        me.trim()
    );
    std::fs::write(&file, text + &seam).unwrap();
    desk
}

#[test]
fn the_doctor_knows_the_two_services() {
    let broker = Broker::start("");
    let desk = desk_of_two(&broker);
    desk.examined_until("services", "skipped", "One process does everything");
    let station = desk.run("station");
    desk.examined_until("services", "problem", "The uplink does not run");
    let uplink = desk.run("uplink");
    let found = desk.examined_until("services", "ok", "its socket is");
    found.says("services", "ok", "is one of uplink.users", "");
    found.says("service", "skipped", "Two services do its work", "");
    // What the station knows of the uplink's connection.
    let found = desk.examined_until("broker", "ok", "is connected with MQTT 5.");
    let differ = |entry: &&&serde_json::Value| {
        let summary = entry["summary"].as_str().unwrap_or_default();
        entry["id"] == "services" && summary.contains("is version")
    };
    assert_eq!(found.with_status("warning").iter().find(differ), None);
    drop(station);
    drop(uplink);
}

/// Carries bytes until one end closes, with these words in place of those.
fn carry(from: UnixStream, mut to: UnixStream, words: Option<(&'static str, &'static str)>) {
    std::thread::spawn(move || {
        for line in BufReader::new(&from).split(b'\n').map_while(Result::ok) {
            let mut line = String::from_utf8(line).unwrap();
            if let Some((these, those)) = words {
                line = line.replace(these, those);
            }
            if writeln!(to, "{line}").is_err() {
                break;
            }
        }
        let _ = from.shutdown(std::net::Shutdown::Both);
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}

/// An uplink of the same protocol and another version: the real one, behind a relay that changes what it says of itself.
#[test]
fn the_doctor_says_that_the_two_services_are_of_different_versions() {
    let broker = Broker::start("");
    let desk = desk_of_two(&broker);
    let path = |name: &str| desk.0.path().join(name);
    let text = std::fs::read_to_string(path("sidetone.toml")).unwrap();
    let elsewhere = text.replace("uplink.sock", "relay.sock");
    std::fs::write(path("station.toml"), elsewhere).unwrap();
    let (relay, socket) = (
        UnixListener::bind(path("relay.sock")).unwrap(),
        path("uplink.sock"),
    );
    std::thread::spawn(move || {
        for station in relay.incoming().map_while(Result::ok) {
            let Ok(uplink) = UnixStream::connect(&socket) else {
                continue;
            };
            let back = (uplink.try_clone().unwrap(), station.try_clone().unwrap());
            carry(station, uplink, None);
            let own = concat!(r#""uplink_version":""#, env!("CARGO_PKG_VERSION"), '"');
            carry(back.0, back.1, Some((own, r#""uplink_version":"0.0.7""#)));
        }
    });
    let _uplink = desk.run("uplink");
    let _station = desk.run_with("station", "station.toml");
    let own = env!("CARGO_PKG_VERSION");
    let words = format!("The station is version {own}, and the uplink 0.0.7.");
    let found = desk.examined_until("services", "warning", &words);
    let restart = "sudo systemctl restart sidetone-uplink; systemctl --user restart";
    found.says("services", "warning", &words, restart);
}
