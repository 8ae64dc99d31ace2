//! The text of a capture, and what must not be in it.

use super::*;
use crate::hid::quirks::{QuirkBook, QuirkFile};

const TEXT: &str = r#"
format = "sidetone.capture/1"
product = "047f:c056"
name = "X"
recorded = "2026-01-02"
program = "sidetone 0.1.0"
by = "person"
learned = ["qd_open"]
[[interface]]
descriptor = "06 a0 ff 09 01 85 03 15 00 26 ff 00 75 08 95 3f 09 01 81 02"
[[phase]]
step = "quick_disconnect"
action = "do"
round = 1
counted = true
sent = ["10 0: 03 51 01 +61", "20 0: gone", "30 0: back", "35 card gone", "36 card back"]
events = []
[[phase]]
step = "quick_disconnect"
action = "undo"
round = 1
counted = true
sent = ["40 0: 03 51 00 +61"]
events = []
"#;

fn rule(rule: &str) -> crate::hid::quirks::Quirk {
    let text = format!(
        "[[model]]\nname = \"X\"\nmatch = [\"047f:c056\"]\n[[model.rule]]\n{rule}\nverified = true\nsource = \"test\"\n"
    );
    let mut book = QuirkBook::empty();
    book.add(QuirkFile::parse("x.toml", &text).unwrap());
    book.find(VendorId(0x047f), ProductId(0xc056)).unwrap()
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let capture = Capture::parse(TEXT).unwrap();
    let What::Report { bytes, .. } = &capture.phases[0].sent[0].what else {
        panic!("{capture:?}")
    };
    assert_eq!((bytes.len(), &bytes[..3]), (64, &[3, 0x51, 1][..]));
    assert_eq!(Capture::parse(&capture.text().unwrap()), Ok(capture));
}

#[test]
fn a_replay_tells_what_was_done_and_only_that_counts_as_following() {
    let capture = Capture::parse(TEXT).unwrap();
    let follows_with = |text: &str| {
        let seen = capture.replay(Some(&rule(text)));
        follows(&capture.phases, &seen, Meaning::QdOpen, None)
    };
    let right = "report = 3\nwhen = [{ byte = 1, is = 0x51 }]\nbyte = 2\nmeaning = \"qd_open\"";
    assert!(follows_with(right));
    assert!(!follows_with(&format!("{right}\npolarity = \"inverted\"")));
    assert!(
        !follows_with(&right.replace("0x51", "0x52")),
        "nothing said"
    );
    let seen = capture.replay(None);
    assert!(!follows(&capture.phases, &seen, Meaning::QdOpen, None));
}

#[test]
fn mistakes_name_the_entry() {
    for (from, to, said) in [
        (
            "capture/1",
            "capture/2",
            "the format is `sidetone.capture/2`",
        ),
        (
            "10 0: 03",
            "10 1: 03",
            "phase 1: `10 1: 03 51 01 +61` is not",
        ),
        ("10 0: 03", "10 0: 3", "phase 1: `10 0: 3 51 01 +61` is not"),
        (
            "+61\", \"20",
            "+9999\", \"20",
            "phase 1: `10 0: 03 51 01 +9999`",
        ),
        (
            "\"undo\"",
            "\"undone\"",
            "phase 2: `undone` is not an action",
        ),
        ("qd_open", "qd", "learned: `qd` is not a meaning"),
        ("047f:c056", "047f", "product: `047f` is not vendor:product"),
        ("round = 1", "runde = 1", "not a capture: "),
    ] {
        let error = Capture::parse(&TEXT.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
    }
}

#[test]
fn serials_and_texts_are_blanked_and_numbers_stay() {
    let serial = Some("SN-4711");
    let blanked = |report: &[u8]| {
        let mut report = report.to_vec();
        redact(&mut report, serial);
        report
    };
    assert_eq!(blanked(b"\x05\x00SN-4711\x00"), b"\x05\x00*******\x00");
    let wide: Vec<u8> = "SN-4711"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(blanked(&wide), [b'*'; 14]);
    assert_eq!(blanked(b"\x01Anna's phone\x02"), b"\x01************\x02");
    let wide: Vec<u8> = "Anna's".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(blanked(&wide), [b'*'; 12]);
    let numbers = [3, 0x51, 1, 0, 0, 0x7f, 0x41, 0x42, 0x43, 0x20, 0x20, 0];
    assert_eq!(blanked(&numbers), numbers);
    assert_eq!(blanked(&[0x20; 16]), [0x20; 16]);
}
