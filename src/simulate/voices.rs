//! The voices: spoken prompts as Debian packages them for telephone exchanges.
//!
//! *Promises*: a speaker is a folder of WAV files; silence around each prompt is cut off, and all are
//! brought to one level.
//!
//! *Fails* with one sentence that says which package holds voices and how to get it.
//!
//! *Never* reads more than a few minutes of each speaker.

use super::conversation::Repertoire;
use crate::analyze::wav::{WavError, WavFile};
use sidetone_dsp::side::p56::SpeechVoltmeter;
use sidetone_dsp::units::SampleRate;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where Debian's packages put them.
const INSTALLED: &str = "usr/share/asterisk/sounds";

/// Where `scripts/fetch-sounds` unpacks them.
const FETCHED: &str = "target/test-data/sounds";

/// Sampling rate of the prompts in Hz.
pub(super) const PROMPT_RATE: u32 = 8_000;

/// Prompts of a turn: so long, in seconds, and at most so many of a speaker.
const TURN_S: (f64, f64) = (1.3, 7.0);
const TURNS: usize = 60;

/// Prompts said while listening.
const SHORT_S: (f64, f64) = (0.25, 0.8);
const SHORTS: usize = 20;

/// A speaker with fewer usable prompts of a turn than this has nothing to say.
const FEWEST: usize = 10;

/// Active speech level to which every prompt is brought, in dBov: nominal (ITU-T P.56 tests).
const LEVEL_DBOV: f32 = -26.0;

/// Quieter than this share of the loudest sample is silence around a prompt.
const SILENCE: f32 = 0.02;

/// Why there are no voices.
#[derive(Debug, thiserror::Error)]
pub enum VoicesError {
    /// Nowhere.
    #[error(
        "there are no voices in {looked_in}: install them with `sudo apt install asterisk-core-sounds-en-wav asterisk-core-sounds-fr-wav asterisk-core-sounds-it-wav`, or fetch them with `scripts/fetch-sounds`, or name a folder of WAV files with --voices"
    )]
    None {
        /// The folders.
        looked_in: String,
    },
    /// A file of a speaker is no WAV file.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// A folder cannot be read.
    #[error("the voices in {folder} cannot be read: {source}; check the permissions", folder = folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// One prompt: mono at [`PROMPT_RATE`], at nominal level.
pub(super) type Prompt = Arc<[i16]>;

/// A person who speaks the prompts.
#[derive(Debug)]
pub(super) struct Speaker {
    pub(super) turns: Vec<Prompt>,
    pub(super) short: Vec<Prompt>,
}

/// A speaker, and how high: the same recordings a little faster are another person.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    pub(super) speaker: Arc<Speaker>,
    /// Speed of playing, about 1.
    pub(super) pitch: f32,
}

impl Voice {
    pub(super) fn repertoire(&self) -> Repertoire {
        let lengths = |prompts: &[Prompt]| {
            let seconds = |prompt: &Prompt| prompt.len() as f64 / f64::from(PROMPT_RATE);
            let pitch = f64::from(self.pitch);
            prompts.iter().map(|p| seconds(p) / pitch).collect()
        };
        Repertoire {
            turns: lengths(&self.speaker.turns),
            short: lengths(&self.speaker.short),
        }
    }
}

/// The speakers of `folder`, or of wherever voices are usually found; at least one.
///
/// # Errors
/// [`VoicesError`] if there are none.
pub(super) fn speakers(folder: Option<&Path>) -> Result<Vec<Arc<Speaker>>, VoicesError> {
    let folders: Vec<PathBuf> = match folder {
        Some(folder) => vec![folder.to_owned(), folder.join(INSTALLED)],
        None => vec![
            Path::new("/").join(INSTALLED),
            Path::new(FETCHED).join(INSTALLED),
        ],
    };
    for folder in &folders {
        let found = speakers_in(folder)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let names: Vec<String> = match folder {
        Some(folder) => vec![folder.display().to_string()],
        None => vec![format!("/{INSTALLED}"), FETCHED.to_owned()],
    };
    Err(VoicesError::None {
        looked_in: names.join(" or "),
    })
}

/// Each folder in `folder` is a speaker; languages also stand there under a second name.
fn speakers_in(folder: &Path) -> Result<Vec<Arc<Speaker>>, VoicesError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let places: BTreeSet<PathBuf> = entries(folder)?
        .into_iter()
        .filter(|path| path.is_dir())
        .filter_map(|path| fs::canonicalize(path).ok())
        .collect();
    let mut speakers = Vec::new();
    for place in places {
        let files = wav_files(&place)?;
        let turns = load(&pick(&files, TURN_S, TURNS))?;
        let short = load(&pick(&files, SHORT_S, SHORTS))?;
        if turns.len() >= FEWEST && !short.is_empty() {
            speakers.push(Arc::new(Speaker { turns, short }));
        }
    }
    Ok(speakers)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, VoicesError> {
    let failed = |source| VoicesError::Folder {
        folder: folder.to_owned(),
        source,
    };
    let entries = fs::read_dir(folder).map_err(failed)?;
    entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
        .collect()
}

/// The WAV files of a folder with their sizes in bytes, in the order of their names.
fn wav_files(folder: &Path) -> Result<Vec<(PathBuf, u64)>, VoicesError> {
    let mut files: Vec<(PathBuf, u64)> = entries(folder)?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "wav"))
        .filter_map(|path| {
            let size = fs::metadata(&path).ok()?.len();
            Some((path, size))
        })
        .collect();
    files.sort();
    Ok(files)
}

/// At most so many files of such a length, from all over the list.
fn pick(files: &[(PathBuf, u64)], (least, most): (f64, f64), count: usize) -> Vec<&Path> {
    let bytes = |seconds: f64| (seconds * f64::from(PROMPT_RATE) * 2.0) as u64;
    let fit: Vec<&Path> = files
        .iter()
        .filter(|(_, size)| (bytes(least)..bytes(most)).contains(size))
        .map(|(path, _)| path.as_path())
        .collect();
    let step = fit.len().div_ceil(count).max(1);
    fit.into_iter().step_by(step).collect()
}

fn load(files: &[&Path]) -> Result<Vec<Prompt>, VoicesError> {
    let mut prompts = Vec::with_capacity(files.len());
    for path in files {
        let mut wav = WavFile::open(path)?;
        if wav.format().rate.hz() != PROMPT_RATE {
            continue;
        }
        let mut samples = Vec::new();
        let mut read = || {
            while let Some(frame) = wav.next_frame()? {
                samples.extend_from_slice(frame.left);
            }
            Ok(())
        };
        read().map_err(|fault| WavError {
            path: (*path).to_owned(),
            fault,
        })?;
        prompts.extend(levelled(trimmed(&samples), wav.format().rate));
    }
    Ok(prompts)
}

/// Without the silence before and after.
fn trimmed(samples: &[f32]) -> &[f32] {
    let peak = samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
    let heard = |sample: &f32| sample.abs() > peak * SILENCE;
    let first = samples.iter().position(heard).unwrap_or(0);
    let last = samples.iter().rposition(heard).map_or(0, |last| last + 1);
    samples.get(first..last).unwrap_or_default()
}

/// At nominal level; `None` for what holds no speech.
fn levelled(samples: &[f32], rate: SampleRate) -> Option<Prompt> {
    let mut meter = SpeechVoltmeter::new(rate);
    meter.process(samples);
    let gain = 10.0_f32.powf((LEVEL_DBOV - meter.level()?.0) / 20.0) * 32_768.0;
    let whole = |sample: &f32| (sample * gain).clamp(-32_768.0, 32_767.0) as i16;
    Some(samples.iter().map(whole).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_voices_the_sentence_says_how_to_get_them() {
        let empty = tempfile::tempdir().unwrap();
        let said = speakers(Some(empty.path())).unwrap_err().to_string();
        assert!(said.contains(&empty.path().display().to_string()), "{said}");
        assert!(said.contains("sudo apt install asterisk-core-sounds-en-wav"));
        assert!(said.contains("scripts/fetch-sounds"), "{said}");
    }

    #[test]
    fn a_file_that_is_no_recording_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let speaker = folder.path().join("en");
        fs::create_dir(&speaker).unwrap();
        fs::write(speaker.join("hello.wav"), vec![0x20; 40_000]).unwrap();
        let said = speakers(Some(folder.path())).unwrap_err().to_string();
        assert!(
            said.contains("hello.wav") && said.contains("no WAV file"),
            "{said}"
        );
    }

    #[test]
    fn silence_around_a_prompt_is_cut_and_its_level_is_nominal() {
        let tone = |n: u32| (n as f32 * 0.7).sin() * 0.01;
        let mut samples = vec![0.0; 4_000];
        samples.extend((0..16_000).map(tone));
        samples.extend(vec![0.0; 4_000]);
        let trimmed = trimmed(&samples);
        assert!((15_900..=16_000).contains(&trimmed.len()));
        let prompt = levelled(trimmed, SampleRate::new(PROMPT_RATE).unwrap()).unwrap();
        let power = prompt.iter().map(|s| (f64::from(*s) / 32_768.0).powi(2));
        let level = 10.0 * (power.sum::<f64>() / prompt.len() as f64).log10();
        assert!((level + 26.0).abs() < 0.5, "{level}");
    }
}
