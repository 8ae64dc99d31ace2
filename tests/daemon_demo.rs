//! `sidetone demo` as a user starts it: the page shows live agents, and nothing stays behind.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A demonstration whose temporary directory is the test's own.
struct Demo {
    child: Child,
    address: String,
    temporary: TempDir,
}

fn command(temporary: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidetone"));
    command
        .args(["demo", "--agents", "2"])
        .args(arguments)
        .env("TMPDIR", temporary)
        .stdin(Stdio::null());
    command
}

/// The recordings that `make test-data` fetches.
fn voices() -> String {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-data/sounds");
    std::env::var("SIDETONE_TEST_SOUNDS").unwrap_or_else(|_| default.to_owned())
}

impl Demo {
    /// Starts it, and waits until it says where the page is.
    fn start() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut child = command(
            temporary.path(),
            &["--listen", "127.0.0.1:0", "--voices", &voices()],
        )
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("it ended").unwrap();
        let address = first.strip_prefix("http://").unwrap().trim_end_matches('/');
        assert_eq!(
            lines.by_ref().take(2).count(),
            2,
            "two lines of what to see"
        );
        Self {
            address: address.to_owned(),
            child,
            temporary,
        }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        body.to_owned()
    }

    /// The processes that have to do with it: their command lines name its private directory.
    fn processes(&self) -> Vec<String> {
        let mark = self.temporary.path().display().to_string();
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let lines = all.filter_map(|p| std::fs::read(p.path().join("cmdline")).ok());
        lines
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .filter(|line| line.contains(&mark))
            .collect()
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// No process, file or port of it is left.
    fn is_gone(&mut self) {
        let until = Instant::now() + PATIENCE;
        let left = || {
            let files = std::fs::read_dir(self.temporary.path()).unwrap().count();
            (self.processes(), files)
        };
        while left() != (Vec::new(), 0) {
            assert!(Instant::now() < until, "it left {:?}", left());
            std::thread::sleep(Duration::from_millis(50));
        }
        TcpListener::bind(&self.address).expect("the page's port is free again");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_page_shows_live_agents_and_ctrl_c_leaves_nothing() {
    let mut demo = Demo::start();
    let fleet: Value = serde_json::from_str(&demo.get("/api/fleet")).unwrap();
    assert!(fleet["counts"]["heard"].as_u64().unwrap() > 0, "{fleet:#}");
    let nodes = fleet["nodes"].as_array().unwrap();
    let level = nodes
        .iter()
        .find_map(|n| n["sound"]["agent"]["level_dbov"].as_f64());
    assert!(level.is_some(), "{fleet:#}");
    assert!(demo.get("/").contains("board.js"));
    assert!(demo.processes().len() >= 3, "{:?}", demo.processes());
    demo.signal("-INT");
    assert!(demo.child.wait().unwrap().success());
    demo.is_gone();
}

#[test]
fn killed_it_leaves_nothing_either() {
    let mut demo = Demo::start();
    demo.signal("-KILL");
    demo.child.wait().unwrap();
    demo.is_gone();
}

#[test]
fn what_is_missing_is_said_in_one_sentence() {
    let temporary = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| {
        let output = command(temporary.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    };
    let free = ["--listen", "127.0.0.1:0", "--voices", "/nonexistent"];
    assert!(refused(&free).contains("there are no voices in /nonexistent"));
    assert!(refused(&["--listen", "192.0.2.1:80"]).contains("not a loopback address"));
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    assert!(refused(&["--listen", &taken]).contains("is taken by another program"));
    let files = std::fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(files, 0, "nothing is left");
}
