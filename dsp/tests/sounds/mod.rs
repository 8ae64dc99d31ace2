//! Where the recordings are that the accuracy tests and examples measure with.

#![allow(clippy::expect_used, clippy::panic)] // Without recordings there is nothing to measure.

use std::path::{Path, PathBuf};

/// The folder that holds the prompts of the asterisk-core-sounds packages.
///
/// # Panics
/// If they have not been fetched: a test that cannot measure must not pass.
pub(crate) fn prompts() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-data/sounds");
    let root = std::env::var_os("SIDETONE_TEST_SOUNDS").map_or(default, PathBuf::from);
    let prompts = root.join("usr/share/asterisk/sounds");
    assert!(
        prompts.is_dir(),
        "the test recordings are not in {}: run `make test-data`, which fetches them",
        root.display()
    );
    prompts
}

/// A mono 16-bit recording and its sampling rate; full scale is ±1.0.
///
/// # Panics
/// If the file cannot be read.
pub(crate) fn read(path: &Path) -> (u32, Vec<f32>) {
    let mut wav = hound::WavReader::open(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let samples = wav
        .samples::<i16>()
        .map(|sample| f32::from(sample.expect("16-bit samples")) / 32_768.0)
        .collect();
    (wav.spec().sample_rate, samples)
}
