//! The real `sidetone monitor` in a pseudo-terminal, on a real daemon: what is on the screen, that it
//! does not flicker, and that the terminal is given back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/testbed.rs"]
mod testbed;

use broker::{Broker, PATIENCE};
use daemon::{Daemon, Desk, PROGRAM};
use rustix::fd::OwnedFd;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::num::NonZeroU16;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testbed::{HidHeadset, OFF_HOOK, mute};

/// The monitor in a terminal of its own.
struct Terminal {
    keys: OwnedFd,
    line: OwnedFd,
    child: Child,
    /// Everything written so far.
    written: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn start(desk: &Desk, environment: &[(&str, &str)]) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let keys = openpt(flags).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        let line = ioctl_tiocgptpeer(&keys, flags).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&line, size).unwrap();
        let end = || Stdio::from(line.try_clone().unwrap());
        // A session of its own, so that /dev/tty is this terminal.
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", PROGRAM, "monitor"])
            .env("RUNTIME_DIRECTORY", desk.window())
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("NO_COLOR")
            .envs(environment.iter().copied())
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let written = Arc::new(Mutex::new(Vec::new()));
        let (log, reader) = (Arc::clone(&written), keys.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = rustix::io::read(&reader, &mut bytes[..]) {
                log.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            keys,
            line,
            child,
            written,
        }
    }

    fn written(&self) -> Vec<u8> {
        self.written.lock().unwrap().clone()
    }

    fn screen(&self) -> vt100::Parser {
        let mut parser = vt100::Parser::new(size(24), size(80), 0);
        parser.process(&self.written());
        parser
    }

    /// The screen's text once it has this on it.
    fn until(&self, expected: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let text = self.screen().screen().contents();
            if text.contains(expected) {
                return text;
            }
            assert!(Instant::now() < until, "no {expected:?} on\n{text}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn press(&self, keys: &[u8]) {
        assert_eq!(rustix::io::write(&self.keys, keys), Ok(keys.len()));
    }

    fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.line).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON)
    }

    /// Waits for its end, after which the terminal must be as it was.
    fn ended(&mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        while !contains(&self.written(), b"\x1b[?1049l") {
            assert!(Instant::now() < until, "still on the other screen");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(self.echoes(), "raw mode is left");
        let parser = self.screen();
        assert!(!parser.screen().alternate_screen() && !parser.screen().hide_cursor());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The parameters of each SGR sequence.
fn attributes(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let sequences = text.split("\x1b[").skip(1);
    sequences
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            (rest[end..].starts_with('m')).then(|| rest[..end].to_owned())
        })
        .flat_map(|list| {
            list.split(';')
                .map(|n| n.parse().unwrap_or(0))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn start() -> (Broker, HidHeadset, Desk, Daemon) {
    let broker = Broker::start("");
    let (headset, desk) = (
        HidHeadset::new(),
        Desk::new(broker.port, "[audio]\nbackend = \"off\""),
    );
    let daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    daemon.until("the broker", |log| {
        log.iter()
            .any(|line| line.contains("connected to the broker"))
    });
    (broker, headset, desk, daemon)
}

#[test]
fn a_screen_of_80_by_24_follows_the_headset_without_flicker() {
    let (_broker, headset, desk, _daemon) = start();
    let mut terminal = Terminal::start(&desk, &[]);
    terminal.until("Bench Headset");
    assert!(!terminal.echoes(), "keys are read as they come");
    let first = terminal.written().len();
    headset.send(OFF_HOOK);
    headset.send(&mute(true));
    let text = terminal.until("muted at call start");
    for expected in [
        "off hook",
        "MUTED for 0:0",
        "reported by the headset",
        "IN A CALL",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(text.lines().count() <= 24);
    terminal.press(b"\t");
    terminal.until("below sidetone/v1/acme/node/ws-1/");
    let since = terminal.written()[first..].to_vec();
    assert!(!contains(&since, b"\x1b[2J"), "the screen was cleared");
    assert!(!contains(&since, b"\x1b[J") && !contains(&since, b"\x1b[K"));
    assert!(contains(&since, b"\x1b[?2026h"), "synchronized updates");
    assert!(
        attributes(&since)
            .iter()
            .any(|n| (30..38).contains(n) || *n == 38)
    );
    terminal.press(b"q");
    assert_eq!(terminal.ended(), Some(0));
}

#[test]
fn no_color_is_honoured_and_sigterm_gives_the_terminal_back() {
    let (_broker, headset, desk, _daemon) = start();
    let mut terminal = Terminal::start(&desk, &[("NO_COLOR", "1")]);
    headset.send(OFF_HOOK);
    headset.send(&mute(true));
    terminal.until("MUTED for");
    let coloured = |n: &u16| matches!(n, 30..=38 | 40..=48 | 90..=107);
    let attributes = attributes(&terminal.written());
    assert!(!attributes.iter().any(coloured), "{attributes:?}");
    let shell = terminal.child.id();
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
    let own = children.unwrap_or_default().trim().to_owned();
    let pid = if own.is_empty() {
        shell.to_string()
    } else {
        own
    };
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(terminal.ended(), Some(0));
}

#[test]
fn without_a_terminal_one_sentence_says_what_to_do() {
    for term in ["xterm", "dumb"] {
        let output = Command::new(PROGRAM)
            .arg("monitor")
            .env("TERM", term)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.contains("--once"), "{err}");
    }
}
