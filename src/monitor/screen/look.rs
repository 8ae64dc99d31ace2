//! What the terminal can show: colour and characters beyond ASCII are additions, never the message.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// What may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::monitor) struct Look {
    /// Colours (`NO_COLOR` is not set).
    pub(in crate::monitor) colour: bool,
    /// Characters beyond ASCII (a UTF-8 locale).
    pub(in crate::monitor) unicode: bool,
}

impl Look {
    /// As the environment wants it (no-color.org; locale(7)).
    pub(in crate::monitor) fn of_environment() -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        Self {
            colour: set("NO_COLOR").is_none(),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }

    fn painted(self, colour: Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        if self.colour { style.fg(colour) } else { style }
    }

    /// Needs a person.
    pub(super) fn bad(self) -> Style {
        self.painted(Color::Red, Modifier::BOLD)
    }

    /// Worth a look.
    pub(super) fn warning(self) -> Style {
        self.painted(Color::Yellow, Modifier::BOLD)
    }

    /// Goes on.
    pub(super) fn active(self) -> Style {
        self.painted(Color::Green, Modifier::BOLD)
    }

    /// Labels and rules.
    pub(super) fn quiet(self) -> Style {
        if self.colour {
            Style::new().fg(Color::DarkGray)
        } else {
            Style::new()
        }
    }

    /// Headings.
    pub(super) fn heading(self) -> Style {
        self.painted(Color::Cyan, Modifier::BOLD)
    }

    /// The bar at the top.
    pub(super) fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// `text` in at most `width` columns; what does not fit ends in a mark.
    pub(super) fn fit(self, text: &str, width: usize) -> String {
        if columns(text) <= width {
            return text.to_owned();
        }
        let mark = if self.unicode { "…" } else { "~" };
        let mut fitting = String::new();
        for character in text.chars() {
            fitting.push(character);
            if columns(&fitting) + 1 > width {
                fitting.pop();
                break;
            }
        }
        fitting + mark
    }

    /// A heading on a rule across the screen.
    pub(super) fn rule(self, heading: &str, width: usize) -> Line<'static> {
        let stroke = if self.unicode { "─" } else { "-" };
        let heading = self.fit(heading, width.saturating_sub(6));
        let rest = width.saturating_sub(columns(&heading) + 4);
        Line::from(vec![
            Span::styled(format!("{} ", stroke.repeat(2)), self.quiet()),
            Span::styled(heading, self.heading()),
            Span::styled(format!(" {}", stroke.repeat(rest)), self.quiet()),
        ])
    }

    /// A level from −70 to 0 dBov as a bar of `width` columns, brackets included.
    pub(super) fn meter(self, level: Option<f64>, width: usize) -> String {
        let inside = width.saturating_sub(2);
        let share = level.map_or(0.0, |level| ((level + 70.0) / 70.0).clamp(0.0, 1.0));
        let full = (share * inside as f64).round() as usize;
        format!("[{}{}]", "#".repeat(full), ".".repeat(inside - full))
    }
}

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// `text` broken between words (within one only if it is longer than a line) to `width` columns.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().map_or(0, |line| columns(line));
        let gap = usize::from(line > 0);
        if line > 0 && line + gap + columns(word) > width {
            lines.push(String::new());
        } else if line > 0
            && let Some(line) = lines.last_mut()
        {
            line.push(' ');
        }
        for character in word.chars() {
            let full = lines
                .last()
                .is_some_and(|line| columns(line) + columns(&character.to_string()) > width);
            if full {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push(character);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        colour: false,
        unicode: false,
    };

    #[test]
    fn what_does_not_fit_is_marked() {
        assert_eq!(PLAIN.fit("headset", 7), "headset");
        assert_eq!(PLAIN.fit("headsets", 7), "headse~");
        assert_eq!(PLAIN.fit("耳机耳机", 5), "耳机~");
    }

    #[test]
    fn lines_break_between_words_and_long_words_inside() {
        assert_eq!(wrap("pull the plug", 8), ["pull the", "plug"]);
        assert_eq!(wrap("{\"v\":1}", 3), ["{\"v", "\":1", "}"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn a_meter_is_as_wide_as_it_should_at_any_level() {
        for (level, expected) in [
            (None, "[.......]"),
            (Some(-70.0), "[.......]"),
            (Some(-35.0), "[####...]"),
            (Some(3.0), "[#######]"),
        ] {
            assert_eq!(PLAIN.meter(level, 9), expected);
        }
    }
}
