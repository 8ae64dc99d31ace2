//! The adapters for programs and for HTTP addresses, against a small real bridge to a real baresip.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/softphones/mod.rs"]
mod softphones;

use sidetone::config::{ExecConfig, HttpConfig};
use sidetone::softphone::exec::Exec;
use sidetone::softphone::http::Http;
use sidetone::softphone::{Action, Answer, LegId, SignalKind};
use softphones::{
    Baresip, Customer, Driven, Program, Verdict, free_tcp_port, hold_and_resume, wait_for,
};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

fn bridge() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/softphones/bridge.py")
}

fn program(agent: &Baresip, what: &str) -> Vec<String> {
    let port = agent.control.port().to_string();
    let bridge = bridge().display().to_string();
    ["python3", &bridge, &port, what].map(str::to_owned).into()
}

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).into()
}

/// Programs that only tell what this script prints.
fn only_state(script: &str) -> ExecConfig {
    ExecConfig {
        state: shell(script),
        hold: Vec::new(),
        resume: Vec::new(),
        hang_up: Vec::new(),
        application: None,
        poll_ms: 200,
    }
}

#[tokio::test]
async fn programs_hold_and_resume() {
    let agent = Baresip::start("agent");
    let mut driven = Driven::start(Exec::new(ExecConfig {
        state: program(&agent, "state"),
        hold: program(&agent, "hold"),
        resume: program(&agent, "resume"),
        hang_up: Vec::new(),
        application: Some("baresip".to_owned()),
        poll_ms: 200,
    }));
    assert!(matches!(driven.next().await, SignalKind::Up(can) if can.hold && !can.control));
    let customer = Customer::call(agent.sip, 15_000);
    hold_and_resume(&mut driven).await;
    assert_eq!(customer.verdict(), Verdict::HeldAndResumed);
    let gone = driven.order(&LegId::new("9"), Action::Hold).await;
    assert!(
        matches!(&gone, Answer::Refused(why) if why.contains("no call '9'")),
        "{gone:?}"
    );
}

#[tokio::test]
async fn addresses_hold_and_resume() {
    let agent = Baresip::start("agent");
    let port = free_tcp_port();
    let _server = Program::start(
        Command::new("python3")
            .arg(bridge())
            .arg(agent.control.port().to_string())
            .args(["serve", &port.to_string()]),
    );
    wait_for("the bridge", || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    let url = |path: &str| Some(format!("http://127.0.0.1:{port}/{path}").parse().unwrap());
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "open-sesame\n").unwrap();
    let config = HttpConfig {
        state_url: url("calls"),
        hold_url: url("hold"),
        resume_url: url("resume"),
        hang_up_url: None,
        token_file: Some(token.path().to_owned()),
        application: None,
        poll_ms: 200,
    };
    let mut driven = Driven::start(Http::new(config.clone()));
    assert!(matches!(driven.next().await, SignalKind::Up(can) if can.hold && !can.control));
    let customer = Customer::call(agent.sip, 15_000);
    hold_and_resume(&mut driven).await;
    assert_eq!(customer.verdict(), Verdict::HeldAndResumed);
    let gone = driven.order(&LegId::new("9"), Action::Hold).await;
    assert!(
        matches!(&gone, Answer::Refused(why) if why.contains("no call '9'")),
        "{gone:?}"
    );

    let mut stranger = Driven::start(Http::new(HttpConfig {
        token_file: None,
        ..config
    }));
    let down = stranger.next().await;
    assert!(
        matches!(&down, SignalKind::Down { reason } if reason.contains("401") && reason.contains("token")),
        "{down:?}"
    );
}

#[tokio::test]
async fn a_program_that_hangs_or_floods_is_ended_with_its_children() {
    let directory = tempfile::tempdir().unwrap();
    let alive = directory.path().join("alive");
    let hang = format!(
        "(while :; do touch {}; sleep 0.1; done) & wait",
        alive.display()
    );
    for script in [
        hang.as_str(),
        "yes",
        "echo nonsense",
        "echo sorry >&2; exit 3",
    ] {
        let started = Instant::now();
        let mut driven = Driven::start(Exec::new(only_state(script)));
        let down = driven.next().await;
        println!("{script}: {down:?} after {:?}", started.elapsed());
        assert!(
            matches!(down, SignalKind::Down { .. }),
            "{script}: {down:?}"
        );
        // Ends the driver, which would start it again.
        drop(driven);
    }
    std::thread::sleep(Duration::from_millis(300));
    let _ = std::fs::remove_file(&alive);
    std::thread::sleep(Duration::from_millis(500));
    assert!(!alive.exists(), "a child of the hanging program goes on");
}
