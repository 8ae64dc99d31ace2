//! The program's own log: to a person on standard error, with times and colours; to the journal with fields.
//!
//! Under systemd each line goes to the journal by its native protocol: the sentence as `MESSAGE`, its figures as
//! fields of their own (`SIDETONE_BROKER`, `SIDETONE_PATH`, `SIDETONE_ERROR`…), the part of the program as `TARGET`.
//! Never in a log, at whatever level: samples, logins, serial numbers, ids and numbers of a softphone's calls
//! (`tests/daemon_log.rs`).

use rustix::fs::fstat;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, OnceLock};
use tracing::level_filters::LevelFilter;
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

/// Starts logging. `SIDETONE_LOG` overrides `level`, e.g. `debug` or `sidetone::uplink=debug`.
/// A second call in one process changes nothing.
pub(crate) fn start(level: &str) {
    let wanted = std::env::var("SIDETONE_LOG").ok();
    let wanted = wanted.as_deref().and_then(|wanted| wanted.parse().ok());
    let overridden = wanted.is_some();
    let (filter, handle) = reload::Layer::new(wanted.unwrap_or_else(|| from(level)));
    let log = Registry::default().with(lines().with_filter(filter));
    if log.try_init().is_ok() && !overridden {
        let set = move |level: &str| {
            // The subscriber lives as long as the process.
            let _ = handle.reload(from(level));
        };
        let _ = SET_LEVEL.set((Box::new(set), Mutex::new(level.to_owned())));
    }
}

/// What is said from this level on. (Not `EnvFilter`: its regular expressions are a twentieth of the program.)
fn from(level: &str) -> Targets {
    let level = level.parse().unwrap_or(LevelFilter::INFO);
    Targets::new().with_default(level)
}

/// Another level from now on, unless `SIDETONE_LOG` has the say.
pub(super) fn set_level(level: &str) {
    let Some((set, last)) = SET_LEVEL.get() else {
        return;
    };
    if let Ok(mut last) = last.lock()
        && *last != level
    {
        set(level);
        level.clone_into(&mut last);
    }
}

/// Changes the level of the running log, and which one it has.
type SetLevel = (Box<dyn Fn(&str) + Send + Sync>, Mutex<String>);

static SET_LEVEL: OnceLock<SetLevel> = OnceLock::new();

/// Where lines go: to the journal if standard error does, else to standard error.
fn lines() -> Box<dyn Layer<Registry> + Send + Sync> {
    let journal = std::env::var_os("JOURNAL_STREAM").is_some_and(|stream| is_stderr(&stream));
    match journal.then(journal_lines) {
        Some(Ok(lines)) => lines.boxed(),
        // The journal stamps what it reads of standard error by itself.
        Some(Err(_)) => person_lines().without_time().boxed(),
        None => person_lines().boxed(),
    }
}

fn person_lines()
-> fmt::Layer<Registry, fmt::format::DefaultFields, fmt::format::Format, fn() -> io::Stderr> {
    fmt::layer()
        .with_writer(io::stderr as fn() -> io::Stderr)
        .with_ansi(io::stderr().is_terminal())
}

/// Priorities as systemd's own programs use them: `info` is no notice.
fn journal_lines() -> io::Result<tracing_journald::Layer> {
    let priorities = PriorityMappings {
        error: Priority::Error,
        warn: Priority::Warning,
        info: Priority::Informational,
        debug: Priority::Debug,
        trace: Priority::Debug,
    };
    let lines = tracing_journald::layer()?
        .with_field_prefix(Some("SIDETONE".to_owned()))
        .with_syslog_identifier("sidetone".to_owned())
        .with_priority_mappings(priorities);
    Ok(lines)
}

/// Whether `$JOURNAL_STREAM` (device and inode, systemd.exec(5)) is this process' standard error: a shell that runs
/// below a unit hands the variable on to programs whose output goes elsewhere.
fn is_stderr(journal_stream: &OsStr) -> bool {
    let Ok(stderr) = fstat(rustix::stdio::stderr()) else {
        return false;
    };
    journal_stream.to_str() == Some(&format!("{}:{}", stderr.st_dev, stderr.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_taken_for_it_only_where_standard_error_is_it() {
        let own = fstat(rustix::stdio::stderr()).unwrap();
        let own = format!("{}:{}", own.st_dev, own.st_ino);
        assert!(is_stderr(OsStr::new(&own)));
        for other in ["", "9:12345", &format!("{own}0"), &format!("{own} ")] {
            assert!(!is_stderr(OsStr::new(other)), "{other:?}");
        }
    }
}
