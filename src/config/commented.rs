//! The documented defaults line by line, and the file the packages install: all of them, commented out.

/// A line of the defaults file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'t> {
    /// Nothing.
    Blank,
    /// `# …`, without the sign.
    Comment(&'t str),
    /// A line drawn between the parts of the file.
    Rule,
    /// `[name]`
    Table(&'t str),
    /// `name = value`
    Key {
        /// The key within its table.
        name: &'t str,
        /// As it is written.
        value: &'t str,
    },
    /// `# name = value`: a key without a default; the value is an example.
    Unset {
        /// The key within its table.
        name: &'t str,
        /// The example, as it is written.
        value: &'t str,
    },
}

/// The lines of a defaults file.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().map(|line| {
        let line = line.trim_end();
        if let Some(table) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            return Line::Table(table);
        }
        let Some(comment) = line.strip_prefix('#') else {
            return match assignment(line) {
                Some((name, value)) => Line::Key { name, value },
                None => Line::Blank,
            };
        };
        let comment = comment.trim_start();
        if comment.starts_with("---") {
            return Line::Rule;
        }
        match assignment(comment) {
            Some((name, value)) => Line::Unset { name, value },
            None => Line::Comment(comment),
        }
    })
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(" = ")?;
    let is_key = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_key.then_some((name, value))
}

const HEAD: &str = "\
# Sidetone's configuration: every key with its default, commented out.
#
# To change something, take the `#` away in front of its key, or write the key into a file of your own
# beside this one: /etc/sidetone/*.toml are read in the order of their names, a later one wins.
# `sidetone config check` tells what is wrong with them, `sidetone config show` what is in force.
#
# A key behind `# ` (with a space) has no value unless you give it one.
";

/// The file `/etc/sidetone/sidetone.toml` of the packages: `defaults` with each key commented out as
/// `#key = value`. It sets nothing; without those signs it sets the defaults.
#[must_use]
pub fn commented(defaults: &str) -> String {
    let mut text = HEAD.to_owned();
    let body = defaults.find("\n[").map_or(defaults, |at| &defaults[at..]);
    for line in body.lines() {
        if assignment(line).is_some() {
            text.push('#');
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Line, commented, lines};
    use crate::config::{self, DEFAULTS};

    #[test]
    fn the_commented_file_sets_nothing() {
        let loaded = config::load_text("sidetone.toml", &commented(DEFAULTS)).expect("it is valid");
        assert!(loaded.origins.is_empty(), "{:?}", loaded.origins);
        assert_eq!(loaded.config, config::defaults().expect("the defaults"));
    }

    #[test]
    fn without_the_signs_it_sets_every_default() {
        let mut keys = 0;
        let text: String = commented(DEFAULTS)
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => {
                    keys += 1;
                    format!("{key}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        let loaded = config::load_text("sidetone.toml", &text).expect("it is valid");
        assert_eq!(loaded.config, config::defaults().expect("the defaults"));
        assert_eq!(loaded.origins.len(), keys, "{text}");
        let defaults = lines(DEFAULTS).filter(|l| matches!(l, Line::Key { .. }));
        assert_eq!(keys, defaults.count());
    }

    #[test]
    fn an_example_of_a_key_without_a_default_stays_an_example() {
        assert!(commented(DEFAULTS).contains("\n# ca_file = "));
        assert_eq!(
            lines("# ca_file = \"x\"").next(),
            Some(Line::Unset {
                name: "ca_file",
                value: "\"x\""
            })
        );
    }
}
