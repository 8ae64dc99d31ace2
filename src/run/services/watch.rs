//! Watches who sits at the workstation, while a station is there.

use crate::config::{SeamConfig, SessionsTaken};
use crate::services::seats::{active_users, id_of};
use crate::services::turns::Admitted;
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Where logind notes what changes at the seats: only that it does is taken from here.
const NOTES: &str = "/run/systemd/seats";

/// A change is told in several notes.
const SETTLES: Duration = Duration::from_millis(100);

/// Asked again after so long, should a change not be noted there.
const PERIOD: Duration = Duration::from_secs(10);

/// Starts it: `present` is how many stations are there. What it tells is who may speak.
pub(super) fn start(
    seam: &SeamConfig,
    present: watch::Receiver<usize>,
) -> mpsc::Receiver<Admitted> {
    let (tell, told) = mpsc::channel(4);
    match seam.sessions {
        SessionsTaken::Logind => drop(tokio::spawn(ask_logind(present, tell))),
        SessionsTaken::Listed => {
            let users = seam.users.clone();
            drop(tokio::spawn(async move {
                let listed = listed(&users, present).await;
                let _ = tell.send(listed).await;
                std::future::pending::<()>().await;
            }));
        }
    }
    told
}

/// The numeric ids of logins: read once the first station is there, as the user list may come from the network.
async fn listed(users: &[String], mut present: watch::Receiver<usize>) -> BTreeSet<u32> {
    let _ = present.wait_for(|present| *present > 0).await;
    let mut ids = BTreeSet::new();
    for user in users {
        match id_of(user).await {
            Some(id) => drop(ids.insert(id)),
            None => tracing::warn!("uplink.users names {user:?}, whom this machine does not know"),
        }
    }
    ids
}

async fn ask_logind(mut present: watch::Receiver<usize>, tell: mpsc::Sender<Admitted>) {
    let mut notes = notes();
    let (mut trouble, mut is_known): (Option<String>, bool) = (None, false);
    while present.wait_for(|present| *present > 0).await.is_ok() {
        match active_users().await {
            Ok(users) => {
                (trouble, is_known) = (None, true);
                if tell.send(users).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                let text = error.to_string();
                if trouble.as_ref() != Some(&text) {
                    tracing::warn!("{text}");
                    trouble = Some(text);
                }
                // Who was known to sit here goes on; at the start it is nobody.
                if !is_known && tell.send(Admitted::new()).await.is_err() {
                    return;
                }
            }
        }
        tokio::select! {
            () = noted(&mut notes) => tokio::time::sleep(SETTLES).await,
            _ = present.changed() => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// A thread that sleeps until logind notes something; it ends with the process.
fn notes() -> Option<mpsc::Receiver<()>> {
    let notes = init(CreateFlags::CLOEXEC).ok()?;
    let what = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::DELETE;
    add_watch(&notes, NOTES, what).ok()?;
    let (tell, noted) = mpsc::channel(1);
    let read = move || {
        let mut room = [0; 4096];
        while rustix::io::read(&notes, &mut room).is_ok_and(|length| length > 0) {
            if let Err(mpsc::error::TrySendError::Closed(())) = tell.try_send(()) {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("seats".to_owned());
    thread.spawn(read).ok()?;
    Some(noted)
}

/// Comes when something was noted.
async fn noted(notes: &mut Option<mpsc::Receiver<()>>) {
    if let Some(notes) = notes
        && notes.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}
