use super::{READERS, Server};
use crate::local::client::{ClientError, Connection};
use crate::local::line::Line;
use crate::local::state::{Broker, BrokerConnection, Node, Outbox, Sound, State};
use crate::uplink::SentLog;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;

fn state(boot: u64) -> State {
    State {
        node: Node {
            name: "ws-1".to_owned(),
            org: "acme".to_owned(),
            version: "0".to_owned(),
            boot,
            pid: 1,
            since: 0,
            state: None,
            reason: None,
        },
        broker: Broker {
            url: "mqtt://127.0.0.1".to_owned(),
            connection: BrokerConnection::Connecting,
            reason: None,
            mqtt: None,
            uplink_version: None,
            node_certificate_until: None,
            broker_certificate_until: None,
            connections: 1,
            refused: Vec::new(),
        },
        outbox: Outbox {
            records: 0,
            bytes: 0,
            dropped: 0,
        },
        sound: Sound::default(),
        headsets: Vec::new(),
        troubles: Vec::new(),
        alerts: Vec::new(),
        not_sent: Vec::new(),
    }
}

/// A served directory; the reading end looks nowhere else first.
fn served() -> (TempDir, Server, watch::Sender<SentLog>) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(
        directory.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    let (sent, log) = watch::channel(SentLog::default());
    let server = Server::start(directory.path(), log).unwrap();
    (directory, server, sent)
}

fn connect(directory: &Path) -> Connection {
    Connection::to(&directory.join("status.sock")).unwrap()
}

/// Shows `boot` when it is due, and the reader's next line meanwhile.
async fn next(server: &mut Server, reader: Connection, boot: u64) -> (Connection, Line) {
    let read = tokio::task::spawn_blocking(move || {
        let mut reader = reader;
        let line = reader.next_line().unwrap();
        (reader, line)
    });
    tokio::pin!(read);
    loop {
        tokio::select! {
            done = &mut read => return done.unwrap(),
            () = server.due() => server.show(state(boot)),
        }
    }
}

#[tokio::test]
async fn a_reader_gets_a_snapshot_and_then_what_changes() {
    let (directory, mut server, _sent) = served();
    let reader = connect(directory.path());
    let (reader, line) = next(&mut server, reader, 7).await;
    let Line::Snapshot(snapshot) = line else {
        panic!("{line:?}")
    };
    assert_eq!(snapshot.schema, "sidetone.monitor/1");
    assert_eq!(snapshot.moment.state, state(7));
    let (_reader, line) = next(&mut server, reader, 8).await;
    let Line::State(moment) = line else {
        panic!("{line:?}")
    };
    assert_eq!(moment.state, state(8));
}

#[tokio::test]
async fn nothing_is_due_while_nobody_looks() {
    let (_directory, mut server, _sent) = served();
    let due = tokio::time::timeout(Duration::from_millis(300), server.due());
    assert!(due.await.is_err(), "three periods have passed");
}

#[tokio::test]
async fn a_reader_too_many_is_told_so_and_one_that_left_makes_room() {
    let (directory, mut server, _sent) = served();
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let (reader, _) = next(&mut server, connect(directory.path()), 1).await;
        readers.push(reader);
    }
    let mut surplus = connect(directory.path());
    let refused = tokio::task::spawn_blocking(move || surplus.snapshot());
    let refused = refused.await.unwrap().unwrap_err();
    assert!(matches!(refused, ClientError::Refused(_)), "{refused}");
    drop(readers);
    loop {
        let mut reader = connect(directory.path());
        let read = tokio::task::spawn_blocking(move || reader.snapshot());
        tokio::pin!(read);
        let read = loop {
            tokio::select! {
                done = &mut read => break done.unwrap(),
                () = server.due() => server.show(state(2)),
            }
        };
        // Until the daemon has seen that they left.
        match read {
            Ok(snapshot) => return assert_eq!(snapshot.moment.state, state(2)),
            Err(ClientError::Refused(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_reader_that_talks_is_dropped() {
    let (directory, mut server, _sent) = served();
    let stream = std::os::unix::net::UnixStream::connect(directory.path().join("status.sock"));
    let mut stream = stream.unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n").unwrap();
    let read = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        let _ = std::io::Read::read_to_end(&mut stream, &mut text);
    });
    tokio::pin!(read);
    loop {
        tokio::select! {
            done = &mut read => return done.unwrap(),
            () = server.due() => server.show(state(1)),
        }
    }
}
