//! The text format of Prometheus, version 0.0.4: one family at a time.

use std::fmt::{Display, Write};

/// What kind a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only grows, from 0 at the daemon's start; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// A text under construction.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// A family without labels; without a value it has no sample.
    pub(super) fn plain(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        value: Option<impl Display>,
    ) {
        self.head(name, kind, help);
        if let Some(value) = value {
            let _ = writeln!(self.0, "{name} {value}");
        }
    }

    /// A family with one label: a sample for each of its values, which must differ.
    pub(super) fn by<L: AsRef<str>, V: Display>(
        &mut self,
        (name, label): (&str, &str),
        kind: Kind,
        help: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) {
        self.head(name, kind, help);
        for (value_of_label, value) in samples {
            let escaped = escape(value_of_label.as_ref());
            let _ = writeln!(self.0, "{name}{{{label}=\"{escaped}\"}} {value}");
        }
    }

    /// The whole text.
    pub(super) fn done(self) -> String {
        self.0
    }

    // Writing to a string cannot fail.
    fn head(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }
}

/// A label's value between its quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_what_is_unknown_has_no_sample() {
        let mut text = Text::default();
        text.by(("a", "l"), Kind::Gauge, "Help.", [("x\\\"\n", 1)]);
        text.plain("b_total", Kind::Counter, "Help.", None::<u64>);
        assert_eq!(
            text.done(),
            "# HELP a Help.\n# TYPE a gauge\na{l=\"x\\\\\\\"\\n\"} 1\n\
             # HELP b_total Help.\n# TYPE b_total counter\n"
        );
    }
}
