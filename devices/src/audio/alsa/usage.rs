//! Who uses a PCM, from `/proc/asound` and `/proc/PID`.

use std::fs;
use std::path::{Path, PathBuf};

/// Which way the sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Capture,
    Playback,
}

impl Direction {
    /// The letter at the end of the kernel's names for it: `pcm0c`, `pcmC1D0p`.
    fn letter(self) -> char {
        match self {
            Self::Capture => 'c',
            Self::Playback => 'p',
        }
    }
}

/// A process with a running stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub(super) process_id: u32,
    pub(super) name: String,
}

/// The foreign process that runs a stream on this card; ours never counts.
///
/// The status file names only who opened the device first. While it is shared (`dsnoop`), that may be us,
/// or a process that has gone since; then the processes that hold the device file are looked for.
pub(super) fn foreign_user(proc: &Path, card: u32, direction: Direction) -> Option<User> {
    let own = std::process::id();
    let owners = running_owners(proc, card, direction);
    let foreign = owners
        .iter()
        .filter_map(|thread| user(proc, *thread))
        .find(|user| user.process_id != own);
    if foreign.is_some() || owners.is_empty() {
        return foreign;
    }
    let device = format!("/dev/snd/pcmC{card}D");
    processes(proc)
        .filter(|process| *process != own)
        .find(|process| holds(proc, *process, &device, direction))
        .and_then(|process| user(proc, process))
}

/// Threads that opened a running substream of the card.
fn running_owners(proc: &Path, card: u32, direction: Direction) -> Vec<u32> {
    let entries = |path: &Path, prefix: &'static str| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(move |path| file_name(path).starts_with(prefix))
    };
    let pcms = entries(&proc.join(format!("asound/card{card}")), "pcm");
    pcms.filter(|pcm| file_name(pcm).ends_with(direction.letter()))
        .flat_map(|pcm| entries(&pcm, "sub"))
        .filter_map(|sub| running_owner(&fs::read_to_string(sub.join("status")).ok()?))
        .collect()
}

fn file_name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("")
}

/// The `owner_pid` of a substream's status, if it runs. An open stream that does not run (prepared, or
/// drained) carries nothing.
fn running_owner(status: &str) -> Option<u32> {
    let value = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim_start_matches([' ', ':']).trim())
    };
    (value("state")? == "RUNNING").then_some(())?;
    value("owner_pid")?.parse().ok()
}

/// The process that a thread belongs to, with its name.
fn user(proc: &Path, thread: u32) -> Option<User> {
    let status = fs::read_to_string(proc.join(thread.to_string()).join("status")).ok()?;
    let value = |key| status.lines().find_map(|line| line.strip_prefix(key));
    let process_id: u32 = value("Tgid:")?.trim().parse().ok()?;
    let comm = fs::read_to_string(proc.join(process_id.to_string()).join("comm"));
    let name = comm.ok().or_else(|| value("Name:").map(str::to_owned))?;
    Some(User {
        process_id,
        name: name.trim().to_owned(),
    })
}

fn processes(proc: &Path) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// `true` if the process has such a device file open, as far as we may know.
fn holds(proc: &Path, process: u32, device: &str, direction: Direction) -> bool {
    let descriptors = fs::read_dir(proc.join(process.to_string()).join("fd"));
    let targets = descriptors.into_iter().flatten().flatten();
    targets
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|target: PathBuf| {
            let target = target.to_string_lossy();
            target.starts_with(device) && target.ends_with(direction.letter())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    const FOREIGN: u32 = 4_000_001;
    const ITS_THREAD: u32 = 4_000_002;

    /// A `/proc` with one card whose microphone has this status, and one foreign process.
    fn proc(status: &str, holds: bool) -> TempDir {
        let proc = TempDir::new().unwrap();
        let sub = proc.path().join("asound/card1/pcm0c/sub0");
        fs::create_dir_all(&sub).unwrap();
        fs::write(sub.join("status"), status).unwrap();
        for (id, process) in [
            (FOREIGN, FOREIGN),
            (ITS_THREAD, FOREIGN),
            (std::process::id(), std::process::id()),
        ] {
            let folder = proc.path().join(id.to_string());
            fs::create_dir_all(folder.join("fd")).unwrap();
            fs::write(
                folder.join("status"),
                format!("Name:\tworker\nTgid:\t{process}\nPid:\t{id}\n"),
            )
            .unwrap();
            fs::write(folder.join("comm"), "linphone\n").unwrap();
        }
        if holds {
            let fd = proc.path().join(FOREIGN.to_string()).join("fd/9");
            symlink("/dev/snd/pcmC1D0c", fd).unwrap();
        }
        proc
    }

    fn status(state: &str, owner: u32) -> String {
        format!("state: {state}\nowner_pid   : {owner}\ntrigger_time: 33.1\ntstamp      : 0.0\n")
    }

    fn found(status: &str, holds: bool) -> Option<u32> {
        let proc = proc(status, holds);
        foreign_user(proc.path(), 1, Direction::Capture).map(|user| {
            assert_eq!(user.name, "linphone");
            user.process_id
        })
    }

    #[test]
    fn a_running_stream_s_thread_leads_to_its_process() {
        assert_eq!(found(&status("RUNNING", ITS_THREAD), false), Some(FOREIGN));
    }

    #[test]
    fn closed_prepared_and_own_streams_are_no_call() {
        assert_eq!(found("closed\n", true), None);
        assert_eq!(found(&status("PREPARED", ITS_THREAD), true), None);
        assert_eq!(found(&status("RUNNING", std::process::id()), false), None);
    }

    #[test]
    fn behind_a_shared_device_the_other_holder_is_found() {
        assert_eq!(
            found(&status("RUNNING", std::process::id()), true),
            Some(FOREIGN)
        );
        assert_eq!(found(&status("RUNNING", 4_000_009), true), Some(FOREIGN));
        assert_eq!(found(&status("RUNNING", 4_000_009), false), None);
    }

    #[test]
    fn playback_is_not_capture() {
        let proc = proc(&status("RUNNING", ITS_THREAD), true);
        assert_eq!(foreign_user(proc.path(), 1, Direction::Playback), None);
        assert_eq!(foreign_user(proc.path(), 0, Direction::Capture), None);
    }
}
