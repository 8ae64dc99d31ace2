//! Input reports of any device.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "hid_bodies.rs"]
#[allow(dead_code, reason = "each target runs one of the bodies")]
mod hid_bodies;

fuzz_target!(|input: &[u8]| hid_bodies::report(input));
