//! The ground of a drawing: where a moment and a value lie, gridlines, ticks, labels.

use super::markup::{Markup, Px};
use super::words::{Clock, FineClock, number};
use std::fmt::Write;

/// Width of every drawing, in units of its view box.
const WIDTH: f64 = 960.0;
/// Where the call begins.
pub(super) const LEFT: f64 = 104.0;
/// Where it ends; the labels of the curves stand behind.
pub(super) const RIGHT: f64 = 844.0;
/// Room for the labels of the time axis.
const AXIS: f64 = 24.0;

/// Between two ticks of the time axis, in seconds.
const STEPS_S: [f64; 15] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0,
];
/// More ticks would touch each other.
const MOST_TICKS: f64 = 12.0;

/// From seconds to places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    duration_s: f64,
}

impl Time {
    /// An axis over a call of this length.
    pub(super) fn of(duration_s: f64) -> Self {
        Self {
            duration_s: duration_s.max(0.01),
        }
    }

    /// Where a moment lies; what is outside the call lies at its edge.
    pub(super) fn x(self, seconds: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (seconds / self.duration_s).clamp(0.0, 1.0)
    }

    /// Seconds that take this width.
    pub(super) fn seconds(self, width: f64) -> f64 {
        width / (RIGHT - LEFT) * self.duration_s
    }

    fn step(self) -> f64 {
        let wide_enough = |step: &f64| self.duration_s / step <= MOST_TICKS;
        let whole_hours = || 3_600.0 * (self.duration_s / 3_600.0 / MOST_TICKS).ceil();
        STEPS_S
            .into_iter()
            .find(wide_enough)
            .unwrap_or_else(whole_hours)
    }

    fn ticks(self) -> impl Iterator<Item = f64> {
        let step = self.step();
        let last = (self.duration_s / step + 1e-9).floor() as u64;
        (0..=last).map(move |n| n as f64 * step)
    }
}

/// From decibels to places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// Value and place of the upper edge.
    pub(super) top: (f64, f64),
    /// Value and place of the lower edge.
    pub(super) bottom: (f64, f64),
}

impl Scale {
    /// Where a value lies; what is outside lies at the edge.
    pub(super) fn y(self, value: f64) -> f64 {
        let share = (self.top.0 - value) / (self.top.0 - self.bottom.0);
        self.top.1 + (self.bottom.1 - self.top.1) * share.clamp(0.0, 1.0)
    }

    /// Gridlines every `step` with their values.
    pub(super) fn draw(self, m: &mut Markup, step: f64, unit: &str) {
        let first = (self.bottom.0 / step).ceil() as i64;
        let last = (self.top.0 / step).floor() as i64;
        for n in first..=last {
            let value = n as f64 * step;
            let y = self.y(value);
            line(m, "grid", (LEFT, y), (RIGHT, y));
            let words = match n == last {
                true => format!("{} {unit}", number(value, 0)),
                false => number(value, 0),
            };
            label(m, "tick end", LEFT - 8.0, y + 4.5, &words);
        }
    }
}

/// A drawing as high as `bottom` and its time axis, described for those who cannot see it.
pub(super) fn drawing(
    m: &mut Markup,
    described: &str,
    bottom: f64,
    time: Time,
    inside: impl FnOnce(&mut Markup),
) {
    let view = format!("0 0 {} {}", Px(WIDTH), Px(bottom + AXIS));
    let attributes: [super::markup::Attribute<'_>; 3] = [
        ("viewBox", &view),
        ("role", &"img"),
        ("aria-label", &described),
    ];
    m.node("svg", &attributes, |m| {
        time_axis(m, bottom, time);
        inside(m);
    });
}

fn time_axis(m: &mut Markup, bottom: f64, time: Time) {
    line(m, "axis", (LEFT, bottom), (RIGHT, bottom));
    let fine = time.step() < 1.0;
    for tick in time.ticks() {
        let x = time.x(tick);
        line(m, "grid", (x, 4.0), (x, bottom + 4.0));
        let words = match fine {
            true => FineClock(tick).to_string(),
            false => Clock(tick).to_string(),
        };
        label(m, "tick middle", x, bottom + 18.0, &words);
    }
}

/// A straight line.
pub(super) fn line(m: &mut Markup, class: &'static str, from: (f64, f64), to: (f64, f64)) {
    m.leaf(
        "line",
        &[
            ("class", &class),
            ("x1", &Px(from.0)),
            ("y1", &Px(from.1)),
            ("x2", &Px(to.0)),
            ("y2", &Px(to.1)),
        ],
    );
}

/// Words in a drawing.
pub(super) fn label(m: &mut Markup, class: &str, x: f64, y: f64, words: &str) {
    m.words(
        "text",
        &[("class", &class), ("x", &Px(x)), ("y", &Px(y))],
        &words,
    );
}

/// A rectangle that says what it is when pointed at.
pub(super) fn block(
    m: &mut Markup,
    class: &str,
    (x0, x1): (f64, f64),
    (y0, y1): (f64, f64),
    says: &str,
) {
    let attributes: [super::markup::Attribute<'_>; 5] = [
        ("class", &class),
        ("x", &Px(x0)),
        ("y", &Px(y0)),
        ("width", &Px(x1 - x0)),
        ("height", &Px(y1 - y0)),
    ];
    m.node("rect", &attributes, |m| m.words("title", &[], &says));
}

/// A path of horizontal and vertical steps.
#[derive(Debug, Default)]
pub(super) struct Steps {
    path: String,
    at: Option<(f64, f64)>,
}

impl Steps {
    /// A level stretch from `x0` to `x1`, joined to the one before if that one ended at `x0`.
    pub(super) fn level(&mut self, x0: f64, x1: f64, y: f64) {
        // Writing to a string cannot fail.
        let _ = match self.at {
            Some((x, before)) if x == x0 && Px(before).to_string() == Px(y).to_string() => Ok(()),
            Some((x, _)) if x == x0 => write!(self.path, "H{}V{}", Px(x0), Px(y)),
            Some((x, _)) => write!(self.path, "H{}M{} {}", Px(x), Px(x0), Px(y)),
            None => write!(self.path, "M{} {}", Px(x0), Px(y)),
        };
        self.at = Some((x1, y));
    }

    /// The finished path; `None` if nothing was drawn.
    pub(super) fn finish(mut self) -> Option<String> {
        let (x, _) = self.at?;
        let _ = write!(self.path, "H{}", Px(x));
        Some(self.path)
    }
}

/// Puts labels of given heights apart, so that none lies on another: gives their new heights.
pub(super) fn apart(mut heights: Vec<f64>, least: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|&a, &b| heights[a].total_cmp(&heights[b]));
    let mut free = top;
    for &i in &order {
        heights[i] = heights[i].max(free);
        free = heights[i] + least;
    }
    let mut free = bottom;
    for &i in order.iter().rev() {
        heights[i] = heights[i].min(free);
        free = heights[i] - least;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few_at_any_length() {
        for (duration, step) in [
            (0.05, 0.1),
            (1.0, 0.1),
            (61.0, 10.0),
            (252.0, 30.0),
            (7_200.0, 600.0),
            (360_000.0, 32_400.0),
        ] {
            let time = Time::of(duration);
            assert_eq!(time.step(), step, "{duration}");
            assert!(time.ticks().count() <= 13);
            assert!(time.ticks().all(|t| t <= duration + 1e-6));
        }
        assert_eq!(Time::of(60.0).x(60.0), RIGHT);
        assert_eq!(Time::of(0.0).x(0.0), LEFT);
    }

    #[test]
    fn steps_join_what_touches_and_leave_gaps_open() {
        let mut steps = Steps::default();
        for (x0, x1, y) in [
            (0.0, 1.0, 5.0),
            (1.0, 2.0, 5.0),
            (2.0, 3.0, 7.0),
            (9.0, 9.5, 7.0),
        ] {
            steps.level(x0, x1, y);
        }
        assert_eq!(steps.finish().as_deref(), Some("M0 5H2V7H3M9 7H9.5"));
        assert_eq!(Steps::default().finish(), None);
    }

    #[test]
    fn labels_are_put_apart_within_their_room() {
        assert_eq!(
            apart(vec![50.0, 52.0, 10.0], 14.0, (0.0, 60.0)),
            [46.0, 60.0, 10.0]
        );
    }
}
