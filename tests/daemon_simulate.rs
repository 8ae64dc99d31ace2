//! Simulated agents on a real broker: everything they say is of the contract, and made of speech and of
//! input reports.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/board.rs"]
mod board;
#[path = "support/broker.rs"]
mod broker;

use board::Board;
use broker::{Broker, Seen, Watcher};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const NODES: [&str; 2] = ["desk-01", "desk-02"];

/// The running command. Dropping it kills it.
struct Simulation(Child);

impl Simulation {
    fn start(port: u16, state: &Path) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-data/sounds");
        let voices = std::env::var_os("SIDETONE_TEST_SOUNDS").map_or(root, Into::into);
        let child = Command::new(env!("CARGO_BIN_EXE_sidetone"))
            .args(["simulate", "--agents", "2", "--seed", "5", "--org", "acme"])
            .args(["--broker", &format!("mqtt://127.0.0.1:{port}"), "--forget"])
            .args([Path::new("--state-dir"), state])
            .args([Path::new("--voices"), &voices])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// SIGTERM, and a clean end.
    fn terminate(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn of<'s>(seen: &'s [Seen], node: &str) -> impl Iterator<Item = &'s Seen> {
    let prefix = format!("sidetone/v1/acme/node/{node}/");
    seen.iter()
        .filter(move |seen| seen.topic.starts_with(&prefix))
}

/// Figures from when both sides have spoken: until then their level is the noise's.
fn figures(seen: &[Seen], node: &str) -> Vec<serde_json::Value> {
    of(seen, node)
        .filter(|seen| seen.topic.ends_with("/telemetry/audio"))
        .map(Seen::json)
        .filter(|json| {
            ["agent", "customer"]
                .iter()
                .map(|side| json[format!("{side}_active_speech_level_dbov")].as_f64())
                .all(|level| level > Some(-45.0))
        })
        .collect()
}

#[tokio::test]
async fn simulated_agents_speak_and_everything_they_say_is_of_the_contract() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let simulation = Simulation::start(broker.port, state.path());
    watcher
        .until("both calls' figures", |seen| {
            NODES.iter().all(|node| figures(seen, node).len() >= 8)
        })
        .await;
    simulation.terminate();
    let seen = watcher
        .until("the nodes being forgotten", |seen| {
            NODES.iter().all(|node| {
                let last = of(seen, node)
                    .filter(|seen| seen.topic.ends_with("/status"))
                    .last();
                last.is_some_and(|status| status.payload.is_empty())
            })
        })
        .await;

    for node in NODES {
        let said: Vec<Seen> = of(&seen, node)
            .filter(|seen| !seen.payload.is_empty())
            .cloned()
            .collect();
        // Refuses what is not of the contract.
        let board = Board::of(&said);
        assert_eq!(board.the("daemon.started")["boot"], 1);
        assert_eq!(board.the("daemon.started")["site"], "simulated");
        assert!(board.the("daemon.started")["agent"].is_string());
        let (last, stopped) = board.events.last().unwrap();
        assert_eq!(last, "daemon.stopped");
        assert_eq!(stopped["reason"], "signal");
        // The headset's report said it.
        let hook = board.events.iter().find(|(name, _)| name == "hook.off");
        assert_eq!(hook.unwrap().1["provenance"], "reported");
        assert_eq!(board.the("call.ended")["reason"], "stopped");

        for second in figures(&said, node) {
            for side in ["agent", "customer"] {
                let level = |what: &str| second[format!("{side}_{what}")].as_f64().unwrap();
                let speech = level("active_speech_level_dbov");
                assert!((-45.0..-6.0).contains(&speech), "{second}");
                assert!(level("speech_ratio") <= 1.0, "{second}");
            }
            assert_eq!(second["far_source"], "stream");
            assert_eq!(second["lost_samples"], 0);
        }
        let spoke = |side: &str| {
            let ratio = format!("{side}_speech_ratio");
            let all = figures(&said, node);
            all.iter().any(|second| second[&ratio].as_f64() > Some(0.3))
        };
        assert!(spoke("agent") && spoke("customer"), "{node}");
        let headset = said
            .iter()
            .filter(|seen| seen.topic.contains("/inventory/headset-"))
            .find_map(|seen| seen.json()["name"].as_str().map(str::to_owned));
        assert!(headset.unwrap().ends_with("(simulated)"));
    }
    for node in NODES {
        let retained = of(&seen, node).any(|seen| seen.retained);
        assert!(!retained, "{node} was there before");
    }

    // The start counter goes on, so that nobody takes the next run for a repetition.
    let again = Simulation::start(broker.port, state.path());
    let boots_again = |seen: &[Seen]| {
        NODES.iter().all(|node| {
            of(seen, node).any(|seen| {
                seen.topic.ends_with("/event/daemon.started") && seen.json()["boot"] == 2
            })
        })
    };
    watcher.until("the second start", boots_again).await;
    again.terminate();
}

#[test]
fn without_voices_it_says_what_to_install() {
    let empty = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_sidetone"))
        .arg("simulate")
        .args([Path::new("--voices"), empty.path()])
        .args([Path::new("--state-dir"), empty.path()])
        .output()
        .unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(
        said.contains("sudo apt install asterisk-core-sounds-en-wav"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(run.stdout.is_empty());
}

#[test]
fn too_many_agents_are_refused_with_the_limit() {
    let run = Command::new(env!("CARGO_BIN_EXE_sidetone"))
        .args(["simulate", "--agents", "65"])
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("1..=64"));
}
