//! Help, version and wrong usage. The texts of `--help` are kept in `tests/help/`; after a change
//! that is meant, run this test with `UPDATE_HELP=1` and look at the difference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use support::sidetone;

const COMMANDS: &[&str] = &[
    "",
    "demo",
    "run",
    "uplink",
    "station",
    "devices",
    "softphones",
    "doctor",
    "monitor",
    "learn",
    "analyze",
    "fleet",
    "fleet get",
    "fleet set",
    "fleet diff",
    "fleet watch",
    "fleet keygen",
    "spokes",
    "spokes install",
    "spokes uninstall",
    "hub",
    "config",
    "config check",
    "config show",
    "config defaults",
    "config schema",
    "schema",
    "completions",
    "manual",
    "simulate",
];

#[test]
fn help_explains_each_command_with_examples() {
    for command in COMMANDS {
        let run = sidetone(command.split_whitespace().chain(["--help"]));
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{command}");
        assert!(run.out.contains("Example"), "{command} has no example");
        let name = format!("sidetone {command}");
        let name = name.trim().replace(' ', "-");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/help/{name}.txt"));
        if std::env::var_os("UPDATE_HELP").is_some() {
            fs::write(&path, &run.out).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(run.out, kept, "{command}: see the head of this file");
    }
}

#[test]
fn every_command_is_tested() {
    let help = sidetone(["--help"]).out;
    let (_, commands) = help.split_once("\nCommands:\n").unwrap();
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        assert!(name == "help" || COMMANDS.contains(&name), "{name}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    for flag in ["-V", "--version"] {
        let run = sidetone([flag]);
        assert_eq!(run.status, 0);
        assert_eq!(run.out, format!("sidetone {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn no_command_shows_the_help_and_is_wrong_usage() {
    let run = sidetone([""; 0]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.contains("Usage: sidetone"), "{}", run.err);
}

#[test]
fn wrong_usage_is_one_sentence_and_status_2() {
    for (args, expected) in [
        (
            "confg",
            "unrecognized subcommand 'confg'; a similar subcommand exists: 'config'; `sidetone --help` shows how to use it",
        ),
        (
            "config shw",
            "unrecognized subcommand 'shw'; a similar subcommand exists: 'show'; `sidetone config --help` shows how to use it",
        ),
        (
            "run --confg x",
            "unexpected argument '--confg' found; a similar argument exists: '--config'; `sidetone run --help` shows how to use it",
        ),
        (
            "run -c",
            "a value is required for '--config <FILE>' but none was supplied; `sidetone --help` shows how to use it",
        ),
        (
            "schema xml",
            "invalid value 'xml' for '[FORMAT]' [possible values: json, asyncapi]; `sidetone --help` shows how to use it",
        ),
        (
            "analyze",
            "the following required arguments were not provided: <FILE.wav>; `sidetone analyze --help` shows how to use it",
        ),
    ] {
        let run = sidetone(args.split_whitespace());
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{args}");
        assert_eq!(run.err, format!("sidetone: {expected}\n"), "{args}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sidetone"))
        .args(["config", "schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before the program can have written all of it, or anything.
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(err, "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sidetone"))
        .args(["config", "defaults"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.starts_with("sidetone: cannot write to standard output: "),
        "{err}"
    );
}
