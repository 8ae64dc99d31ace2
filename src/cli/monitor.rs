//! `sidetone monitor`

use super::args::MonitorArgs;
use super::{Failure, config, output};
use crate::local::Connection;
use crate::monitor::{Changes, MonitorError, text};
use crate::uplink::outgoing::now_ms;

/// Shows what the daemon of this user knows and sends.
///
/// # Errors
/// [`Failure`], if no daemon runs, the terminal cannot show it, or the output cannot be written.
pub fn run(args: &MonitorArgs) -> Result<(), Failure> {
    // A broken configuration is no reason not to look; the daemon's place seldom depends on it.
    let state_dir = match (config::load(args.config.as_ref()), &args.config) {
        (Ok(loaded), _) => loaded.config.node.effective_state_dir(),
        (Err(failure), Some(_)) => return Err(failure),
        (Err(_), None) => None,
    };
    let open = || Connection::open(state_dir.as_deref());
    match (args.once, args.json) {
        (true, true) => output::print_json(
            &open()
                .and_then(|mut c| c.snapshot())
                .map_err(MonitorError::from)?,
        ),
        (true, false) => {
            let snapshot = open()
                .and_then(|mut c| c.snapshot())
                .map_err(MonitorError::from)?;
            output::print(&text::snapshot(&snapshot, now_ms()))
        }
        (false, true) => {
            let mut changes = Changes::of(open().map_err(MonitorError::from)?);
            loop {
                let line = changes.next_line()?;
                if !output::print_line(&line)? {
                    return Ok(());
                }
            }
        }
        (false, false) => Ok(crate::monitor::live(state_dir)?),
    }
}
