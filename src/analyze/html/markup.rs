//! Markup that cannot be broken by what it is made of.
//!
//! *Promises*: every element that is opened is closed, and every text and attribute is escaped, so
//! that the page is well-formed XML as well as HTML, whatever a file is called.
//!
//! *Never* takes markup from anywhere but this program: [`Markup::verbatim`] wants a constant.

use std::fmt::{self, Display, Write};

/// Name and value of an attribute.
pub(super) type Attribute<'a> = (&'static str, &'a dyn Display);

/// A page being written.
#[derive(Debug, Default)]
pub(super) struct Markup {
    text: String,
}

impl Markup {
    /// An element with what `inside` writes into it.
    pub(super) fn node(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        inside: impl FnOnce(&mut Self),
    ) {
        self.open(name, attributes);
        self.text.push('>');
        inside(self);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// An element with nothing in it: a drawn shape, or one of HTML's void elements.
    pub(super) fn leaf(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.open(name, attributes);
        self.text.push_str("/>");
    }

    /// An element with only text in it.
    pub(super) fn words(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        words: &dyn Display,
    ) {
        self.node(name, attributes, |m| m.text(words));
    }

    /// Text.
    pub(super) fn text(&mut self, words: &dyn Display) {
        // Writing to a string cannot fail.
        let _ = write!(Escape(&mut self.text), "{words}");
    }

    /// Text that is part of the program and must not be escaped, such as a style sheet.
    pub(super) fn verbatim(&mut self, constant: &'static str) {
        self.text.push_str(constant);
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.text(value);
            self.text.push('"');
        }
    }
}

/// Writes text so that it stays text.
struct Escape<'t>(&'t mut String);

impl Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c if is_harmful(c) => self.0.push(char::REPLACEMENT_CHARACTER),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Not allowed in XML, or able to turn the text around it.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{fffe}' | '\u{ffff}')
}

/// A coordinate of a drawing: no more decimals than can be seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Px(pub(super) f64);

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round();
        if tenths % 10.0 == 0.0 {
            write!(f, "{}", tenths as i64 / 10)
        } else {
            write!(f, "{:.1}", tenths / 10.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let mut markup = Markup::default();
        let name = "\"><script>alert('1')</script>&amp;\u{202e}vaw.\0";
        markup.node("p", &[("title", &name)], |m| m.text(&name));
        let escaped = "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;\u{fffd}vaw.\u{fffd}";
        assert_eq!(
            markup.finish(),
            format!("<p title=\"{escaped}\">{escaped}</p>")
        );
    }

    #[test]
    fn coordinates_have_at_most_one_decimal() {
        for (value, text) in [(3.0, "3"), (-0.04, "0"), (12.34, "12.3"), (-1.96, "-2")] {
            assert_eq!(Px(value).to_string(), text);
        }
    }
}
