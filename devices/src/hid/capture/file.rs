//! A capture as TOML text.

use super::{Action, Capture, Doer, FORMAT, Phase, Sent, Step, What, entry};
use crate::headset::{ProductId, VendorId};
use crate::hid::quirks::Meaning;
use serde::{Deserialize, Serialize};

/// A file that is no capture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// Not TOML, or keys that mean nothing here.
    #[error("not a capture: {0}")]
    Syntax(String),
    /// Another version.
    #[error("the format is `{0}`, and only `{FORMAT}` can be read; a newer Sidetone may do it")]
    Format(String),
    /// An entry that cannot be understood.
    #[error("{place}: `{entry}` is not {expected}")]
    Entry {
        /// Where.
        place: String,
        /// What stands there.
        entry: String,
        /// What should.
        expected: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    product: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    firmware: Option<String>,
    recorded: String,
    program: String,
    by: String,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    learned: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quirk: Option<String>,
    #[serde(default)]
    interface: Vec<InterfacePart>,
    #[serde(default)]
    phase: Vec<PhasePart>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InterfacePart {
    descriptor: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PhasePart {
    step: String,
    action: String,
    round: u32,
    counted: bool,
    sent: Vec<String>,
    events: Vec<String>,
}

fn wrong(place: &str, entry: &str, expected: &'static str) -> CaptureError {
    CaptureError::Entry {
        place: place.to_owned(),
        entry: entry.chars().take(80).collect(),
        expected,
    }
}

fn by_word<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    let known = words.iter().find(|(known, _)| *known == word);
    known.map(|(_, meant)| *meant)
}

fn word_of<T: Copy + PartialEq>(words: &[(&'static str, T)], of: T) -> String {
    let known = words.iter().find(|(_, known)| *known == of);
    known.map_or_else(String::new, |(word, _)| (*word).to_owned())
}

impl Capture {
    /// Reads the text of a capture.
    ///
    /// # Errors
    /// [`CaptureError`], naming the entry.
    pub fn parse(text: &str) -> Result<Self, CaptureError> {
        let file: File =
            toml::from_str(text).map_err(|error| CaptureError::Syntax(error.to_string()))?;
        if file.format != FORMAT {
            return Err(CaptureError::Format(file.format));
        }
        let (vendor, product) = ids(&file.product).ok_or_else(|| {
            wrong(
                "product",
                &file.product,
                "vendor:product as `lsusb` shows it",
            )
        })?;
        let descriptor = |part: &InterfacePart| {
            entry::bytes(&part.descriptor)
                .ok_or_else(|| wrong("descriptor", &part.descriptor, "bytes in hexadecimal"))
        };
        let meaning = |word: &String| {
            by_word(&Meaning::WORDS, word)
                .ok_or_else(|| wrong("learned", word, "a meaning of quirk files"))
        };
        let count = file.interface.len();
        Ok(Self {
            vendor,
            product,
            name: file.name,
            firmware: file.firmware,
            recorded: file.recorded,
            program: file.program,
            by: by_word(&Doer::WORDS, &file.by)
                .ok_or_else(|| wrong("by", &file.by, "`person` or `script`"))?,
            notes: file.notes,
            learned: file.learned.iter().map(meaning).collect::<Result<_, _>>()?,
            quirk: file.quirk,
            interfaces: file
                .interface
                .iter()
                .map(descriptor)
                .collect::<Result<_, _>>()?,
            phases: file
                .phase
                .into_iter()
                .zip(1_usize..)
                .map(|(part, number)| phase(part, number, count))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The text of the capture.
    ///
    /// # Errors
    /// [`CaptureError::Syntax`] if the TOML writer refuses it.
    pub fn text(&self) -> Result<String, CaptureError> {
        let file = File {
            format: FORMAT.to_owned(),
            product: format!("{:04x}:{:04x}", self.vendor.0, self.product.0),
            name: self.name.clone(),
            firmware: self.firmware.clone(),
            recorded: self.recorded.clone(),
            program: self.program.clone(),
            by: word_of(&Doer::WORDS, self.by),
            notes: self.notes.clone(),
            learned: self
                .learned
                .iter()
                .map(|meaning| meaning.word().to_owned())
                .collect(),
            quirk: self.quirk.clone(),
            interface: self
                .interfaces
                .iter()
                .map(|bytes| InterfacePart {
                    descriptor: entry::hex(bytes),
                })
                .collect(),
            phase: self.phases.iter().map(PhasePart::of).collect(),
        };
        toml::to_string_pretty(&file).map_err(|error| CaptureError::Syntax(error.to_string()))
    }
}

impl PhasePart {
    fn of(phase: &Phase) -> Self {
        Self {
            step: word_of(&Step::WORDS, phase.step),
            action: word_of(&Action::WORDS, phase.action),
            round: phase.round,
            counted: phase.counted,
            sent: phase.sent.iter().map(Sent::text).collect(),
            events: phase.events.clone(),
        }
    }
}

fn phase(part: PhasePart, number: usize, interfaces: usize) -> Result<Phase, CaptureError> {
    let place = format!("phase {number}");
    let known = |sent: &Sent| match sent.what {
        What::Report { interface, .. } | What::Gone { interface } | What::Back { interface } => {
            interface < interfaces
        }
        What::CardGone | What::CardBack => true,
    };
    let sent = |line: &String| {
        Sent::parse(line).filter(known).ok_or_else(|| {
            wrong(
                &place,
                line,
                "`MILLISECONDS INTERFACE: BYTES` of an interface",
            )
        })
    };
    Ok(Phase {
        step: by_word(&Step::WORDS, &part.step)
            .ok_or_else(|| wrong(&place, &part.step, "a step"))?,
        action: by_word(&Action::WORDS, &part.action)
            .ok_or_else(|| wrong(&place, &part.action, "an action"))?,
        round: part.round,
        counted: part.counted,
        sent: part.sent.iter().map(sent).collect::<Result<_, _>>()?,
        events: part.events,
    })
}

fn ids(text: &str) -> Option<(VendorId, ProductId)> {
    let (vendor, product) = text.split_once(':')?;
    let id = |digits: &str| u16::from_str_radix(digits, 16).ok();
    Some((VendorId(id(vendor)?), ProductId(id(product)?)))
}
