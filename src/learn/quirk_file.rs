//! What was learned, as the text of a quirk file.

use super::analysis::{Findings, Outcome};
use super::summary::sentence;
use sidetone_devices::hid::capture::Capture;
use sidetone_devices::hid::quirks::{LARGEST_FILE, Place, Rule};
use std::fmt::Write;

/// The comment takes no more of the file than this, so that the rules always fit.
const LONGEST_COMMENT: usize = LARGEST_FILE / 2;

/// The text of the file. What remains open is a comment, and no rule.
pub(super) fn text(capture: &Capture, findings: &Findings) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, capture, findings);
    out
}

fn write(out: &mut String, capture: &Capture, findings: &Findings) -> std::fmt::Result {
    let Capture {
        vendor,
        product,
        name,
        recorded,
        program,
        by,
        ..
    } = capture;
    let firmware = capture.firmware.as_deref().unwrap_or("unknown");
    let mut comment = format!(
        "Written by {program} learn on {recorded}, with {name} [{:04x}:{:04x}], firmware {firmware}.\n\
         What {by} did, and what moved:\n",
        vendor.0, product.0
    );
    for finding in &findings.steps {
        writeln!(comment, "- {}", sentence(finding))?;
        if let Outcome::Unclear(_) = finding.outcome {
            writeln!(comment, "  This remains open: no rule below claims it.")?;
        }
        for remark in &finding.remarks {
            writeln!(comment, "  {remark}.")?;
        }
    }
    if !findings.noise.is_empty() {
        writeln!(comment, "Moves by itself: {}.", findings.noise.join("; "))?;
    }
    let mut used = 0;
    for line in comment.lines() {
        used += line.len() + 3;
        if used > LONGEST_COMMENT {
            writeln!(out, "# (more in the recording)")?;
            break;
        }
        writeln!(out, "# {line}")?;
    }
    writeln!(out, "\n[[model]]\nname = {}", quoted(name))?;
    writeln!(out, "match = [\"{:04x}:{:04x}\"]", vendor.0, product.0)?;
    for rule in findings.rules() {
        out.push('\n');
        write_rule(out, rule)?;
    }
    Ok(())
}

fn write_rule(out: &mut String, rule: &Rule) -> std::fmt::Result {
    writeln!(out, "[[model.rule]]")?;
    match &rule.place {
        Place::Usage(usage) => writeln!(out, "usage = \"{usage}\"")?,
        Place::Bytes {
            report,
            when,
            byte,
            mask,
        } => {
            writeln!(out, "report = {}", report.map_or(0, |id| id.get()))?;
            if !when.is_empty() {
                let when: Vec<String> = when
                    .iter()
                    .map(|one| {
                        let mask = if one.mask == 0xff {
                            String::new()
                        } else {
                            format!("mask = 0x{:02x}, ", one.mask)
                        };
                        format!("{{ byte = {}, {mask}is = 0x{:02x} }}", one.byte, one.is)
                    })
                    .collect();
                writeln!(out, "when = [{}]", when.join(", "))?;
            }
            writeln!(out, "byte = {byte}")?;
            if *mask != 0xff {
                writeln!(out, "mask = 0x{mask:02x}")?;
            }
        }
    }
    if let Some(active) = rule.active {
        writeln!(out, "active = {active}")?;
    }
    if rule.each {
        writeln!(out, "each = true")?;
    }
    writeln!(out, "meaning = \"{}\"", rule.meaning.word())?;
    if rule.inverted {
        writeln!(out, "polarity = \"inverted\"")?;
    }
    writeln!(out, "verified = {}", rule.verified)?;
    writeln!(out, "source = {}", quoted(&rule.source))?;
    if let Some(note) = &rule.note {
        writeln!(out, "note = {}", quoted(note))?;
    }
    Ok(())
}

/// A TOML string; names of devices may hold anything.
fn quoted(text: &str) -> String {
    toml::Value::String(text.replace(char::is_control, " ")).to_string()
}
