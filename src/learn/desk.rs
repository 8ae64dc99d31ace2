//! The conversation at a real headset: terminal, hidraw nodes, sound card, files.
//!
//! *Promises*: works on any terminal and with a script behind it: a line in, lines out, no cursor control.
//! The end of input is `q`. Files that exist are never overwritten, and that is checked before the person
//! has done anything.
//!
//! *Never* writes a report to the headset.

use super::analysis::{self, Findings, Outcome};
use super::session::{Key, Session};
use super::summary::sentence;
use super::{LearnError, proof};
use sidetone_devices::hid::capture::{Capture, Doer, What};
use sidetone_devices::hid::quirks::QuirkBook;
use sidetone_devices::hid::raw::{self, RawEvent, RawHeadset, RawReader};
use std::fs::OpenOptions;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// How often time passes for the conversation, and the sound card is looked for.
const TICK: Duration = Duration::from_millis(50);

/// What to learn, and where to.
#[derive(Debug, Clone)]
pub struct Order {
    /// Which headset: its number in the list, or `vid:pid`; `None`: the only one.
    pub headset: Option<String>,
    /// The quirk file.
    pub out: Option<PathBuf>,
    /// The capture.
    pub capture: Option<PathBuf>,
    /// The make, where the device does not say it.
    pub vendor_name: Option<String>,
    /// How long nothing is touched.
    pub quiet: Duration,
}

/// Something that happens while a person works.
enum Happening {
    Line(String),
    EndOfInput,
    Headset(RawEvent),
}

/// Learns one headset. `book` is what quirk files say already.
///
/// # Errors
/// [`LearnError`], with what to do.
pub fn learn(order: &Order, book: &QuirkBook) -> Result<(), LearnError> {
    let headset = choose(raw::headsets(book), order.headset.as_deref())?;
    let identity = &headset.identity;
    let id = format!("{:04x}-{:04x}", identity.vendor.0, identity.product.0);
    let out = order
        .out
        .clone()
        .unwrap_or_else(|| format!("{id}.toml").into());
    let capture_file = order
        .capture
        .clone()
        .unwrap_or_else(|| format!("{id}.capture").into());
    for (path, option) in [(&out, "--out"), (&capture_file, "--capture")] {
        if path.exists() {
            let path = path.clone();
            return Err(LearnError::Exists { path, option });
        }
    }
    let capture = empty(&headset, order.vendor_name.as_deref());
    let quirk = book.find(identity.vendor, identity.product);
    say(&format!(
        "{} [{}], firmware {}: {} HID interface{}. Reports are only read, nothing is sent to it.",
        capture.name,
        id.replace('-', ":"),
        capture.firmware.as_deref().unwrap_or("unknown"),
        headset.interfaces.len(),
        if headset.interfaces.len() == 1 {
            ""
        } else {
            "s"
        },
    ))?;
    let session = Session::new(capture, quirk.clone(), identity.serial.clone(), order.quiet);
    let (capture, tried) = converse(&headset, session)?.into_capture();
    let findings = analysis::analyze(&capture, quirk.as_ref(), &tried);
    finish(&headset, capture, &findings, book, &out, &capture_file)
}

/// The headset that is meant.
fn choose(mut there: Vec<RawHeadset>, wanted: Option<&str>) -> Result<RawHeadset, LearnError> {
    let id = |headset: &RawHeadset| {
        let identity = &headset.identity;
        format!("{:04x}:{:04x}", identity.vendor.0, identity.product.0)
    };
    let line = |(number, headset): (usize, &RawHeadset)| {
        let doubt = if headset.is_headset {
            ""
        } else {
            " (has keys, not known as a headset)"
        };
        format!(
            "  {number}  {}  [{}]{doubt}",
            headset.identity.name,
            id(headset)
        )
    };
    let list: Vec<String> = (1..).zip(&there).map(line).collect();
    let list = list.join("\n");
    let meant: Vec<usize> = match wanted {
        None => {
            let sure = there.iter().filter(|headset| headset.is_headset).count();
            // Headsets come first in the list.
            (0..if sure > 0 { sure } else { there.len() }).collect()
        }
        Some(wanted) => (0..there.len())
            .filter(|at| {
                (at + 1).to_string() == wanted
                    || there
                        .get(*at)
                        .is_some_and(|headset| id(headset) == wanted.to_ascii_lowercase())
            })
            .collect(),
    };
    match (meant.as_slice(), wanted) {
        (_, None) if there.is_empty() => Err(LearnError::NoHeadset),
        ([only], _) => Ok(there.swap_remove(*only)),
        ([], wanted) => Err(if there.is_empty() {
            LearnError::NoHeadset
        } else {
            LearnError::NotThere {
                wanted: wanted.unwrap_or_default().to_owned(),
                list,
            }
        }),
        (several, _) => Err(LearnError::Several {
            count: several.len(),
            example: several.first().map_or(1, |at| at + 1).to_string(),
            list,
        }),
    }
}

fn empty(headset: &RawHeadset, vendor_name: Option<&str>) -> Capture {
    let identity = &headset.identity;
    // Some devices repeat their serial in the name.
    let mut name = identity.name.clone();
    if let Some(serial) = identity
        .serial
        .as_deref()
        .filter(|serial| !serial.is_empty())
    {
        name = name.replace(serial, "").trim().to_owned();
    }
    if let Some(vendor) = vendor_name {
        name = format!("{vendor} {name}");
    }
    Capture {
        vendor: identity.vendor,
        product: identity.product,
        name,
        firmware: identity.firmware.clone(),
        recorded: today(),
        program: concat!("sidetone ", env!("CARGO_PKG_VERSION")).to_owned(),
        by: if io::stdin().is_terminal() {
            Doer::Person
        } else {
            Doer::Script
        },
        notes: Vec::new(),
        learned: Vec::new(),
        quirk: None,
        interfaces: headset
            .interfaces
            .iter()
            .map(|interface| interface.descriptor.clone())
            .collect(),
        phases: Vec::new(),
    }
}

/// The day in UTC, as the log writes it.
fn today() -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text.chars().take("YYYY-MM-DD".len()).collect()
}

fn converse(headset: &RawHeadset, mut session: Session) -> Result<Session, LearnError> {
    let (happenings, inbox) = mpsc::channel();
    let (events, reports) = mpsc::channel();
    let reader = RawReader::start(headset, &events)?;
    listen(happenings.clone());
    let forwarder = thread::spawn(move || {
        while let Ok(event) = reports.recv() {
            if happenings.send(Happening::Headset(event)).is_err() {
                return;
            }
        }
    });
    drop(events);
    let begun = Instant::now();
    let mut card = raw::has_sound_card(&headset.usb);
    let mut looked = begun;
    while !session.is_over() {
        let happening = match inbox.recv_timeout(TICK) {
            Ok(happening) => Some(happening),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Happening::EndOfInput),
        };
        let at = begun.elapsed();
        match happening {
            Some(Happening::Line(line)) => session.key(at, Key::of(&line)),
            Some(Happening::EndOfInput) => session.key(at, Some(Key::Quit)),
            Some(Happening::Headset(event)) => take(&mut session, begun, event),
            None => {}
        }
        if looked.elapsed() >= TICK {
            looked = Instant::now();
            let there = raw::has_sound_card(&headset.usb);
            if std::mem::replace(&mut card, there) != there {
                let what = if there {
                    What::CardBack
                } else {
                    What::CardGone
                };
                session.sent(at, what);
            }
        }
        session.tick(begun.elapsed());
        for line in session.take_lines() {
            say(&line)?;
        }
    }
    drop(reader);
    // Its channel is closed now, so it ends.
    let _ = forwarder.join();
    Ok(session)
}

/// Lines of standard input. The thread ends with the program: a read cannot be called back.
fn listen(happenings: Sender<Happening>) {
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if happenings.send(Happening::Line(line)).is_err() {
                return;
            }
        }
        let _ = happenings.send(Happening::EndOfInput);
    });
}

fn take(session: &mut Session, begun: Instant, event: RawEvent) {
    let (at, what) = match event {
        RawEvent::Report {
            at,
            interface,
            bytes,
        } => (at, What::Report { interface, bytes }),
        RawEvent::Gone { at, interface } => (at, What::Gone { interface }),
        RawEvent::Back { at, interface } => (at, What::Back { interface }),
    };
    session.sent(at.saturating_duration_since(begun), what);
}

fn finish(
    headset: &RawHeadset,
    capture: Capture,
    findings: &Findings,
    book: &QuirkBook,
    out: &Path,
    capture_file: &Path,
) -> Result<(), LearnError> {
    say("\nWhat was found:")?;
    for finding in &findings.steps {
        say(&format!("- {}", sentence(finding)))?;
        for remark in &finding.remarks {
            say(&format!("  {remark}"))?;
        }
    }
    if findings
        .steps
        .iter()
        .all(|finding| finding.outcome == Outcome::Skipped)
    {
        return say("Nothing was tried, so nothing is written.");
    }
    let text = proof::quirk_text(&capture, findings, book, headset.is_headset);
    let (text, unproven) = match text {
        Ok(text) => (text, None),
        Err(error) => (None, Some(error)),
    };
    let capture = proof::complete(capture, findings, text.clone())?;
    write(capture_file, &capture.text()?)?;
    if let Some(text) = &text {
        write(out, text)?;
    }
    if let Some(unproven) = unproven {
        return Err(unproven);
    }
    next_steps(text.is_some(), out, capture_file)
}

fn next_steps(with_quirk: bool, out: &Path, capture_file: &Path) -> Result<(), LearnError> {
    let (out, capture_file) = (out.display(), capture_file.display());
    if with_quirk {
        say(&format!(
            "\nWritten: {out} (tested against the recording) and {capture_file}.\n\
             To use it on this machine:\n  \
             sudo install -D -m 644 {out} /etc/sidetone/quirks/learned.toml\n  \
             in /etc/sidetone/*.toml, under [devices]: quirks_dir = \"/etc/sidetone/quirks\"\n  \
             sudo systemctl restart sidetone"
        ))?;
    } else {
        say(&format!(
            "\nNo quirk file is written, as there is no rule for it. Written: {capture_file}."
        ))?;
    }
    say(&format!(
        "To give it to everybody: send {capture_file} to the makers of Sidetone, or add it to the source as \
         devices/tests/captures/NAME.capture, where it is a test. It holds no serial number; please read it \
         through all the same."
    ))
}

fn write(path: &Path, text: &str) -> Result<(), LearnError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| LearnError::Write {
            path: path.to_owned(),
            source,
        })
}

/// Prints a line at once. A reader that has gone away does not end the recording.
fn say(line: &str) -> Result<(), LearnError> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(LearnError::Output(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
