//! The report for a person at a terminal.

use super::finding::Status;
use super::report::{Entry, Report};
use std::fmt::{self, Write};

/// Narrower than this nothing is wrapped.
const NARROWEST: usize = 40;

/// Before the sentence of a line that needs no attention: sign, word and name of the check.
const COLUMN: usize = 26;

impl Report {
    /// A list to read: what is wrong first, each with what to do; then a line for each of the others.
    /// Commands are never wrapped, so that they can be copied.
    #[must_use]
    pub fn text(&self, width: usize, colour: bool) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, width.max(NARROWEST), colour);
        out
    }

    fn write(&self, out: &mut String, width: usize, colour: bool) -> fmt::Result {
        for entry in &self.checks {
            match entry.finding.status {
                Status::Problem | Status::Warning => entry.write_block(out, width, colour)?,
                Status::Ok | Status::Skipped => entry.write_line(out, width, colour)?,
            }
        }
        writeln!(out, "\n{}", self.summary())
    }

    /// One line with the counts.
    fn summary(&self) -> String {
        let count = |status| {
            let of_status = self.checks.iter().filter(|e| e.finding.status == status);
            of_status.count()
        };
        let counted = |number: usize, noun: &str| match number {
            0 => format!("no {noun}"),
            1 => format!("1 {noun}"),
            many => format!("{many} {noun}s"),
        };
        format!(
            "{}, {}; {} fine, {} skipped.",
            counted(count(Status::Problem), "problem"),
            counted(count(Status::Warning), "warning"),
            count(Status::Ok),
            count(Status::Skipped)
        )
    }
}

impl Entry {
    fn write_block(&self, out: &mut String, width: usize, colour: bool) -> fmt::Result {
        let status = self.finding.status;
        let title = format!("{} {}", sign(status), status.word());
        writeln!(out, "{}: {}", painted(&title, status, colour), self.id)?;
        for text in std::iter::once(&self.finding.summary).chain(&self.finding.detail) {
            for line in wrapped(text, width - 4) {
                writeln!(out, "    {line}")?;
            }
        }
        if let Some(action) = &self.finding.action {
            writeln!(out, "    do: {action}")?;
        }
        writeln!(out)
    }

    fn write_line(&self, out: &mut String, width: usize, colour: bool) -> fmt::Result {
        let status = self.finding.status;
        let title = format!("{} {:<7}", sign(status), status.word());
        write!(out, "{} {:<15} ", painted(&title, status, colour), self.id)?;
        let room = width.saturating_sub(COLUMN).max(NARROWEST / 2);
        for (number, line) in wrapped(&self.finding.summary, room).iter().enumerate() {
            let indent = if number == 0 { 0 } else { COLUMN };
            writeln!(out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }
}

fn sign(status: Status) -> char {
    match status {
        Status::Problem => '✗',
        Status::Warning => '!',
        Status::Ok => '✓',
        Status::Skipped => '-',
    }
}

fn painted(text: &str, status: Status, colour: bool) -> String {
    let code = match status {
        Status::Problem => "1;31",
        Status::Warning => "1;33",
        Status::Ok => "32",
        Status::Skipped => "2",
    };
    if colour {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Lines of at most `width` characters; a word that is longer has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let needed = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && needed > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::super::finding::Finding;
    use super::*;

    fn report() -> Report {
        Report::new(vec![
            Entry {
                id: "config",
                finding: Finding::ok("There are no files in /etc/sidetone, so the defaults hold."),
            },
            Entry {
                id: "clock",
                finding: Finding::skipped("No time service says anything."),
            },
            Entry {
                id: "permission",
                finding: Finding::problem("It cannot be read.", "sudo udevadm trigger"),
            },
        ])
    }

    #[test]
    fn what_is_wrong_comes_first_with_what_to_do_and_the_counts_last() {
        assert_eq!(
            report().text(80, false),
            "✗ problem: permission\n    It cannot be read.\n    do: sudo udevadm trigger\n\n\
             ✓ ok      config          There are no files in /etc/sidetone, so the defaults\n\
             \x20                         hold.\n\
             - skipped clock           No time service says anything.\n\n\
             1 problem, no warning; 1 fine, 1 skipped.\n"
        );
    }

    #[test]
    fn colour_adds_nothing_but_colour() {
        let mut plain = report().text(80, true);
        for code in ["\x1b[1;31m", "\x1b[32m", "\x1b[2m", "\x1b[0m"] {
            assert!(plain.contains(code));
            plain = plain.replace(code, "");
        }
        assert_eq!(plain, report().text(80, false));
    }
}
