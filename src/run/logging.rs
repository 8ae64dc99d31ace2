//! Logs to standard error: to a person with colours and times, to the journal without.

use std::io::IsTerminal;
use std::sync::{Mutex, OnceLock};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// Starts logging. `SIDETONE_LOG` overrides `level`, e.g. `debug` or `sidetone::uplink=debug`.
/// A second call in one process changes nothing.
pub(crate) fn start(level: &str) {
    let filter = EnvFilter::try_from_env("SIDETONE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // The journal stamps each line itself.
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_timer(Clock { silent: journal })
        .with_filter_reloading();
    let handle = builder.reload_handle();
    if builder.try_init().is_ok() && std::env::var_os("SIDETONE_LOG").is_none() {
        let set = move |level: &str| {
            // The subscriber lives as long as the process.
            let _ = handle.reload(EnvFilter::new(level));
        };
        let _ = SET_LEVEL.set((Box::new(set), Mutex::new(level.to_owned())));
    }
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

struct Clock {
    silent: bool,
}

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        if self.silent {
            Ok(())
        } else {
            SystemTime.format_time(writer)
        }
    }
}
