//! The quick commands of every document, run to the letter: `run-blocks` does it in a network of its own with a
//! broker on the usual port, a private home, a call of real voices and a headset.

use crate::page::{Page, pages, root};
use crate::testbed::HidHeadset;
use crate::{PROGRAM, voices};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// What the reader has in the current directory: that of the repository.
const CHECKOUT: [&str; 7] = [
    "devices",
    "docs",
    "examples",
    "packaging",
    "scripts",
    "src",
    "systemd",
];

/// Commands that run until somebody stops them, as the last one of a block.
fn runs_on(block: &str) -> bool {
    let last = block
        .lines()
        .rfind(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let last = last.unwrap_or_default();
    let words: Vec<&str> = last.split_whitespace().collect();
    match words.as_slice() {
        ["sidetone", "run" | "monitor" | "demo" | "hub", rest @ ..] => !rest
            .iter()
            .any(|word| matches!(*word, "--once" | "--help" | "--json")),
        ["sidetone", "simulate", rest @ ..] => !rest.contains(&"--seconds"),
        ["mosquitto_sub", rest @ ..] => !rest.iter().any(|word| matches!(*word, "-C" | "-W")),
        ["python3", script, ..] | [script, ..] => script.starts_with("examples/subscribe."),
        [] => false,
    }
}

fn run(page: &Page) {
    let blocks: Vec<_> = page
        .fences
        .iter()
        .filter(|fence| fence.info == "sh")
        .collect();
    if blocks.is_empty() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (folder, work) = (
        directory.path().join("blocks"),
        directory.path().join("work"),
    );
    let home = directory.path().join("home");
    for new in [&folder, &work, &home] {
        fs::create_dir(new).unwrap();
    }
    for (number, block) in blocks.iter().enumerate() {
        let place = format!("# {}:{}", page.name, block.line);
        let head = if runs_on(&block.text) {
            "# runs on\n"
        } else {
            ""
        };
        let text = format!("{head}{place}\n{}", block.text);
        fs::write(folder.join(format!("{number:02}.sh")), text).unwrap();
    }
    for name in CHECKOUT {
        symlink(root().join(name), work.join(name)).unwrap();
    }
    voices::write_call(&work.join("call.wav"));

    let headset = HidHeadset::new();
    let mut network = Command::new("unshare");
    network.args(["--map-root-user", "--net", "umockdev-run"]);
    let programs = Path::new(PROGRAM).parent().unwrap().display().to_string();
    let output = headset
        .seen_by(network, root().join("tests/daemon_docs/run-blocks"))
        .arg(&folder)
        .current_dir(&work)
        .env_clear()
        .env("PATH", format!("{programs}:/usr/sbin:/usr/bin:/sbin:/bin"))
        .env("HOME", &home)
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_RUNTIME_DIR", &home)
        .env("TERM", "xterm-256color")
        .env("LANG", "C.UTF-8")
        .output()
        .expect("unshare is part of util-linux");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(headset.written_to(), 0, "no report is written");
}

#[test]
fn the_commands_of_the_readme_work() {
    run(&Page::read("README.md"));
}

#[test]
fn the_commands_of_the_other_documents_work() {
    for page in pages() {
        if !page.name.starts_with("README") {
            run(&page);
        }
    }
}

/// `scripts/doc-commands` and these tests read the documents alike.
#[test]
fn doc_commands_prints_what_is_run_here() {
    for page in pages() {
        let output = Command::new(root().join("scripts/doc-commands"))
            .args(["quick", &page.name])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(output.status.success());
        let quick = page.fences.iter().filter(|fence| fence.info == "sh");
        let expected: String = quick
            .map(|fence| format!("# {}:{}\n{}", page.name, fence.line, fence.text))
            .collect();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
}
