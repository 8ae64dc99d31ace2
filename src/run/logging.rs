//! Logs to standard error: to a person with colours and times, to the journal without.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// Starts logging. `SIDETONE_LOG` overrides `level`, e.g. `debug` or `sidetone::uplink=debug`.
/// A second call in one process changes nothing.
pub(crate) fn start(level: &str) {
    let filter = EnvFilter::try_from_env("SIDETONE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // The journal stamps each line itself.
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_timer(Clock { silent: journal })
        .try_init();
}

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
