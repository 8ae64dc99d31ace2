//! Which udev rules give a headset's node to a person: udev(7), as far as such rules use it.
//!
//! *Promises*: files are taken as udev takes them (a name in `/etc` replaces the same name in `/run`, and
//! that the one in `/usr/lib`), in the order of their names; a condition that is not understood counts as
//! not met. *Never* runs or changes a rule.

use super::desk::Roots;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Access is given to the person at the seat here; a tag that is set in a later file comes too late.
pub(super) const SEAT_RULES: &str = "73-seat-late.rules";

/// What udev knows of a node.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) vendor: u16,
    pub(super) product: u16,
    pub(super) product_name: String,
    /// Its name, e.g. `hidraw0`.
    pub(super) kernel: String,
    /// Names of the directories above it in sysfs.
    pub(super) ancestors: Vec<String>,
}

/// A rule that gives access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// Its file.
    pub(super) file: PathBuf,
    /// To the person at the seat.
    pub(super) uaccess: bool,
    /// To this group.
    pub(super) group: Option<String>,
}

impl Grant {
    /// It tags the node after access was given.
    pub(super) fn is_late(&self) -> bool {
        self.uaccess && self.group.is_none() && name(&self.file) >= SEAT_RULES
    }
}

/// What the rule files say about a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Rules in force, in their order.
    pub(super) grants: Vec<Grant>,
    /// Rules that would be, with the file of the same name that replaces theirs.
    pub(super) masked: Vec<(Grant, PathBuf)>,
}

/// Looks through all rule files.
pub(super) fn verdict(roots: &Roots, node: &Node) -> Verdict {
    let directories = [&roots.etc, &roots.run].into_iter().chain(&roots.lib);
    let mut in_force: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut replaced = Vec::new();
    for directory in directories {
        let entries = fs::read_dir(directory.join("udev/rules.d"));
        for path in entries.into_iter().flatten().flatten().map(|e| e.path()) {
            let name = name(&path).to_owned();
            if !name.ends_with(".rules") {
                continue;
            }
            match in_force.get(&name) {
                Some(by) if !same(by, &path) => replaced.push((path, by.clone())),
                Some(_) => {}
                None => {
                    in_force.insert(name, path);
                }
            }
        }
    }
    let mut verdict = Verdict::default();
    for path in in_force.values() {
        verdict.grants.extend(grants(path, node));
    }
    for (path, by) in replaced {
        let masked = grants(&path, node).into_iter();
        verdict
            .masked
            .extend(masked.map(|grant| (grant, by.clone())));
    }
    verdict
}

/// `/lib` is `/usr/lib` on most systems.
fn same(one: &Path, other: &Path) -> bool {
    let real = |path| fs::canonicalize(path).ok();
    real(one).is_some() && real(one) == real(other)
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

fn grants(file: &Path, node: &Node) -> Vec<Grant> {
    // A rule file that cannot be read gives nothing; a link to /dev/null is empty.
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut grants = Vec::new();
    let mut label: Option<String> = None;
    for line in lines(&text) {
        let tokens = tokens(&line);
        if let Some(wanted) = &label {
            let here = tokens
                .iter()
                .any(|t| t.key == "LABEL" && t.value == *wanted);
            if !here {
                continue;
            }
            label = None;
        }
        if !tokens.iter().all(|token| token.holds(node)) {
            continue;
        }
        let assigned = |key: &str| {
            let mut named = tokens.iter().filter(|t| t.key == key && !t.compares());
            named.next_back().map(|t| t.value.clone())
        };
        let uaccess = tokens
            .iter()
            .any(|t| t.key == "TAG" && !t.compares() && t.value == "uaccess");
        let group = assigned("GROUP").or_else(|| {
            let mode = u32::from_str_radix(&assigned("MODE")?, 8).ok()?;
            (mode & 0o006 == 0o006).then(|| "everybody".to_owned())
        });
        if uaccess || group.is_some() {
            grants.push(Grant {
                file: file.to_owned(),
                uaccess,
                group,
            });
        }
        label = assigned("GOTO");
    }
    grants
}

/// Rules: lines without comments, joined where they end with a backslash.
fn lines(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let rules = joined.lines().map(str::trim);
    rules
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// `KEY{attribute}operator"value"`
#[derive(Debug, PartialEq, Eq)]
struct Token {
    key: String,
    attribute: String,
    operator: String,
    value: String,
}

fn tokens(line: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((head, tail)) = rest.split_once('"') {
        let Some((value, after)) = tail.split_once('"') else {
            break;
        };
        let head = head.trim_matches(|c: char| c == ',' || c.is_whitespace());
        let start = head.find(['=', '!', '+', '-', ':']).unwrap_or(head.len());
        let (left, operator) = head.split_at(start);
        let (key, attribute) = left.trim().split_once('{').unwrap_or((left.trim(), ""));
        found.push(Token {
            key: key.to_owned(),
            attribute: attribute.trim_end_matches('}').to_owned(),
            operator: operator.trim().to_owned(),
            value: value.to_owned(),
        });
        rest = after;
    }
    found
}

impl Token {
    fn compares(&self) -> bool {
        matches!(self.operator.as_str(), "==" | "!=")
    }

    /// Whether the condition is met when the node is added; what is no condition always is.
    fn holds(&self, node: &Node) -> bool {
        if !self.compares() {
            return true;
        }
        let is = |text: &str| self.value.split('|').any(|p| matches(p, text));
        let equal = match (self.key.as_str(), self.attribute.as_str()) {
            ("ACTION", _) => is("add"),
            ("SUBSYSTEM", _) => is("hidraw"),
            ("SUBSYSTEMS", _) => ["hidraw", "hid", "usb"].iter().any(|name| is(name)),
            ("KERNEL", _) => is(&node.kernel),
            ("KERNELS", _) => is(&node.kernel) || node.ancestors.iter().any(|name| is(name)),
            ("ATTRS", "idVendor") => is(&format!("{:04x}", node.vendor)),
            ("ATTRS", "idProduct") => is(&format!("{:04x}", node.product)),
            ("ATTRS", "product") => is(&node.product_name),
            _ => return false,
        };
        equal == (self.operator == "==")
    }
}

/// A shell pattern of `*`, `?` and `[...]`.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    glob(&pattern, &text)
}

fn glob(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            glob(rest, text) || text.split_first().is_some_and(|(_, t)| glob(pattern, t))
        }
        (Some(('?', rest)), Some((_, text))) => glob(rest, text),
        (Some(('[', rest)), Some((c, text))) => match rest.iter().position(|c| *c == ']') {
            Some(end) => in_set(&rest[..end], *c) && glob(&rest[end + 1..], text),
            None => false,
        },
        (Some((p, rest)), Some((c, text))) => p == c && glob(rest, text),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn in_set(set: &[char], c: char) -> bool {
    let (not, set) = match set.split_first() {
        Some(('!' | '^', rest)) => (true, rest),
        _ => (false, set),
    };
    let ranges = set.windows(3).filter(|w| w[1] == '-');
    let found = set.contains(&c) || ranges.into_iter().any(|w| (w[0]..=w[2]).contains(&c));
    found != not
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn node(vendor: u16, product: u16) -> Node {
        Node {
            vendor,
            product,
            product_name: "Poly Savi".to_owned(),
            kernel: "hidraw3".to_owned(),
            ancestors: vec!["0003:047F:C056.0001".to_owned(), "1-4:1.3".to_owned()],
        }
    }

    fn with(files: &[(&str, &str)], node: &Node) -> Verdict {
        let root = TempDir::new().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        verdict(&Roots::below(root.path()), node)
    }

    #[test]
    fn the_shipped_rules_cover_the_makes_they_name() {
        let shipped = include_str!("../../systemd/70-sidetone-headsets.rules");
        let file = [("usr/lib/udev/rules.d/70-sidetone-headsets.rules", shipped)];
        for (vendor, product, covered) in [
            (0x047f, 0xc056, true),
            (0x03f0, 0x0001, true),
            (0x046d, 0x0a44, true),
            (0x046d, 0xc31c, false),
            (0x1234, 0x0001, false),
        ] {
            let grants = with(&file, &node(vendor, product)).grants;
            assert_eq!(
                grants.len(),
                usize::from(covered),
                "{vendor:04x}:{product:04x}"
            );
            assert!(grants.iter().all(|grant| grant.uaccess && !grant.is_late()));
        }
    }

    #[test]
    fn other_ways_to_write_it_are_understood() {
        for rule in [
            r#"KERNEL=="hidraw*", ATTRS{idVendor}=="047f", TAG+="uaccess""#,
            r#"SUBSYSTEM=="hidraw", KERNELS=="0003:047F:*", TAG+="uaccess""#,
            "SUBSYSTEM==\"hidraw\", \\\n  ATTRS{idProduct}==\"c05[0-9]\", TAG+=\"uaccess\"",
            r#"SUBSYSTEMS=="usb", ATTRS{idVendor}!="1234", TAG+="uaccess""#,
        ] {
            let found = with(
                &[("etc/udev/rules.d/60-x.rules", rule)],
                &node(0x047f, 0xc056),
            );
            assert_eq!(found.grants.len(), 1, "{rule}");
        }
        for rule in [
            r#"# SUBSYSTEM=="hidraw", TAG+="uaccess""#,
            r#"SUBSYSTEM=="input", ATTRS{idVendor}=="047f", TAG+="uaccess""#,
            r#"SUBSYSTEM=="hidraw", ENV{ID_SECURITY_TOKEN}=="1", TAG+="uaccess""#,
            r#"SUBSYSTEM=="hidraw", ATTRS{idVendor}=="047f", SYMLINK+="headset""#,
        ] {
            let found = with(
                &[("etc/udev/rules.d/60-x.rules", rule)],
                &node(0x047f, 0xc056),
            );
            assert_eq!(found, Verdict::default(), "{rule}");
        }
        let group = r#"SUBSYSTEM=="hidraw", ATTRS{idVendor}=="047f", MODE="0660", GROUP="plugdev""#;
        let found = with(
            &[("etc/udev/rules.d/99-x.rules", group)],
            &node(0x047f, 0xc056),
        );
        assert_eq!(found.grants[0].group.as_deref(), Some("plugdev"));
        assert!(
            !found.grants[0].is_late(),
            "a group's access does not need the seat"
        );
    }

    #[test]
    fn late_and_masked_files_are_told_apart() {
        let rule = r#"SUBSYSTEM=="hidraw", ATTRS{idVendor}=="047f", TAG+="uaccess""#;
        let late = with(
            &[("etc/udev/rules.d/99-headset.rules", rule)],
            &node(0x047f, 1),
        );
        assert!(late.grants[0].is_late());
        let files = [
            ("etc/udev/rules.d/70-a.rules", ""),
            ("usr/lib/udev/rules.d/70-a.rules", rule),
        ];
        let masked = with(&files, &node(0x047f, 1));
        assert_eq!(masked.grants, []);
        assert!(masked.masked[0].1.ends_with("etc/udev/rules.d/70-a.rules"));
    }
}
