//! What a page says about the repository is true: links, kinds of blocks, targets, commands, languages.

use crate::page::{Page, pages, root};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// Blocks that are shown, and no commands.
const SHOWN: [&str; 5] = ["toml", "json", "text", "conf", "udev"];
/// Blocks that are commands: `sh`, and `sh KIND` which somebody other than this test runs.
const KINDS: [&str; 4] = ["sh", "sh make", "sh clean-root", "sh guest"];

/// Targets that `.ci/run` does not make, and what tests them instead.
const TESTED_ELSEWHERE: [(&str, &str); 1] = [("demo", "tests/daemon_demo.rs")];

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        for link in &page.links {
            if link.starts_with("https://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                page.name.clone()
            } else {
                let found = page.folder().join(path).canonicalize();
                let found = found.unwrap_or_else(|_| panic!("{}: no {link}", page.name));
                let inside = found.strip_prefix(root().canonicalize().unwrap());
                inside.unwrap().display().to_string()
            };
            if !anchor.is_empty() {
                let anchors = Page::read(&target).anchors();
                assert!(
                    anchors.iter().any(|a| a == anchor),
                    "{}: {link}: {anchors:?}",
                    page.name
                );
            }
        }
    }
}

#[test]
fn every_block_has_a_kind_that_somebody_runs() {
    for page in pages() {
        for fence in &page.fences {
            let kind = fence.info.as_str();
            let place = format!("{}:{}", page.name, fence.line);
            assert!(
                KINDS.contains(&kind) || SHOWN.contains(&kind),
                "{place}: ```{kind}"
            );
            let Some(elsewhere) = kind.strip_prefix("sh ").filter(|kind| *kind != "make") else {
                continue;
            };
            let asks = format!("doc-commands {elsewhere}");
            let runner = Command::new("git")
                .args([
                    "grep",
                    "-lF",
                    &asks,
                    "--",
                    "Makefile",
                    "packaging",
                    "scripts",
                    "tests",
                    "systemd",
                ])
                .args([":!scripts/doc-commands", ":!tests/daemon_docs"])
                .current_dir(root())
                .output()
                .unwrap();
            assert!(!runner.stdout.is_empty(), "{place}: nothing runs `{asks}`");
        }
    }
}

/// The targets that `make` of these goals makes, themselves included.
fn closure(goals: &[&str]) -> BTreeSet<String> {
    let files = ["Makefile", "tests/bench/bench.mk"].map(text).join("\n");
    let mut found = BTreeSet::new();
    let mut open: Vec<String> = goals.iter().map(|&goal| goal.to_owned()).collect();
    while let Some(target) = open.pop() {
        for line in files.lines() {
            let rule = line.split("##").next().unwrap_or_default();
            if let Some((targets, needs)) = rule.split_once(':')
                && !rule.starts_with(['\t', '.', '#'])
                && targets.split_whitespace().any(|t| t == target)
            {
                open.extend(needs.split_whitespace().map(str::to_owned));
            }
        }
        found.insert(target);
    }
    found
}

#[test]
fn documented_targets_exist_and_are_made_by_ci() {
    let ci = text(".ci/run");
    let goals: Vec<&str> = ci
        .lines()
        .filter_map(|line| line.trim().strip_prefix("make "))
        .collect();
    assert!(goals.contains(&"test"), "{goals:?}");
    let made = closure(&goals);
    for page in pages() {
        for fence in page.fences.iter().filter(|fence| fence.info == "sh make") {
            for line in fence.text.lines() {
                let command = line.split('#').next().unwrap_or_default();
                let mut words = command.split_whitespace();
                assert_eq!(words.next(), Some("make"), "{}: {line}", page.name);
                for target in words {
                    exists(target);
                    let elsewhere = TESTED_ELSEWHERE.iter().find(|(name, _)| *name == target);
                    let tested = match elsewhere {
                        Some((_, test)) => root().join(test).exists(),
                        None => made.contains(target),
                    };
                    assert!(tested, "{}: nothing tests `make {target}`", page.name);
                }
            }
        }
        for code in page.code.iter().filter(|code| code.starts_with("make ")) {
            let words = code.split_whitespace().skip(1);
            for target in words
                .take_while(|word| *word != "&&")
                .filter(|word| !word.contains('='))
            {
                exists(target);
            }
        }
    }
}

fn exists(target: &str) {
    let output = Command::new("make")
        .args(["-n", target])
        .current_dir(root())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        !error.contains("No rule to make target"),
        "make {target}: {error}"
    );
}

/// Commands of `cargo` that a page names in passing: too long to run here, so what they name must exist.
#[test]
fn benchmarks_tests_and_examples_that_are_named_exist() {
    let manifests = ["Cargo.toml", "dsp/Cargo.toml", "devices/Cargo.toml"]
        .map(text)
        .join("\n");
    for page in pages() {
        for code in page.code.iter().filter(|code| code.starts_with("cargo ")) {
            let words: Vec<&str> = code.split_whitespace().collect();
            for pair in words.windows(2) {
                let folder = match pair[0] {
                    "--bench" => "benches",
                    "--test" => "tests",
                    "--example" => "examples",
                    _ => continue,
                };
                let exists = ["", "dsp/", "devices/", "wire/", "hub/"]
                    .iter()
                    .any(|part| {
                        let place = root().join(part).join(folder);
                        place.join(format!("{}.rs", pair[1])).exists()
                            || place.join(pair[1]).join("main.rs").exists()
                    });
                let named = manifests.contains(&format!("name = \"{}\"", pair[1]));
                assert!(exists || named, "{}: {code}", page.name);
            }
        }
    }
}

#[test]
fn every_command_is_documented() {
    let run = crate::support::sidetone(["--help"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let (_, commands) = run.out.split_once("\nCommands:\n").unwrap();
    let everything: String = pages()
        .iter()
        .map(|page| {
            let fences: String = page
                .fences
                .iter()
                .map(|fence| fence.text.as_str())
                .collect();
            page.prose.clone() + &fences
        })
        .collect();
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let Some(name) = line
            .split_whitespace()
            .next()
            .filter(|_| line.starts_with("  ") && !line.starts_with("   "))
        else {
            continue;
        };
        let command = format!("sidetone {name}");
        assert!(
            name == "help" || everything.contains(&command),
            "`{command}` is in no document"
        );
    }
}

/// The second column of the table of symptoms.
#[test]
fn every_check_of_the_doctor_is_in_the_table_of_symptoms() {
    let run = crate::support::sidetone(["doctor", "--list"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let first = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    let checks: BTreeSet<String> = run.out.lines().map(first).collect();
    let page = Page::read("docs/troubleshooting.md");
    let rows = page
        .prose
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2);
    let named: BTreeSet<String> = rows
        .map(|row| {
            row.split('|')
                .nth(2)
                .unwrap()
                .trim()
                .trim_matches('`')
                .to_owned()
        })
        .collect();
    assert_eq!(named, checks);
}

/// Figures with their decimals, outside links.
fn numbers(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    let mut number = String::new();
    for c in page.prose.chars().chain([' ']) {
        if c.is_ascii_digit() || (matches!(c, '.' | ',') && !number.is_empty()) {
            number.push(c);
        } else if !number.is_empty() {
            found.push(number.trim_end_matches(['.', ',']).to_owned());
            number.clear();
        }
    }
    found.sort();
    found
}

#[test]
fn the_chinese_readme_is_in_step() {
    let (english, chinese) = (Page::read("README.md"), Page::read("README.zh-CN.md"));
    let levels =
        |page: &Page| -> Vec<usize> { page.headings.iter().map(|(level, _)| *level).collect() };
    assert_eq!(levels(&english), levels(&chinese), "headings");
    let other = |link: &&String| !link.starts_with("README");
    let links = |page: &Page| -> Vec<String> { page.links.iter().filter(other).cloned().collect() };
    assert_eq!(links(&english), links(&chinese), "links and images");
    assert_eq!(english.fences.len(), chinese.fences.len(), "blocks");
    for (ours, theirs) in english.fences.iter().zip(&chinese.fences) {
        assert_eq!(ours.info, theirs.info);
        // What stands after `#` is for people.
        let commands = |text: &str| -> Vec<String> {
            let code = |line: &str| {
                line.split(" # ")
                    .next()
                    .unwrap_or_default()
                    .trim_end()
                    .to_owned()
            };
            text.lines().map(code).collect()
        };
        assert_eq!(commands(&ours.text), commands(&theirs.text));
    }
    assert_eq!(numbers(&english), numbers(&chinese), "figures");
    let mut codes = [&english, &chinese].map(|page| page.code.clone());
    codes.iter_mut().for_each(|code| code.sort());
    assert_eq!(codes[0], codes[1], "inline code");
}
