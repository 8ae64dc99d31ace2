//! From findings to files that have stood the test: read by the real parser, replayed through the real
//! controls.

use super::LearnError;
use super::analysis::{Findings, Outcome};
use super::quirk_file;
use super::summary::sentence;
use sidetone_devices::hid::capture::{Capture, Step, follows};
use sidetone_devices::hid::quirks::{Meaning, QuirkBook, QuirkFile};

/// The name under which a learned file is read for its test.
const NAME: &str = "learned.toml";

/// The text of the quirk file; `None` if no rule was learned, nor one needed. `named` is whether the product
/// is known to be a headset without the file.
///
/// # Errors
/// [`LearnError::Unproven`] if the file does not give what was done.
pub fn quirk_text(
    capture: &Capture,
    findings: &Findings,
    book: &QuirkBook,
    named: bool,
) -> Result<Option<String>, LearnError> {
    let done = findings.steps.iter().any(|finding| {
        matches!(
            finding.outcome,
            Outcome::Explained(_) | Outcome::Learned(_) | Outcome::CardLeaves
        )
    });
    if findings.rules().next().is_none() && (named || !done) {
        return Ok(None);
    }
    let text = quirk_file::text(capture, findings);
    for book in [book, &QuirkBook::built_in()] {
        prove(capture, findings, book, &text)?;
    }
    Ok(Some(text))
}

fn prove(
    capture: &Capture,
    findings: &Findings,
    book: &QuirkBook,
    text: &str,
) -> Result<(), LearnError> {
    let book = with(book, text)?;
    let quirk = book.find(capture.vendor, capture.product);
    let seen = capture.replay(quirk.as_ref());
    for rule in findings.rules() {
        let also = (rule.meaning == Meaning::MuteState).then_some(Step::QuickDisconnect);
        if !follows(&capture.phases, &seen, rule.meaning, also) {
            return Err(LearnError::Unproven(format!(
                "with it, the recording does not tell `{}` as it was done; a rule of {} may be in its way",
                rule.meaning.word(),
                quirk.map_or_else(|| "the built-in files".to_owned(), |quirk| quirk.name)
            )));
        }
    }
    Ok(())
}

fn with(book: &QuirkBook, text: &str) -> Result<QuirkBook, LearnError> {
    let file = QuirkFile::parse(NAME, text)
        .map_err(|error| LearnError::Unproven(format!("it is not valid ({error})")))?;
    let mut book = book.clone();
    book.add(file);
    Ok(book)
}

/// Completes a capture, so that it is a test: what was learned, and the events that its reports are to give
/// with the learned file beside the built-in ones.
///
/// # Errors
/// [`LearnError::Unproven`] if the learned file is not valid.
pub fn complete(
    mut capture: Capture,
    findings: &Findings,
    quirk: Option<String>,
) -> Result<Capture, LearnError> {
    let book = match &quirk {
        Some(text) => with(&QuirkBook::built_in(), text)?,
        None => QuirkBook::built_in(),
    };
    let known = book.find(capture.vendor, capture.product);
    let seen = capture.replay(known.as_ref());
    for (phase, events) in capture.phases.iter_mut().zip(seen) {
        phase.events = events.iter().map(|event| format!("{event:?}")).collect();
    }
    capture.notes = findings.steps.iter().map(sentence).collect();
    let remarks = findings.steps.iter().flat_map(|finding| &finding.remarks);
    capture.notes.extend(remarks.cloned());
    capture.learned = match &quirk {
        Some(_) => findings.rules().map(|rule| rule.meaning).collect(),
        None => Vec::new(),
    };
    capture.quirk = quirk;
    Ok(capture)
}
