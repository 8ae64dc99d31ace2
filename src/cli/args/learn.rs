//! The arguments of `sidetone learn`.

use clap::Args;
use std::path::PathBuf;

/// `sidetone learn`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone learn                                 the headset that is plugged in
  sidetone learn 047f:c056 --out poly.toml       this one of several, into this file
  sidetone learn 2 --vendor-name Poly            number 2 of the list

You are asked to mute, to pull the quick disconnect, to change the volume and to lift the hook,
each twice. Enter = done, s = the headset has no such thing, r = this step again, q = stop here.
Reports are only read; it works beside a running daemon and softphone.

Two files come of it: a quirk file for `devices.quirks_dir`, and a recording without serial number
that can be given to the makers of Sidetone as a test. What is not clear is said, and not claimed.")]
pub struct LearnArgs {
    /// Which headset, by its number in the list or vendor:product [default: the only one]
    #[arg(value_name = "HEADSET")]
    pub headset: Option<String>,
    /// The quirk file to write [default: VENDOR-PRODUCT.toml]
    #[arg(long, value_name = "FILE.toml")]
    pub out: Option<PathBuf>,
    /// The recording to write [default: VENDOR-PRODUCT.capture]
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// The make, for headsets that do not name it
    #[arg(long, value_name = "NAME")]
    pub vendor_name: Option<String>,
    /// How long nothing is touched at first, to see what moves by itself
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub quiet: u16,
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
