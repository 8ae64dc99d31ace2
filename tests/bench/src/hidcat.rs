//! Prints the input reports of a hidraw node as they come: `SECONDS HEX HEX ..`, seconds since 1970. Opens
//! the node for reading only, so it cannot move the headset.

use crate::clock::unix_seconds;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Runs until the device goes.
///
/// # Errors
/// What opening the node says; a device that goes away is no error.
pub fn print_reports(node: &Path) -> io::Result<()> {
    let mut device = File::open(node)?;
    let mut out = io::stdout().lock();
    let mut report = [0; 4096];
    while let Ok(length) = device.read(&mut report) {
        let bytes: Vec<String> = report[..length]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        writeln!(out, "{:.6} {}", unix_seconds(), bytes.join(" "))?;
        out.flush()?;
    }
    Ok(())
}
