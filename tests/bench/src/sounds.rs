//! The recordings the microphone and the softphone can play, loaded before anything runs, so that a command
//! never waits for a file.

use crate::faults::Decibel;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// A recording: 48 kHz, mono, 16 bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound(Arc<[i16]>);

impl Sound {
    /// From samples.
    pub fn from_samples(samples: impl IntoIterator<Item = i16>) -> Self {
        Self(samples.into_iter().collect())
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No samples at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.0
    }

    /// Sample `index` in −1..1, `None` after the end.
    #[must_use]
    pub fn sample(&self, index: usize) -> Option<f32> {
        self.0.get(index).map(|s| f32::from(*s) / 32768.0)
    }

    /// RMS level of the whole.
    #[must_use]
    pub fn level(&self) -> Decibel {
        let energy: f64 = self
            .0
            .iter()
            .map(|s| (f64::from(*s) / 32768.0).powi(2))
            .sum();
        Decibel::of_power(energy / self.len().max(1) as f64)
    }
}

/// Why a recording cannot be used.
#[derive(Debug, Error)]
pub enum SoundError {
    /// The folder cannot be read.
    #[error("the sounds folder {path} cannot be read: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no WAV file.
    #[error("{path} cannot be read as a WAV file: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: hound::Error,
    },
    /// A file has another format.
    #[error("{path} is not 48 kHz mono 16-bit; convert it with: sox IN -r 48000 -c 1 -b 16 OUT")]
    Format {
        /// Which.
        path: PathBuf,
    },
    /// No such recording.
    #[error("there is no recording '{name}'; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

/// All recordings of a folder, by file name.
#[derive(Debug, Default)]
pub struct Library(BTreeMap<String, Sound>);

impl Library {
    /// Loads every `*.wav` of `folder`.
    ///
    /// # Errors
    /// [`SoundError`] if the folder or one of its files cannot be used.
    pub fn load(folder: &Path) -> Result<Self, SoundError> {
        let unreadable = |source| SoundError::Folder {
            path: folder.to_owned(),
            source,
        };
        let mut all = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|e| e == "wav")
                && let Some(name) = path.file_name().and_then(|n| n.to_str())
            {
                all.insert(name.to_owned(), read(&path)?);
            }
        }
        Ok(Self(all))
    }

    /// The recording called `name`.
    ///
    /// # Errors
    /// [`SoundError::Unknown`], with the names there are.
    pub fn get(&self, name: &str) -> Result<Sound, SoundError> {
        self.0
            .get(name)
            .cloned()
            .ok_or_else(|| SoundError::Unknown {
                name: name.to_owned(),
                known: self.0.keys().cloned().collect::<Vec<_>>().join(", "),
            })
    }
}

/// Reads one WAV file.
///
/// # Errors
/// [`SoundError`] if it is no WAV file or has another format.
pub fn read(path: &Path) -> Result<Sound, SoundError> {
    let broken = |source| SoundError::File {
        path: path.to_owned(),
        source,
    };
    let mut reader = hound::WavReader::open(path).map_err(broken)?;
    let spec = reader.spec();
    if (spec.sample_rate, spec.channels, spec.bits_per_sample) != (48_000, 1, 16) {
        return Err(SoundError::Format {
            path: path.to_owned(),
        });
    }
    let samples: Result<Vec<i16>, _> = reader.samples::<i16>().collect();
    Ok(Sound(samples.map_err(broken)?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, rate: u32, samples: &[i16]) {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for s in samples {
            writer.write_sample(*s).unwrap();
        }
        writer.finalize().unwrap();
    }

    #[test]
    fn a_folder_is_loaded_and_what_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("agent.wav"), 48_000, &[16384, -16384]);
        fs::write(folder.path().join("notes.txt"), "not a sound").unwrap();
        let library = Library::load(folder.path()).unwrap();
        let agent = library.get("agent.wav").unwrap();
        assert_eq!(agent.samples(), [16384, -16384]);
        assert!((agent.level().0 + 6.02).abs() < 0.01);
        let error = library.get("customer.wav").unwrap_err().to_string();
        assert!(error.contains("there are: agent.wav"), "{error}");
    }

    #[test]
    fn another_rate_is_refused_with_the_way_to_mend_it() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("x.wav"), 8_000, &[0]);
        let error = Library::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("sox"), "{error}");
    }
}
