//! From a headset that no quirk file knows to the alert: `sidetone learn` with the recorded headset, then
//! the daemon with the file that was learned.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/testbed.rs"]
mod testbed;

use broker::{Broker, PATIENCE, Seen, Watcher};
use daemon::{Desk, PROGRAM};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use testbed::{HidHeadset, OFF_HOOK, ON_HOOK, mute, quick_disconnect};

/// `sidetone learn` at the other end of two pipes.
struct Learner {
    child: Child,
    keys: ChildStdin,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Learner {
    fn start(headset: &HidHeadset, directory: &Path) -> Self {
        let mut child = headset
            .seen_by(Command::new("umockdev-run"), PROGRAM)
            .args(["learn", "--quiet", "1", "-c", "/dev/null"])
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            keys: child.stdin.take().unwrap(),
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// Waits until a line with this is said.
    fn until(&mut self, what: &str) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no `{what}` in {:#?}", self.said));
            self.said.push(line.clone());
            if line.contains(what) {
                return;
            }
        }
    }

    fn key(&mut self, key: &str) {
        writeln!(self.keys, "{key}").unwrap();
    }

    /// A step of two rounds; each report is seen to move something before it is said to be done.
    fn step(&mut self, name: &str, headset: &HidHeadset, reports: [&[u8]; 2]) {
        for round in ["1/2", "2/2"] {
            for report in reports {
                self.until(&format!("[{name} {round}]"));
                headset.send(report);
                self.until("→");
                self.key("");
            }
        }
    }

    fn end(mut self) -> (bool, Vec<String>) {
        let success = self.child.wait().unwrap().success();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.said.push(line);
        }
        (success, self.said)
    }
}

fn said(seen: &[Seen], event: &str) -> usize {
    let topic = format!("/event/{event}");
    seen.iter().filter(|s| s.topic.ends_with(&topic)).count()
}

#[tokio::test]
async fn a_learned_quick_disconnect_raises_the_alert_in_a_call() {
    let headset = HidHeadset::new();
    let directory = tempfile::tempdir().unwrap();
    let mut learner = Learner::start(&headset, directory.path());
    learner.step("mute", &headset, [&mute(true), &mute(false)]);
    let disconnect = [&quick_disconnect(true)[..], &quick_disconnect(false)];
    learner.step("quick disconnect", &headset, disconnect);
    learner.until("[volume 1/2]");
    learner.key("s");
    learner.step("hook", &headset, [OFF_HOOK, ON_HOOK]);
    let (success, lines) = learner.end();
    assert!(success, "{lines:#?}");
    assert_eq!(headset.written_to(), 0, "no report is written");
    let text = std::fs::read_to_string(directory.path().join("047f-c056.toml")).unwrap();
    assert!(text.contains("meaning = \"qd_open\""), "{text}");
    assert!(text.contains("meaning = \"mute_state\""), "{text}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("Hook Switch (0b:20)"))
    );
    let capture = std::fs::read_to_string(directory.path().join("047f-c056.capture")).unwrap();
    assert!(capture.contains("QuickDisconnect { open: true, verified: true }"));

    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let configuration = format!(
        "[broker]\nurl = \"mqtt://127.0.0.1:{}\"\n[audio]\nbackend = \"off\"",
        broker.port
    );
    let desk = Desk::with_quirks(directory.path(), &configuration);
    let mut daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    watcher
        .until("the headset", |seen| said(seen, "headset.added") == 1)
        .await;
    headset.send(OFF_HOOK);
    headset.send(&quick_disconnect(true));
    let seen = watcher
        .until("the alert", |seen| said(seen, "alert.raised") == 1)
        .await;
    let raised = seen.iter().find(|s| s.topic.ends_with("alert.raised"));
    let raised = raised.unwrap().json();
    assert_eq!(raised["kind"], "qd_open_in_call");
    assert_eq!(raised["provenance"], "reported");
    assert!(daemon.terminate().success());
    assert_eq!(daemon.complaints(), [""; 0]);
}

/// `sidetone learn` in this directory, where nobody answers.
fn learn_without_answers(headset: &HidHeadset, directory: &Path) -> Output {
    let mut learn = headset.seen_by(Command::new("umockdev-run"), PROGRAM);
    learn.args(["learn", "-c", "/dev/null"]);
    learn.current_dir(directory).stdin(Stdio::null());
    learn.output().unwrap()
}

#[test]
fn files_that_exist_are_kept_and_that_is_said_before_anything_is_asked() {
    let headset = HidHeadset::new();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("047f-c056.toml");
    std::fs::write(&file, "mine").unwrap();
    let output = learn_without_answers(&headset, directory.path());
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.contains("047f-c056.toml exists already; name another file with --out"),
        "{err}"
    );
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn the_end_of_input_is_the_end_and_nothing_is_written_of_nothing() {
    let headset = HidHeadset::new();
    let directory = tempfile::tempdir().unwrap();
    let output = learn_without_answers(&headset, directory.path());
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        out.contains("Nothing was tried, so nothing is written."),
        "{out}"
    );
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
