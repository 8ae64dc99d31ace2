//! Quirk files as their writers get to know them.

use super::*;
use crate::hid::descriptor::ReportId;
use crate::hid::quirks::{Meaning, Place};
use crate::hid::usage::Usage;
use std::time::Duration;

const PLANTRONICS: VendorId = VendorId(0x047f);

const RULE: &str = "[[model]]\nname = \"X\"\nmatch = [\"047f:da45\"]\n[[model.rule]]\nusage = \"ffa0:b7\"\nmeaning = \"qd_open\"\nverified = false\nsource = \"a capture\"\n";

fn refused(text: &str) -> String {
    QuirkFile::parse("x.toml", text).unwrap_err().to_string()
}

#[test]
fn the_files_that_come_along_are_valid_and_say_their_source() {
    for (name, text) in BUILT_IN {
        let file = QuirkFile::parse(name, text).unwrap();
        for model in &file.models {
            assert!(!model.rules.is_empty(), "{name}: {}", model.name);
            for rule in &model.rules {
                assert!(
                    rule.source.len() > 20,
                    "{name}: {}: a source one can look up",
                    model.name
                );
            }
        }
    }
    assert_eq!(QuirkBook::built_in().files().len(), BUILT_IN.len());
}

#[test]
fn the_bench_file_is_valid() {
    let text = include_str!("../../../../tests/bench/quirks/bench.toml");
    let file = QuirkFile::parse("bench.toml", text).unwrap();
    assert!(file.models[0].rules.iter().all(|rule| rule.verified));
    let Place::Bytes {
        report,
        when,
        byte,
        mask,
    } = &file.models[0].rules[0].place
    else {
        panic!("{file:?}")
    };
    assert_eq!((*report, *byte, *mask), (ReportId::new(3), 2, 0xff));
    assert_eq!((when[0].byte, when[0].mask, when[0].is), (1, 0xff, 0x51));
}

#[test]
fn no_quick_disconnect_rule_that_comes_along_claims_to_be_verified() {
    // None of the encodings is published: such a rule would hold real calls on a guess.
    for file in QuirkBook::built_in().files() {
        for rule in file.models.iter().flat_map(|model| &model.rules) {
            assert!(
                rule.meaning != Meaning::QdOpen || !rule.verified,
                "{}",
                file.name
            );
        }
    }
}

#[test]
fn the_named_product_comes_before_its_make() {
    let book = QuirkBook::built_in();
    let quirk = book.find(PLANTRONICS, ProductId(0xaa07)).unwrap();
    assert_eq!(quirk.name, "plantronics");
    assert!(quirk.names_product);
    assert_eq!(quirk.rules[0].place, Place::Usage(Usage::new(0xffa0, 0xb7)));
    let other = book.find(PLANTRONICS, ProductId(0xc056)).unwrap();
    assert!(!other.names_product);
    assert!(
        other
            .rules
            .iter()
            .all(|rule| rule.meaning != Meaning::QdOpen)
    );
    assert_eq!(book.find(VendorId(0x1d6b), ProductId(2)), None);
    assert_eq!(
        book.find(VendorId(0x046d), ProductId(0xc52b)),
        None,
        "a mouse receiver"
    );
}

#[test]
fn files_of_a_directory_come_first_and_bad_ones_are_named() {
    let directory = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write(
        "site.toml",
        &RULE.replace("verified = false", "verified = true"),
    );
    write("broken.toml", &RULE.replace("meaning", "meening"));
    write("notes.txt", "not read");
    let mut book = QuirkBook::built_in();
    let errors = book.add_directory(directory.path());
    let quirk = book.find(PLANTRONICS, ProductId(0xda45)).unwrap();
    assert_eq!(quirk.name, "site+plantronics");
    assert!(
        quirk.rules[0].verified,
        "the administrator's rule is the first for its usage"
    );
    let [error] = errors.as_slice() else {
        panic!("{errors:?}")
    };
    assert!(
        error.file.ends_with("broken.toml") && error.line == 6,
        "{error}"
    );
    assert!(book.add_directory(Path::new("/nonexistent")).is_empty());
}

#[test]
fn debounce_is_the_models_own() {
    let book = QuirkBook::built_in();
    let debounce = |vendor, product| {
        book.find(VendorId(vendor), ProductId(product))
            .map(|quirk| quirk.debounce)
    };
    assert_eq!(debounce(0x046d, 0x0a46), Some(Duration::from_millis(50)));
    assert_eq!(debounce(0x6993, 0xb001), Some(DEFAULT_DEBOUNCE));
}

#[test]
fn mistakes_are_told_with_line_and_nearest_word() {
    let cases = [
        (
            RULE.replace("meaning", "meening"),
            "x.toml, line 6: unknown key `meening`; did you mean `meaning`?",
        ),
        (
            RULE.replace("[[model]]", "[[modell]]"),
            "x.toml, line 1: unknown key `modell`; did you mean `model`?",
        ),
        (
            RULE.replace("qd_open", "qd_opened"),
            "x.toml, line 6: `qd_opened` is not a meaning; did you mean `qd_open`?",
        ),
        (
            RULE.replace("ffa0:b7", "b7"),
            "x.toml, line 5: `usage` has to be page:usage in hexadecimal, such as \"0b:2f\"",
        ),
        (
            RULE.replace("verified = false\n", ""),
            "x.toml, line 4: the key `verified` is missing",
        ),
        (
            RULE.replace("false", "\"no\""),
            "x.toml, line 7: `verified` has to be true or false",
        ),
        (
            RULE.replace("a capture", " "),
            "x.toml, line 8: `source` has to be text in quotes, and not empty",
        ),
        (
            RULE.replace("usage = \"ffa0:b7\"", "report = 3"),
            "x.toml, line 4: a rule needs either `usage`, or `report` with `byte`",
        ),
        (
            RULE.replace("usage", "byte = 2\nusage"),
            "x.toml, line 4: a rule needs either `usage`, or `report` with `byte`",
        ),
        (
            RULE.replace("verified", "mask = 256\nverified"),
            "x.toml, line 4: a rule needs either",
        ),
        (
            RULE.replace("usage = \"ffa0:b7\"", "report = 3\nbyte = 0"),
            "x.toml, line 6: `byte` has to be a whole number from 1 to 4096",
        ),
        (
            RULE.replace("verified", "each = true\nverified"),
            "x.toml, line 4: `each` has to be left out: `qd_open` is not pressed",
        ),
        (
            RULE.replace("da45", "da45-da40"),
            "x.toml, line 3: `match` has to be a list of products",
        ),
        (
            RULE.replace("= \"X\"", "= X"),
            "x.toml, line 2: not valid TOML: ",
        ),
        (String::new(), "x.toml, line 1: the key `model` is missing"),
        (
            "#".repeat(10_000),
            "x.toml, line 1: the file is larger than 8192 bytes",
        ),
    ];
    for (text, message) in cases {
        let said = refused(&text);
        assert!(said.starts_with(message), "{said}\nshould begin: {message}");
    }
}
