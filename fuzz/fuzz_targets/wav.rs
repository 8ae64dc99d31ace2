//! A recorded call as anybody may give it to `sidetone analyze`: analysed to its end, or one sentence why not.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone::alerts::config::AlertConfig;
use sidetone::analyze::analyze;
use sidetone::analyze::wav::WavFile;
use sidetone::config::defaults;
use std::io::Cursor;
use std::sync::LazyLock;

static LIMITS: LazyLock<AlertConfig> = LazyLock::new(|| defaults().expect("the defaults").alerts);

fuzz_target!(|input: &[u8]| {
    let wav = match WavFile::new(Cursor::new(input)) {
        Ok(wav) => wav,
        Err(fault) => return assert!(!fault.to_string().is_empty()),
    };
    let mut rows = 0;
    let whole = (wav.duration_s() * 100.0 + 1e-9) as u64;
    let done = analyze(wav, &LIMITS, |row| {
        assert_eq!(row.frame, rows);
        rows += 1;
        Ok(())
    });
    if let Ok(analysis) = done {
        assert_eq!(rows, whole);
        serde_json::to_vec(&analysis).expect("JSON");
    }
});
