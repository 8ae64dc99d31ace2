//! A configuration file as a hurried hand may leave it: taken, or refused with its name and place.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone::config::load_text;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Err(error) = load_text("site.toml", text) {
        for line in error.to_string().lines() {
            assert!(line.contains("site.toml"), "{line}");
        }
    }
});
