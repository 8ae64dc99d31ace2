//! Who sits at this workstation: the user of each seat's active session, as logind tells it.
//!
//! Asked through `loginctl`, whose `-p … --value` output systemd promises to keep; its files under `/run/systemd` are
//! private, and a D-Bus crate would bring forty others for two questions. That something has changed is taken from
//! those files' directory (inotify), but not what: if that ever moves, the poll remains.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// More seats than that no workstation has.
const SEATS: usize = 16;

/// Why nobody can be named.
#[derive(Debug, thiserror::Error)]
pub enum SeatError {
    /// `loginctl` did not answer.
    #[error(
        "logind cannot be asked who sits here ({0}); without it set uplink.sessions = \"listed\" and uplink.users"
    )]
    Silent(String),
}

/// The users (numeric ids) of all seats' active sessions. Empty while nobody is logged in, or a greeter shows.
///
/// # Errors
/// [`SeatError`], if there is no logind.
pub async fn active_users() -> Result<BTreeSet<u32>, SeatError> {
    let seats = ask(&["list-seats", "--no-legend"]).await?;
    let mut users = BTreeSet::new();
    for seat in names(&seats).take(SEATS) {
        let session = ask(&["show-seat", seat, "-p", "ActiveSession", "--value"]).await?;
        let Some(session) = names(&session).next() else {
            continue;
        };
        let about = ask(&["show-session", session, "-p", "User", "-p", "Class"]).await;
        // It may have ended between the two questions.
        users.extend(about.ok().as_deref().and_then(user_of));
    }
    Ok(users)
}

/// The login name of a user.
pub async fn login_of(user: u32) -> Option<String> {
    let entry = output("getent", &["passwd", &user.to_string()])
        .await
        .ok()?;
    let login = entry.split(':').next().filter(|login| !login.is_empty())?;
    Some(login.to_owned())
}

/// The numeric id of a login.
pub async fn id_of(login: &str) -> Option<u32> {
    // A name that is a number would be looked up as one.
    let entry = output("getent", &["passwd", "--", login]).await.ok()?;
    let mut fields = entry.split(':');
    let is_its = fields.next() == Some(login);
    fields.nth(1)?.parse().ok().filter(|_| is_its)
}

async fn ask(arguments: &[&str]) -> Result<String, SeatError> {
    let answer = output("loginctl", arguments).await;
    answer.map_err(SeatError::Silent)
}

async fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let done = tokio::time::timeout(PATIENCE, child)
        .await
        .map_err(|_| format!("{program} did not answer"))?
        .map_err(|error| format!("{program}: {error}"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{program}: {}", said.trim()));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// The first word of each line: seats and sessions have no spaces in their names.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.split_ascii_whitespace().next())
        .filter(|name| !name.starts_with('-'))
}

/// The user of a session, if it is a person's and no greeter's.
fn user_of(about: &str) -> Option<u32> {
    let value = |key| about.lines().find_map(|line| line.strip_prefix(key));
    let class = value("Class=")?;
    let is_person = class == "user" || class.starts_with("user-");
    value("User=")?.trim().parse().ok().filter(|_| is_person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeter_is_nobody() {
        assert_eq!(user_of("User=1000\nClass=user\n"), Some(1000));
        assert_eq!(user_of("Class=user-early\nUser=1000\n"), Some(1000));
        assert_eq!(user_of("User=120\nClass=greeter\n"), None);
        assert_eq!(user_of("Class=user\n"), None);
        assert_eq!(
            names("seat0\nseat1\n").collect::<Vec<_>>(),
            ["seat0", "seat1"]
        );
        assert_eq!(names("\n").next(), None);
    }

    #[tokio::test]
    async fn root_is_called_root() {
        assert_eq!(login_of(0).await.as_deref(), Some("root"));
        assert_eq!(login_of(4_000_000_000).await, None);
        assert_eq!((id_of("root").await, id_of("0").await), (Some(0), None));
    }
}
