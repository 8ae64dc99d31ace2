//! `identify`: shows the person at the desk which workstation this is. Nothing is written to a headset and nothing
//! is played: a call may be on.

use sidetone_wire::command::ShownOn;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// A session without a notification service may take its time to say so.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is shown.
pub(super) fn text(node: &str) -> String {
    format!("IT asks which workstation this is: it is {node}")
}

/// Shows a text as a notification of the desktop, through `notify-send` (Debian: libnotify-bin), and says whether
/// that worked.
pub(super) async fn on_desktop(text: &str) -> ShownOn {
    let shown = Command::new("notify-send")
        .args([
            "--app-name=Sidetone",
            "--urgency=critical",
            "Sidetone",
            text,
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    match tokio::time::timeout(PATIENCE, shown).await {
        Ok(Ok(status)) if status.success() => ShownOn::Desktop,
        _ => ShownOn::Log,
    }
}
