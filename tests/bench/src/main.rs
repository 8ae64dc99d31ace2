//! One program with the bench's tools, so that the guest's image holds one file.

use sidetone_bench::descriptors::Identity;
use sidetone_bench::sounds::{self, Library};
use sidetone_bench::{hidcat, levels, serve, softphone, watch};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage:
  sidetone-bench headset VID:PID SOUNDS [PORT]        an emulated headset; commands on standard input
  sidetone-bench softphone SOURCE SINK SOUNDS [RAW]   a call through PulseAudio; commands on standard input
  sidetone-bench reports /dev/hidrawN                 input reports as they come
  sidetone-bench watch QUIRKS                         what the crate sidetone-devices sees
  sidetone-bench levels RAW [REFERENCE.wav]           how loud, and where the reference is in it";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("sidetone-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `Ok(false)` if the arguments are not understood.
fn run(args: &[&str]) -> Result<bool, Box<dyn Error>> {
    match args {
        ["headset", id, sounds, port @ ..] if port.len() <= 1 => {
            let Some(identity) = identity(id) else {
                return Ok(false);
            };
            let port = port.first().map_or(Ok(0), |p| p.parse())?;
            serve::serve(identity, port, &Library::load(Path::new(sounds))?)?;
        }
        ["softphone", source, sink, sounds, raw @ ..] if raw.len() <= 1 => {
            let library = Library::load(Path::new(sounds))?;
            softphone::call(source, sink, raw.first().map(Path::new), &library)?;
        }
        ["reports", node] => hidcat::print_reports(Path::new(node))?,
        ["watch", quirks] => watch::watch(Path::new(quirks))?,
        ["levels", raw, reference @ ..] if reference.len() <= 1 => {
            print_levels(raw, reference.first().copied())?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn identity(text: &str) -> Option<Identity> {
    let (vendor, product) = text.split_once(':')?;
    Some(Identity {
        vendor: u16::from_str_radix(vendor, 16).ok()?,
        product: u16::from_str_radix(product, 16).ok()?,
    })
}

fn print_levels(raw: &str, reference: Option<&str>) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::read(raw)?;
    let samples: Vec<i16> = bytes
        .chunks_exact(2)
        .filter_map(|pair| pair.first_chunk().map(|p| i16::from_le_bytes(*p)))
        .collect();
    let all = levels::measure(&samples);
    println!(
        "length_ms={} dbov={:.1} zeros_ms={}",
        all.length_ms, all.level.0, all.longest_zeros_ms
    );
    if let Some(reference) = reference {
        let reference = sounds::read(Path::new(reference))?;
        match levels::find(&samples, reference.samples()) {
            Some(found) => println!(
                "found offset_ms={:.2} gain_db={:.1} correlation={:.3}",
                found.offset_ms, found.gain.0, found.correlation
            ),
            None => println!("found nothing: the capture or the reference is too short"),
        }
    }
    Ok(())
}
