//! The daemon as two processes, `uplink` and `station`: recorded headset, real broker, either half killed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/board.rs"]
mod board;
#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/halves.rs"]
mod halves;
#[path = "support/testbed.rs"]
mod testbed;

use board::Board;
use broker::{Broker, PERSISTENT, Seen, Watcher};
use daemon::{Desk, PROGRAM};
use halves::{calls, desk_with, has, latest_is, office, raise, said, station, uplink};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use testbed::{HidHeadset, OFF_HOOK, ON_HOOK, quick_disconnect};

#[tokio::test]
async fn a_call_goes_from_report_to_subscriber_through_both_halves() {
    let (_broker, watcher, headset, desk) = office("");
    // The uplink is away when the station starts.
    let mut station = station(&desk, &headset);
    station.until("its search", |log| has(log, "the uplink is away"));
    let mut uplink = uplink(&desk);
    raise(&watcher, &headset).await;
    headset.send(&quick_disconnect(false));
    headset.send(ON_HOOK);
    watcher
        .until("the call's end", |seen| said(seen, "call.ended") == 1)
        .await;
    assert!(station.terminate().success());
    watcher
        .until("nobody there", |seen| {
            latest_is(seen, "/status", "reason", "no_session")
        })
        .await;
    assert!(uplink.terminate().success());
    let seen = watcher
        .until("the farewell", |seen| {
            latest_is(seen, "/status", "state", "stopped")
        })
        .await;
    assert_eq!(Board::of(&seen).clears(), ["qd_open_in_call condition"]);
    let raised = seen
        .iter()
        .find(|s| s.topic.ends_with("event/alert.raised"));
    let agent = raised.unwrap().json()["agent"].as_str().unwrap().to_owned();
    assert_eq!(agent.len(), 16, "whose call it is, the kernel says");
    let reports = seen
        .iter()
        .filter(|s| s.topic.ends_with("/config/reported"));
    let named: Vec<_> = reports.map(|s| s.json()["names_agent"].clone()).collect();
    assert_eq!(named, [false, true, false], "while somebody is there");
    // The headset left the inventory with its station.
    let item = seen
        .iter()
        .rfind(|s| s.topic.contains("/inventory/headset-"));
    assert_eq!(item.unwrap().payload, "");
    assert_eq!(uplink.complaints(), [""; 0]);
}

#[tokio::test]
async fn a_killed_station_leaves_one_clear_for_its_alert() {
    let (_broker, watcher, headset, desk) = office("");
    let _uplink = uplink(&desk);
    let first = station(&desk, &headset);
    raise(&watcher, &headset).await;
    first.kill();
    let seen = watcher
        .until("the clear", |seen| {
            latest_is(seen, "/status", "reason", "no_session") && said(seen, "alert.cleared") == 1
        })
        .await;
    assert_eq!(Board::of(&seen).clears(), ["qd_open_in_call restart"]);
    assert!(latest_is(
        &seen,
        "alert/qd_open_in_call/call",
        "state",
        "cleared"
    ));
}

#[tokio::test]
async fn a_call_in_which_the_station_dies_ends_and_what_goes_on_of_it_is_a_new_one() {
    let (_broker, watcher, headset, desk) = office("");
    let uplink = uplink(&desk);
    let first = station(&desk, &headset);
    raise(&watcher, &headset).await;
    first.kill();
    // At once, as systemd does it: within the time the first one would have had to come back.
    let mut second = station(&desk, &headset);
    second.until("its turn", |log| has(log, "this station speaks"));
    headset.send_at_once(OFF_HOOK);
    let seen = watcher
        .until("the next call", |seen| said(seen, "call.started") == 2)
        .await;
    let first_call = calls(&seen)[0].1.clone();
    let restart = Value::from("restart");
    let kinds: Vec<_> = calls(&seen).into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, ["call.started", "call.ended", "call.started"]);
    assert_eq!(
        calls(&seen)[1],
        ("call.ended".to_owned(), first_call.clone(), restart.clone())
    );
    let next_call = calls(&seen)[2].1.clone();
    assert_ne!(next_call, first_call);
    let ended = seen.iter().find(|s| s.topic.ends_with("/call.ended"));
    let ended = ended.unwrap().json();
    assert!(ended["agent"].is_string() && ended["headset"].is_string());
    assert!(ended["duration_s"].as_f64().unwrap() < 60.0, "{ended}");
    assert_eq!(Board::of(&seen).clears(), ["qd_open_in_call restart"]);

    // An uplink that has not seen the call begin ends it all the same, once nobody comes back.
    uplink.kill();
    second.until("its search", |log| has(log, "the uplink is away"));
    let uplink = halves::uplink(&desk);
    uplink.until("the station", |log| has(log, "speaks for this node"));
    assert!(second.is_alive());
    second.kill();
    let seen = watcher
        .until("the end", |seen| said(seen, "call.ended") == 2)
        .await;
    let last = calls(&seen).pop().unwrap();
    assert_eq!(last, ("call.ended".to_owned(), next_call, restart));
    assert_eq!(said(&seen, "alert.cleared"), 1);
}

#[tokio::test]
async fn a_call_in_which_both_halves_die_ends_once() {
    let (_broker, watcher, headset, desk) = office("");
    let (first, second) = (uplink(&desk), station(&desk, &headset));
    raise(&watcher, &headset).await;
    first.kill();
    second.kill();
    let restart = Value::from("restart");
    let ends = |seen: &[Seen], n: usize| {
        let told = calls(seen);
        let kinds: Vec<_> = told.iter().map(|(kind, ..)| kind.as_str()).collect();
        assert_eq!(kinds, ["call.started", "call.ended"].repeat(n));
        for pair in told.chunks(2) {
            assert_eq!((&pair[1].1, &pair[1].2), (&pair[0].1, &restart));
        }
    };

    // The uplink alone comes back, and nobody to it.
    let mut next = uplink(&desk);
    let seen = watcher
        .until("the end", |seen| said(seen, "call.ended") == 1)
        .await;
    ends(&seen, 1);
    let of = |event: &str| {
        seen.iter()
            .find(|s| s.topic.ends_with(event))
            .unwrap()
            .json()
    };
    let (began, ended) = (of("/call.started"), of("/call.ended"));
    assert_eq!(ended["headset"], began["headset"]);
    assert!(ended["ts"].as_u64() >= began["ts"].as_u64());
    assert!(ended["duration_s"].is_null(), "nobody knows");
    assert_eq!(Board::of(&seen).clears(), ["qd_open_in_call restart"]);

    // Both at once: what goes on is a new call, and dies with them again.
    let third = station(&desk, &headset);
    third.until("its turn", |log| has(log, "this station speaks"));
    headset.send_at_once(OFF_HOOK);
    watcher
        .until("the next call", |seen| said(seen, "call.started") == 2)
        .await;
    next.signal("-KILL");
    third.kill();
    let fourth = station(&desk, &headset);
    fourth.until("its search", |log| has(log, "the uplink is away"));
    assert!(!next.is_alive());
    next = uplink(&desk);
    let seen = watcher
        .until("its end", |seen| said(seen, "call.ended") == 2)
        .await;
    ends(&seen, 2);

    // A later start has nothing to end.
    assert!(next.terminate().success());
    let _last = uplink(&desk);
    let seen = watcher
        .until("the last start", |seen| said(seen, "daemon.started") == 4)
        .await;
    ends(&seen, 2);
}

#[tokio::test]
async fn a_call_that_ends_while_the_uplink_is_away_ends_once_and_as_it_did() {
    let (_broker, watcher, headset, desk) = office("");
    let first = uplink(&desk);
    let station = station(&desk, &headset);
    raise(&watcher, &headset).await;
    first.kill();
    station.until("its search", |log| has(log, "the uplink is away"));
    headset.send(ON_HOOK);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let _second = uplink(&desk);
    let seen = watcher
        .until("the end", |seen| said(seen, "call.ended") >= 1)
        .await;
    let told = calls(&seen);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1].2, "hook_on");
    headset.send(OFF_HOOK);
    let seen = watcher
        .until("the next call", |seen| said(seen, "call.started") == 2)
        .await;
    assert_eq!(said(&seen, "call.ended"), 1);
}

#[tokio::test]
async fn a_killed_uplink_costs_nothing_and_clears_nothing_twice() {
    let (_broker, watcher, headset, desk) = office(PERSISTENT);
    let first = uplink(&desk);
    let station = station(&desk, &headset);
    raise(&watcher, &headset).await;
    first.kill();
    station.until("its search", |log| has(log, "the uplink is away"));
    // What happens meanwhile.
    headset.send(&quick_disconnect(false));
    headset.send(&quick_disconnect(true));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let _second = uplink(&desk);
    watcher
        .until("what happened meanwhile", |seen| {
            said(seen, "qd.closed") == 1 && said(seen, "alert.raised") == 2
        })
        .await;
    headset.send(ON_HOOK);
    let seen = watcher
        .until("the call's end", |seen| {
            said(seen, "call.ended") == 1 && said(seen, "alert.cleared") == 2
        })
        .await;
    assert_eq!(
        Board::of(&seen).clears(),
        ["qd_open_in_call condition", "qd_open_in_call call_ended"]
    );
    assert_eq!(said(&seen, "headset.added"), 1, "the station lived on");
    assert_eq!(said(&seen, "daemon.started"), 2);
}

#[tokio::test]
async fn an_alert_outlives_the_uplink_under_its_id() {
    let (_broker, watcher, headset, desk) = office("");
    let first = uplink(&desk);
    let _station = station(&desk, &headset);
    raise(&watcher, &headset).await;
    first.kill();
    let second = uplink(&desk);
    second.until("the station", |log| has(log, "speaks for this node"));
    watcher
        .until("the alert again", |seen| {
            latest_is(seen, "alert/qd_open_in_call/call", "boot", "")
                || seen.iter().any(|s| {
                    s.topic.ends_with("alert/qd_open_in_call/call") && s.json()["boot"] == 2
                })
        })
        .await;
    headset.send(ON_HOOK);
    let seen = watcher
        .until("its end", |seen| said(seen, "alert.cleared") >= 1)
        .await;
    assert_eq!(Board::of(&seen).clears(), ["qd_open_in_call call_ended"]);
    let ids: Vec<_> = seen
        .iter()
        .filter(|s| s.topic.contains("alert/qd_open_in_call") && !s.payload.is_empty())
        .map(|s| s.json()["id"].clone())
        .collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
}

#[tokio::test]
async fn a_station_that_was_away_for_too_long_begins_anew() {
    let (_broker, watcher, headset, desk) = office("");
    let first = uplink(&desk);
    let station = station(&desk, &headset);
    raise(&watcher, &headset).await;
    station.signal("-STOP");
    first.kill();
    let _second = uplink(&desk);
    watcher
        .until("the clear", |seen| said(seen, "alert.cleared") == 1)
        .await;
    station.signal("-CONT");
    station.until("its new beginning", |log| has(log, "it begins anew"));
    // What it had open ends, once; and it hears the headset again.
    watcher
        .until("the headset again", |seen| said(seen, "headset.added") == 2)
        .await;
    headset.send(&quick_disconnect(false));
    headset.send(OFF_HOOK);
    headset.send(&quick_disconnect(true));
    headset.send(ON_HOOK);
    let seen = watcher
        .until("its end", |seen| said(seen, "call.ended") == 2)
        .await;
    let told = calls(&seen);
    let kinds: Vec<_> = told.iter().map(|(kind, ..)| kind.as_str()).collect();
    let twice = ["call.started", "call.ended"].repeat(2);
    assert_eq!(kinds, twice);
    assert!(told[0].1 == told[1].1 && told[1].1 != told[2].1 && told[2].1 == told[3].1);
    assert_eq!(
        Board::of(&seen).clears(),
        ["qd_open_in_call restart", "qd_open_in_call call_ended"]
    );
}

/// Connects and says this; what comes back until the connection ends or `lines` have come.
fn talk(socket: &Path, bytes: &[u8], lines: usize) -> Vec<String> {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // It may be shown the door while it still talks.
    let _ = stream.write_all(bytes);
    let mut said = Vec::new();
    let mut reader = BufReader::new(stream);
    while said.len() < lines {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => said.push(line),
        }
    }
    said
}

fn hello(protocol: u32) -> Vec<u8> {
    format!(
        "{{\"hello\":{{\"protocol\":{protocol},\"version\":\"0.0.1\",\
         \"station\":\"00000000-0000-7000-8000-000000000001\",\"standing\":[],\"lost\":0}}}}\n"
    )
    .into_bytes()
}

#[tokio::test]
async fn hostile_bytes_end_their_own_connection_only() {
    let (_broker, watcher, headset, desk) = office("");
    let uplink = uplink(&desk);
    let _station = station(&desk, &headset);
    watcher
        .until("the headset", |seen| said(seen, "headset.added") == 1)
        .await;
    let socket = desk.path().join("uplink.sock");
    let mut twice = hello(1);
    twice.extend(hello(1));
    for hostile in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"{\"rested\":{}}\n".to_vec(),
        b"\"applied\"\n".to_vec(),
        [b"{\"hello\":".as_slice(), &vec![b'['; 300_000], b"\n"].concat(),
        vec![0; 300_000],
        twice,
    ] {
        let said = talk(&socket, &hostile, usize::MAX);
        assert!(said.len() <= 1, "{said:?}");
        assert!(
            !said.iter().any(|line| line.contains("welcome")),
            "{said:?}"
        );
    }
    // One of a later protocol is told to start again, one of this waits its turn.
    assert!(talk(&socket, &hello(99), 1)[0].contains("restart"));
    assert!(talk(&socket, &hello(1), 1)[0].contains("inactive"));
    uplink.until("the old station", |log| has(log, "still sidetone 0.0.1"));
    raise(&watcher, &headset).await;
}

/// A `loginctl` that says who sits at seat0 by the word in a file: stands in for logind, which needs a machine of
/// its own.
fn logind_says(desk: &Desk, user: u32) {
    let bin = desk.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let program = bin.join("loginctl");
    std::fs::write(
        &program,
        format!(
            "#!/bin/sh\ncase $1 in\nlist-seats) echo seat0;;\nshow-seat) echo c1;;\n\
             show-session) printf 'User=%s\\nClass=user\\n' {user};;\nesac\n"
        ),
    )
    .unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn only_the_user_at_the_seat_speaks_and_the_other_one_rests() {
    let root = rustix::process::geteuid().is_root();
    assert!(root, "this test switches users: run it as root");
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let (headset, desk) = (
        HidHeadset::new(),
        desk_with(&broker, "sessions = \"logind\""),
    );
    std::fs::set_permissions(desk.path(), PermissionsExt::from_mode(0o755)).unwrap();
    logind_says(&desk, 0);
    let mut command = Command::new(PROGRAM);
    let path = std::env::var("PATH").unwrap();
    command.env(
        "PATH",
        format!("{}:{path}", desk.path().join("bin").display()),
    );
    let uplink = desk.run_half("uplink", command);
    uplink.until("its socket", |log| has(log, "started"));
    let at_the_seat = station(&desk, &headset);
    raise(&watcher, &headset).await;

    // The station of another user, who has no business here now.
    let program = desk.path().join("sidetone");
    std::fs::copy(PROGRAM, &program).unwrap();
    let mut nobody = Command::new("setpriv");
    nobody.args([
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--pdeathsig=KILL",
    ]);
    nobody.arg("--").arg(&program);
    let mut other = desk.run_half("station", nobody);
    other.until("its wait", |log| has(log, "this station waits"));

    // The seat changes hands.
    logind_says(&desk, 65534);
    other.until("its turn", |log| has(log, "this station speaks"));
    at_the_seat.until("its rest", |log| has(log, "this station rests"));
    let seen = watcher
        .until("the clear", |seen| said(seen, "alert.cleared") == 1)
        .await;
    assert_eq!(Board::of(&seen).clears(), ["qd_open_in_call suspend"]);
    let ended = seen.len();
    headset.send_at_once(ON_HOOK);

    // And back.
    logind_says(&desk, 0);
    watcher
        .until("the headset again", |seen| said(seen, "headset.added") == 2)
        .await;
    let seen = watcher.all();
    let by_the_first = |s: &Seen| s.topic.contains("/event/call.");
    assert!(!seen[ended..].iter().any(by_the_first), "it rested");
    assert!(other.terminate().success());
    assert!(has(&other.log(), "this station rests"));
}
