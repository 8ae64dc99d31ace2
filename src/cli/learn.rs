//! `sidetone learn`

use super::args::LearnArgs;
use super::{Failure, config};
use crate::learn::desk::{self, Order};
use sidetone_devices::hid::quirks::QuirkBook;
use std::time::Duration;

/// Learns what the vendor bits of a headset mean, together with a person at the terminal.
///
/// # Errors
/// [`Failure`], if the configuration is wrong (it names quirk files), no headset can be read, or a file
/// cannot be written.
pub fn run(args: &LearnArgs) -> Result<(), Failure> {
    let devices = config::load(args.config.as_ref())?.config.devices;
    let mut quirks = QuirkBook::built_in();
    if let Some(directory) = &devices.quirks_dir {
        for error in quirks.add_directory(directory) {
            eprintln!("sidetone: {error}");
        }
    }
    let order = Order {
        headset: args.headset.clone(),
        out: args.out.clone(),
        capture: args.capture.clone(),
        vendor_name: args.vendor_name.clone(),
        quiet: Duration::from_secs(args.quiet.into()),
    };
    Ok(desk::learn(&order, &quirks)?)
}
