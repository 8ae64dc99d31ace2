//! Real speech for a test: the prompts of Debian's asterisk-core-sounds packages, one after the other.

use std::path::{Path, PathBuf};

/// Writes about `seconds` of one voice to `file` (mono, 16 bits, as the prompts are sampled).
///
/// # Panics
/// If the prompts have not been fetched: a test that cannot measure must not pass.
pub(crate) fn write(voice: &str, seconds: u32, file: &Path) {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-data/sounds");
    let root = std::env::var_os("SIDETONE_TEST_SOUNDS").map_or(default, PathBuf::from);
    let folder = root.join("usr/share/asterisk/sounds").join(voice);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|_| {
        panic!(
            "the test recordings are not in {}: run `make test-data`, which fetches them",
            root.display()
        )
    });
    let mut prompts: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.metadata().unwrap().len() > 48_000)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "wav"))
        .collect();
    prompts.sort();
    let first = hound::WavReader::open(&prompts[0]).unwrap().spec();
    let wanted = first.sample_rate * seconds;
    let mut wav = hound::WavWriter::create(file, first).unwrap();
    for prompt in prompts {
        for sample in hound::WavReader::open(prompt).unwrap().samples::<i16>() {
            wav.write_sample(sample.unwrap()).unwrap();
        }
        if wav.duration() >= wanted {
            break;
        }
    }
    wav.finalize().unwrap();
}
