//! Reads what the daemon says, and finds it again when it was restarted.

use super::live::Happening;
use crate::local::Connection;
use crate::local::line::Line;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Between two attempts to find the daemon.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads until nobody listens.
pub(super) fn read(first: Connection, state_dir: Option<&Path>, tell: &Sender<Happening>) {
    let mut connection = Some(first);
    loop {
        let told = match &mut connection {
            Some(open) => open.next_line(),
            None => Connection::open(state_dir).and_then(|mut open| {
                let snapshot = open.snapshot()?;
                connection = Some(open);
                Ok(Line::Snapshot(Box::new(snapshot)))
            }),
        };
        if told.is_err() {
            connection = None;
        }
        let pause = told.is_err();
        let told = told.map_err(|error| error.to_string());
        if tell.blocking_send(Happening::Told(told)).is_err() {
            return;
        }
        if pause {
            std::thread::sleep(PAUSE);
        }
    }
}
