//! Who runs, and who holds a device open, from `/proc`. Of other users' processes only the names are seen.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: u32,
    /// At most 15 characters, as the kernel keeps it.
    pub(super) name: String,
    /// Whose it is.
    pub(super) user: u32,
    /// Its command line.
    pub(super) command: Vec<String>,
}

/// A process that has a device open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) process: Process,
    /// It may write there.
    pub(super) writes: bool,
}

/// All processes, in the order of their ids.
pub(super) fn processes(proc: &Path) -> Vec<Process> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let mut ids: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    ids.sort_unstable();
    ids.into_iter().filter_map(|id| process(proc, id)).collect()
}

/// The process that this id, or this thread's id, belongs to.
pub(super) fn process(proc: &Path, id: u32) -> Option<Process> {
    let directory = proc.join(id.to_string());
    let status = fs::read_to_string(directory.join("status")).unwrap_or_default();
    let group = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    let group = group.and_then(|text| text.trim().parse().ok());
    if let Some(group) = group.filter(|group| *group != id) {
        return process(proc, group);
    }
    let name = fs::read_to_string(directory.join("comm")).ok()?;
    let command = fs::read(directory.join("cmdline")).unwrap_or_default();
    let words = command.split(|byte| *byte == 0).filter(|w| !w.is_empty());
    Some(Process {
        id,
        name: name.trim().to_owned(),
        // The directory of a process that may not be dumped belongs to root.
        user: effective_user(&status).or_else(|| Some(fs::metadata(&directory).ok()?.uid()))?,
        command: words
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect(),
    })
}

/// Of the four ids behind `Uid:` the second (proc(5)).
fn effective_user(status: &str) -> Option<u32> {
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    ids.split_whitespace().nth(1)?.parse().ok()
}

/// The processes that have this device open, as far as this user may see them; we ourselves are not told.
pub(super) fn holders(proc: &Path, device: &Path) -> Vec<Holder> {
    // A node that is a link is held under the name it leads to.
    let real = fs::read_link(device).unwrap_or_else(|_| device.to_owned());
    let is_it = |target: PathBuf| target == device || target == real;
    let others = processes(proc)
        .into_iter()
        .filter(|process| process.id != std::process::id());
    others
        .filter_map(|process| {
            let directory = proc.join(process.id.to_string());
            let open = fs::read_dir(directory.join("fd")).ok()?.flatten();
            let mut modes = open
                .filter(|entry| fs::read_link(entry.path()).is_ok_and(is_it))
                .map(|entry| {
                    let info = directory.join("fdinfo").join(entry.file_name());
                    may_write(&fs::read_to_string(info).unwrap_or_default())
                })
                .peekable();
            modes.peek()?;
            let writes = modes.any(|writes| writes);
            Some(Holder { process, writes })
        })
        .collect()
}

/// Whether the open flags (octal, proc(5) `fdinfo`) say `O_WRONLY` or `O_RDWR`.
fn may_write(info: &str) -> bool {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|text| u32::from_str_radix(text.trim(), 8).ok());
    flags.is_some_and(|flags| flags & 0o3 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn who_holds_a_device_and_whether_to_write_is_seen() {
        let root = tempfile::tempdir().unwrap();
        let device = Path::new("/dev/hidraw7");
        for (id, name, flags) in [
            (4_000_001, "chrome", "02100000"),
            (4_000_002, "jabridge", "02100002"),
        ] {
            let directory = root.path().join(id.to_string());
            fs::create_dir_all(directory.join("fd")).unwrap();
            fs::create_dir_all(directory.join("fdinfo")).unwrap();
            fs::write(directory.join("comm"), format!("{name}\n")).unwrap();
            fs::write(
                directory.join("cmdline"),
                format!("/usr/bin/{name}\0--now\0"),
            )
            .unwrap();
            symlink("/dev/null", directory.join("fd/0")).unwrap();
            symlink(device, directory.join("fd/12")).unwrap();
            fs::write(
                directory.join("fdinfo/12"),
                format!("pos:\t0\nflags:\t{flags}\n"),
            )
            .unwrap();
        }
        let seen: Vec<_> = holders(root.path(), device)
            .into_iter()
            .map(|holder| {
                (
                    holder.process.name,
                    holder.process.command.len(),
                    holder.writes,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("chrome".to_owned(), 2, false),
                ("jabridge".to_owned(), 2, true)
            ]
        );
        assert_eq!(holders(root.path(), Path::new("/dev/hidraw8")), []);
    }
}
