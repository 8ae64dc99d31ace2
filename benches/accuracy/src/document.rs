//! The parts of docs/measurements.md that are written by this program, between markers.

use crate::Outcome;
use std::path::{Path, PathBuf};

/// The root of the sources.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Puts text between the markers of this name.
pub(crate) fn replace(name: &str, text: &str) -> Outcome<()> {
    let path = root().join("docs/measurements.md");
    let old = std::fs::read_to_string(&path)?;
    let (begin, end) = (
        format!("<!-- {name}: begin -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let missing = || {
        format!(
            "docs/measurements.md has no markers `{name}: begin` and `{name}: end`; put them back"
        )
    };
    let (before, rest) = old.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    std::fs::write(&path, format!("{before}{begin}{text}{end}{after}"))?;
    Ok(())
}

/// Puts a picture into docs/images.
pub(crate) fn picture(name: &str, svg: &str) -> Outcome<()> {
    Ok(std::fs::write(root().join("docs/images").join(name), svg)?)
}
