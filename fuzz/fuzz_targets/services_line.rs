//! What a local user's process says to the uplink, and what a station hears.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone::services::frames::Frames;
use sidetone::services::{ToStation, ToUplink};

fuzz_target!(|input: &[u8]| {
    let (mut uplink, mut station) = (Frames::default(), Frames::default());
    // In pieces: the first byte says how long.
    let (length, bytes) = input
        .split_first()
        .map_or((1, input), |(n, rest)| (usize::from(*n) + 1, rest));
    for piece in bytes.chunks(length) {
        uplink.push(piece);
        while let Ok(Some(_)) = uplink.message::<ToUplink>() {}
        station.push(piece);
        while let Ok(Some(_)) = station.message::<ToStation>() {}
    }
});
