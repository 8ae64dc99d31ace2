//! `sidetone doctor`

use super::args::DoctorArgs;
use super::{Failure, output};
use crate::config::{CONFIG_DIR, Source};
use crate::doctor::{Desk, Roots, examine, list};
use std::io::IsTerminal;
use std::path::Path;

/// Columns of a report that goes to a file or another program.
const COLUMNS: u16 = 80;

/// Wider lines are hard to read.
const WIDEST: u16 = 100;

/// Examines this workstation and prints what was found.
///
/// # Errors
/// [`Failure::Problems`], if there are any; else if the output cannot be written.
pub fn run(args: &DoctorArgs) -> Result<(), Failure> {
    if args.list {
        return output::print(&list());
    }
    let source = match &args.config {
        Some(file) => Source::File(file),
        None => Source::Directory(Path::new(CONFIG_DIR)),
    };
    let mut desk = Desk::new(Roots::default(), source);
    desk.try_broker = args.broker;
    let report = examine(desk);
    if args.json {
        output::print_json(&report)?;
    } else {
        let terminal = std::io::stdout().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none();
        output::print(&report.text(columns(terminal).into(), colour))?;
    }
    if report.ok {
        Ok(())
    } else {
        Err(Failure::Problems)
    }
}

fn columns(terminal: bool) -> u16 {
    let size = terminal.then(ratatui::crossterm::terminal::size);
    let size = size.and_then(Result::ok).map(|(columns, _)| columns);
    size.filter(|columns| *columns > 0)
        .map_or(COLUMNS, |columns| columns.min(WIDEST))
}
