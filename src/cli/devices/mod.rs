//! `sidetone devices`

mod view;

use super::args::DevicesArgs;
use super::{Failure, config, output};
use crate::sound_card::sound_cards;
use sidetone_devices::hid;
use sidetone_devices::hid::quirks::QuirkBook;
use std::path::Path;

pub use view::{DevicesView, HeadsetView, InterfaceView, ReportView, UsageView};

/// Prints the headsets that are plugged in now.
///
/// # Errors
/// [`Failure`], if the configuration is wrong (it names quirk files and excluded headsets) or the
/// output cannot be written.
pub fn run(args: &DevicesArgs) -> Result<(), Failure> {
    let devices = config::load(args.config.as_ref())?.config.devices;
    let mut quirks = QuirkBook::built_in();
    if let Some(directory) = &devices.quirks_dir {
        for error in quirks.add_directory(directory) {
            eprintln!("sidetone: {error}");
        }
    }
    let cards = sound_cards(Path::new("/sys"));
    let view = DevicesView::new(hid::list(&quirks), cards, &devices);
    if args.json {
        output::print_json(&view)
    } else {
        output::print(&view.text())
    }
}
