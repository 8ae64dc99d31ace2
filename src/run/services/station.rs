//! `sidetone station`: the half that knows headset, sound and call, and no broker.

use super::line::Line;
use super::session::{Ended, speak};
use super::{End, ServiceError};
use crate::config::Config;
use crate::run::RunError;
use crate::run::watchdog::{Signs, Watchdog};
use crate::services::ToStation;
use crate::services::message::Welcome;
use std::time::Duration;

/// While it waits for its turn.
const TICK: Duration = Duration::from_secs(5);

/// Runs until `end` comes. Of the workstation's own files only where the socket is and how much is logged is used:
/// everything else comes from the uplink, so that both go by the same settings.
///
/// # Errors
/// [`RunError`]; an uplink that is not there is none.
pub(super) async fn station(local: &Config, mut end: End) -> Result<(), RunError> {
    let mut line = Line::start(&local.uplink.socket);
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    let mut welcome = None;
    let done = loop {
        let begin = match welcome.take() {
            Some(welcome) => welcome,
            None => match turn(&mut line, &mut end).await {
                Turn::Begin(welcome) => welcome,
                Turn::End => break Ok(()),
                Turn::Outdated(version) => break Err(outdated(version)),
            },
        };
        match speak(*begin, &mut line, &mut end).await? {
            Ended::Told => break Ok(()),
            Ended::Inactive => {}
            Ended::Again(begin) => welcome = Some(begin),
            Ended::Outdated(version) => break Err(outdated(version)),
        }
    };
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    line.close().await;
    tracing::info!("stopped");
    done
}

enum Turn {
    Begin(Box<Welcome>),
    End,
    Outdated(String),
}

/// Waits for this station's turn.
async fn turn(line: &mut Line, end: &mut End) -> Turn {
    let mut watchdog = Watchdog::from_environment();
    loop {
        tokio::select! {
            () = &mut *end => return Turn::End,
            heard = line.next() => match heard {
                ToStation::Welcome(welcome) => return Turn::Begin(welcome),
                ToStation::Restart { version, .. } => return Turn::Outdated(version),
                ToStation::Inactive { reason } => tracing::info!("this station waits: {reason}"),
                _ => {}
            },
            () = tokio::time::sleep(TICK) => {}
        }
        watchdog.tick(Signs {
            supervisor: None,
            sound: None,
        });
    }
}

fn outdated(uplink: String) -> RunError {
    let own = env!("CARGO_PKG_VERSION");
    ServiceError::Outdated { own, uplink }.into()
}
