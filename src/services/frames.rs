//! Lines of JSON out of a stream of bytes.
//!
//! *Promises*: holds at most [`FRAME_MAX`] bytes of a line and what one read brought; whatever the bytes, it gives
//! messages or one error, and does not panic.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest line, in bytes. The longest real one is a call's report or all settings: some ten KiB.
pub const FRAME_MAX: usize = 256 * 1024;

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// More than [`FRAME_MAX`] bytes without a line end.
    #[error("a line is longer than {FRAME_MAX} bytes")]
    TooLong,
    /// Not a message of this protocol.
    #[error("a line is no message of this protocol: {0}")]
    NoMessage(#[from] serde_json::Error),
}

/// The bytes that are not a whole line yet.
#[derive(Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    /// Up to here there is no line end.
    looked_at: usize,
}

impl Frames {
    /// Takes in what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message; `None` = read on.
    ///
    /// # Errors
    /// [`FrameError`]; nothing sensible comes after it.
    pub fn message<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let new = &self.bytes[self.looked_at..];
        let Some(place) = new.iter().position(|byte| *byte == b'\n') else {
            self.looked_at = self.bytes.len();
            return match self.looked_at > FRAME_MAX {
                true => Err(FrameError::TooLong),
                false => Ok(None),
            };
        };
        let end = self.looked_at + place;
        if end > FRAME_MAX {
            return Err(FrameError::TooLong);
        }
        let message = serde_json::from_slice(&self.bytes[..end]);
        self.bytes.drain(..=end);
        self.looked_at = 0;
        Ok(Some(message?))
    }
}

/// A message as its line.
///
/// # Errors
/// If it cannot be written as JSON (a number that is none).
pub fn line(message: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(message)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_the_same_however_they_arrive(
            numbers in prop::collection::vec(any::<u64>(), 0..20),
            cuts in prop::collection::vec(1_usize..40, 1..20),
        ) {
            let mut bytes: Vec<u8> = Vec::new();
            for number in &numbers {
                bytes.extend(line(number).unwrap());
            }
            let (mut frames, mut read, mut rest) = (Frames::default(), Vec::new(), &bytes[..]);
            for cut in cuts.iter().cycle() {
                let (piece, others) = rest.split_at((*cut).min(rest.len()));
                frames.push(piece);
                while let Some(number) = frames.message::<u64>().unwrap() {
                    read.push(number);
                }
                rest = others;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(read, numbers);
        }
    }

    #[test]
    fn a_line_without_an_end_is_refused_before_it_fills_the_memory() {
        let mut frames = Frames::default();
        frames.push(&vec![b'['; FRAME_MAX]);
        assert!(matches!(frames.message::<u64>(), Ok(None)));
        frames.push(b"[[");
        assert!(matches!(frames.message::<u64>(), Err(FrameError::TooLong)));
    }
}
