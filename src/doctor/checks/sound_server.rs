//! The sound server of this session answers, or plain ALSA takes its place.

use super::sound_card::shares_plain_alsa;
use crate::config::AudioBackend;
use crate::doctor::{Check, Desk, Finding};
use rustix::io::Errno;
use sidetone_devices::audio::pulse::ServerError;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) const CHECK: Check = Check {
    id: "sound-server",
    about: "PulseAudio or PipeWire of this session answers, if it is to be used",
    run,
};

/// Restarts whichever of the two runs.
const RESTART: &str =
    "systemctl --user restart pipewire pipewire-pulse wireplumber   (PulseAudio: pulseaudio -k)";

/// Which way to sound Sidetone takes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// None: the configuration says so.
    Off,
    /// A sound server.
    Server,
    /// Plain ALSA.
    Alsa,
}

/// As the daemon decides it.
pub(super) fn way(desk: &Desk) -> Way {
    match desk.config().map(|config| config.audio.backend) {
        Some(AudioBackend::Off) => Way::Off,
        Some(AudioBackend::Alsa) => Way::Alsa,
        Some(AudioBackend::Auto) if matches!(desk.server(), Err(ServerError::NotRunning)) => {
            Way::Alsa
        }
        Some(AudioBackend::Auto | AudioBackend::Pulse) | None => Way::Server,
    }
}

fn run(desk: &Desk) -> Vec<Finding> {
    let backend = desk.config().map(|config| config.audio.backend);
    match backend {
        Some(AudioBackend::Off) => {
            return vec![Finding::skipped(
                "audio.backend = \"off\": no sound is ever opened.",
            )];
        }
        Some(AudioBackend::Alsa) => {
            return vec![Finding::skipped(
                "audio.backend = \"alsa\": plain ALSA is used.",
            )];
        }
        _ => {}
    }
    vec![match desk.server() {
        Ok(look) => Finding::ok(format!("{} answers.", look.name)),
        Err(ServerError::NotRunning)
            if backend != Some(AudioBackend::Pulse) && shares_plain_alsa(desk) =>
        {
            Finding::ok("No sound server runs in this session; plain ALSA is used instead.")
        }
        Err(ServerError::NotRunning) => not_running(desk),
        Err(ServerError::Unreachable { path, error }) => unreachable(path, *error),
        Err(error @ (ServerError::Stalled(_) | ServerError::Closed)) => {
            Finding::problem(sentence(error), RESTART)
        }
        Err(error @ ServerError::Refused(_)) => Finding::problem(
            sentence(error),
            "its cookie is another one: unset PULSE_COOKIE and PULSE_SERVER, or log in again",
        ),
        Err(error) => Finding::problem(sentence(error), "update the sound server, or report this"),
    }]
}

/// The part of the error that says what is wrong; what to do is said apart.
fn sentence(error: &ServerError) -> String {
    let text = error.to_string();
    let text = text.split(';').next().unwrap_or_default();
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

fn not_running(desk: &Desk) -> Finding {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let own = desk.roots.run.join(format!("user/{}", desk.person.id));
    let place = runtime.clone().unwrap_or(own).join("pulse/native");
    let others = others(&desk.roots.run, desk.person.id);
    let what = format!(
        "No sound server runs in this session (no socket {}).",
        place.display()
    );
    if let Some(other) = others.first() {
        return Finding::problem(
            format!("{what} One runs for user {other}."),
            "run Sidetone and `sidetone doctor` as that user",
        );
    }
    if std::env::var_os("PULSE_SERVER").is_some() {
        return Finding::problem(
            "PULSE_SERVER names a sound server that has no socket on this machine.",
            "unset PULSE_SERVER",
        );
    }
    let start = "systemctl --user enable --now pipewire-pulse.socket wireplumber.service";
    Finding::problem(what, format!("log in at the desktop, or: {start}")).with_detail(
        "On a workstation without one, install systemd/asound.conf as /etc/asound.conf: it shares the headset through plain ALSA.",
    )
}

/// Other users with a sound server.
fn others(run: &Path, own: u32) -> Vec<u32> {
    let entries = fs::read_dir(run.join("user"))
        .into_iter()
        .flatten()
        .flatten();
    let mut users: Vec<u32> = entries
        .filter(|entry| entry.path().join("pulse/native").exists())
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|user| *user != own)
        .collect();
    users.sort_unstable();
    users
}

fn unreachable(path: &Path, error: Errno) -> Finding {
    let shown = path.display();
    match error {
        Errno::ACCESS | Errno::PERM => Finding::problem(
            format!("The sound server at {shown} belongs to another user."),
            "run Sidetone and `sidetone doctor` as the person at the desk",
        ),
        Errno::CONNREFUSED => Finding::problem(
            format!("The socket {shown} is left over from a sound server that has ended."),
            RESTART,
        ),
        error => Finding::problem(
            format!("The sound server at {shown} cannot be reached ({error})."),
            RESTART,
        ),
    }
}
