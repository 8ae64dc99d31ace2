//! Other programs on the same calls: files for them to judge, and the paired comparison.
//!
//! What is a crate is asked here as the files are written; what is a Python package leaves its answers
//! beside the files (`benches/accuracy/peers/`). Then all are scored alike.

mod aec3;
pub(crate) mod cost;
mod exchange;
mod faults;
mod ranked;
mod ratio;
mod voice;

use crate::Outcome;
use crate::document;
use std::path::Path;

/// Writes every call, and what the peers among the crates say of it.
pub(crate) fn export(folder: &Path, quick: bool) -> Outcome<()> {
    ranked::export(folder, quick)?;
    faults::export(folder, quick)?;
    ratio::export(folder, quick)
}

/// All tables, from the folder that was exported and judged.
pub(crate) fn judge(folder: &Path, quick: bool) -> Outcome<Vec<(&'static str, String)>> {
    Ok(vec![
        ("peers", ranked::judge(folder, quick)?),
        ("peers-ratio", ratio::judge(folder, quick)?),
        ("peers-faults", faults::judge(folder, quick)?),
        ("peers-cost", cost::table(folder)?),
    ])
}

/// Puts the tables into the document.
pub(crate) fn write(tables: &[(&'static str, String)]) -> Outcome<()> {
    tables
        .iter()
        .try_for_each(|(name, table)| document::replace(name, table))
}
