//! One line of what was sent: `14020 0: 03 51 01 +61`.

use super::{Sent, What};
use std::fmt::Write as _;

/// Longest run of zero bytes that is believed; no report is longer.
const MOST_ZEROS: usize = 4096;

/// Bytes as text; a tail of more than four zeros is only counted.
pub(super) fn hex(bytes: &[u8]) -> String {
    let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    let zeros = if zeros > 4 { zeros } else { 0 };
    let shown = bytes.get(..bytes.len() - zeros).unwrap_or(bytes);
    let mut text: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    if zeros > 0 {
        text.push(format!("+{zeros}"));
    }
    text.join(" ")
}

/// The bytes of such text.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for word in text.split_ascii_whitespace() {
        if let Some(zeros) = word.strip_prefix('+') {
            let zeros: usize = zeros.parse().ok().filter(|zeros| *zeros <= MOST_ZEROS)?;
            all.resize(all.len() + zeros, 0);
        } else {
            let plain = word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            all.push(plain.then(|| u8::from_str_radix(word, 16).ok()).flatten()?);
        }
    }
    Some(all)
}

impl Sent {
    pub(super) fn text(&self) -> String {
        let mut text = self.ms.to_string();
        // Writing to a string cannot fail.
        let _ = match &self.what {
            What::Report { interface, bytes } => write!(text, " {interface}: {}", hex(bytes)),
            What::Gone { interface } => write!(text, " {interface}: gone"),
            What::Back { interface } => write!(text, " {interface}: back"),
            What::CardGone => write!(text, " card gone"),
            What::CardBack => write!(text, " card back"),
        };
        text
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (ms, what) = text.split_once(' ')?;
        let ms = ms.parse().ok()?;
        let what = match what {
            "card gone" => What::CardGone,
            "card back" => What::CardBack,
            _ => {
                let (interface, what) = what.split_once(": ")?;
                let interface = interface.parse().ok()?;
                match what {
                    "gone" => What::Gone { interface },
                    "back" => What::Back { interface },
                    hex => What::Report {
                        interface,
                        bytes: bytes(hex)?,
                    },
                }
            }
        };
        Some(Self { ms, what })
    }
}
