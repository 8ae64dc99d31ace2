//! The manual pages, made of what the program already says of itself: a page for each command from its
//! definition and help text, and `sidetone.toml(5)` from the documented defaults.
//!
//! *Promises*: a command or a key that is added is in the manual without another line anywhere; every
//! example of `--help` is in its page.
//!
//! *Never* fails, and never writes a file: the caller does.

mod commands;
mod settings;

use clap_mangen::roff::Roff;

/// One manual page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The file's name, e.g. `sidetone-run.1`.
    pub name: String,
    /// The page in roff.
    pub text: String,
}

/// All pages: `command` with its subcommands, and the configuration. `date` (YYYY-MM-DD, may be empty)
/// stands at the foot of each.
#[must_use]
pub fn pages(command: clap::Command, date: &str) -> Vec<Page> {
    let mut pages = commands::pages(command, date);
    pages.push(settings::page(date));
    pages
}

/// The title line of every page.
fn title(roff: &mut Roff, name: &str, section: &str, date: &str) {
    let source = concat!("sidetone ", env!("CARGO_PKG_VERSION"));
    roff.control("TH", [name, section, date, source, "Sidetone"]);
}
