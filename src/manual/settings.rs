//! `sidetone.toml(5)`, made of the documented defaults.

use super::{Page, title};
use crate::config::{DEFAULTS, Line, lines};
use clap_mangen::roff::{Roff, bold, roman};

const DESCRIPTION: [&str; 3] = [
    "The files /etc/sidetone/*.toml are read in the order of their names and laid over the defaults that \
     are built into the program; a later file wins. Write only what you want to change. With \
     --config FILE, only that file is read.",
    "Everything wrong with a file is told at once, with line, column and what would be right, and the \
     program does not start: sidetone-config-check(1) tells it beforehand. sidetone-config-show(1) \
     prints what is in force and which file says so.",
    "Below is every key with its default; a key without one has no value unless a file gives it.",
];

/// The page.
pub(super) fn page(date: &str) -> Page {
    let mut roff = Roff::new();
    title(&mut roff, "sidetone.toml", "5", date);
    roff.control("SH", ["NAME"]);
    roff.text([roman("sidetone.toml - configuration of Sidetone")]);
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([bold("/etc/sidetone/*.toml")]);
    roff.control("SH", ["DESCRIPTION"]);
    for (index, paragraph) in DESCRIPTION.iter().enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*paragraph)]);
    }
    roff.control("SH", ["KEYS"]);
    keys(&mut roff);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(
        "sidetone(1), sidetone-config(1), sidetone-config-check(1), sidetone-config-show(1)",
    )]);
    Page {
        name: "sidetone.toml.5".to_owned(),
        text: roff.to_roff(),
    }
}

fn keys(roff: &mut Roff) {
    let mut said = Vec::new();
    let mut in_table = false;
    for line in lines(DEFAULTS) {
        match line {
            Line::Comment(text) => said.push(text),
            Line::Rule => said.clear(),
            Line::Blank if in_table && !said.is_empty() => {
                roff.control("PP", []);
                roff.text([roman(said.join(" "))]);
                said.clear();
            }
            // What stands above the first table is about the file as a whole.
            Line::Blank => said.clear(),
            Line::Table(name) => {
                in_table = true;
                roff.control("SS", [format!("[{name}]").as_str()]);
                if !said.is_empty() {
                    roff.text([roman(said.join(" "))]);
                    said.clear();
                }
            }
            Line::Key { name, value } => key(roff, name, Some(value), &mut said),
            Line::Unset { name, .. } => key(roff, name, None, &mut said),
        }
    }
}

fn key(roff: &mut Roff, name: &str, value: Option<&str>, said: &mut Vec<&str>) {
    roff.control("TP", []);
    let value = value.map_or_else(|| " (not set)".to_owned(), |value| format!(" = {value}"));
    roff.text([bold(name), roman(value)]);
    if !said.is_empty() {
        roff.text([roman(said.join(" "))]);
        said.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::config::{DEFAULTS, Line, lines};

    #[test]
    fn every_table_and_key_of_the_defaults_is_in_the_page() {
        let text = page("").text;
        let mut keys = 0;
        for line in lines(DEFAULTS) {
            match line {
                Line::Table(name) => assert!(text.contains(&format!("[{name}]")), "{name}"),
                Line::Key { name, .. } | Line::Unset { name, .. } => {
                    keys += 1;
                    assert!(text.contains(&format!("\\fB{name}\\fR")), "{name}");
                }
                _ => {}
            }
        }
        assert!(keys > 50, "{keys}");
    }

    #[test]
    fn a_key_carries_its_reason() {
        let text = page("").text;
        assert!(
            text.contains("\\fBkeep_alive_s\\fR = 20\nSeconds. A dead broker"),
            "{text}"
        );
        assert!(text.contains("\\fBca_file\\fR (not set)"), "{text}");
    }
}
