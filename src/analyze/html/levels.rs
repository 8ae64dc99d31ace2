//! The level of one side over the call: lowest to highest frame and the mean of each column, the
//! noise under it, and the speech level of the whole call as a line.

use super::Call;
use super::curves::{Stretch, Stretches};
use super::markup::{Markup, Px};
use super::plot::{LEFT, RIGHT, Scale, Steps, Time, apart, block, drawing, label, line};
use super::words::{FineClock, number};
use crate::analyze::report::SideReport;
use std::fmt::Write;

const BOTTOM: f64 = 168.0;
const SCALE: Scale = Scale {
    top: (0.0, 12.0),
    bottom: (-90.0, BOTTOM),
};

/// The side that is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn<'a> {
    /// `agent` or `customer`: the class of its colour.
    pub(super) name: &'static str,
    pub(super) report: &'a SideReport,
    pub(super) columns: &'a [Stretch],
    pub(super) spans: &'a [Stretch],
}

/// One side's figure.
pub(super) fn draw(m: &mut Markup, call: &Call<'_>, time: Time, drawn: Drawn<'_>) {
    let Drawn { name, report, .. } = drawn;
    let described = format!(
        "Level of the {name} over time. Speech level {} dBov, noise {}.",
        number(report.active_speech_level_dbov, 1),
        report
            .noise_dbov
            .map_or("not measured".to_owned(), |noise| format!(
                "{} dBov",
                number(noise, 1)
            ))
    );
    drawing(m, &described, BOTTOM, time, |m| {
        SCALE.draw(m, 20.0, "dBov");
        m.node("g", &[("class", &name)], |m| {
            let stretches = &call.curves.columns;
            if let Some(path) = band(stretches, drawn.columns, time) {
                m.leaf("path", &[("class", &"band"), ("d", &path)]);
            }
            let mean = |stretch: &Stretch| stretch.rms();
            curve(m, "mean", stretches, drawn.columns, time, SCALE, mean);
            let noise = |stretch: &Stretch| stretch.noise.map(f64::from);
            curve(m, "noise", stretches, drawn.columns, time, SCALE, noise);
            labels(m, report);
        });
        hints(m, &call.curves.spans, drawn.spans, time);
    });
}

/// The outline from the highest to the lowest frame of each column.
fn band(stretches: &Stretches, columns: &[Stretch], time: Time) -> Option<String> {
    let known = |(index, column): (usize, &Stretch)| {
        let (start, end) = stretches.span_s(index);
        column.levels().map(|(low, high)| {
            let (x0, x1) = (time.x(start), time.x(end));
            (x0, x1, SCALE.y(low), SCALE.y(high))
        })
    };
    let mut upper = Steps::default();
    let mut lower = String::new();
    for (x0, x1, _, high) in columns.iter().enumerate().filter_map(known) {
        upper.level(x0, x1, high);
    }
    let mut last = String::new();
    for (x0, _, low, _) in columns.iter().enumerate().rev().filter_map(known) {
        let low = Px(low).to_string();
        if low != last {
            // Writing to a string cannot fail.
            let _ = write!(lower, "V{low}");
        }
        let _ = write!(lower, "H{}", Px(x0));
        last = low;
    }
    upper.finish().map(|upper| format!("{upper}{lower}Z"))
}

/// A figure of each column as a line of steps, with gaps where it is unknown.
pub(super) fn curve(
    m: &mut Markup,
    class: &'static str,
    stretches: &Stretches,
    columns: &[Stretch],
    time: Time,
    scale: Scale,
    figure: impl Fn(&Stretch) -> Option<f64>,
) {
    let mut steps = Steps::default();
    for (index, column) in columns.iter().enumerate() {
        if let Some(value) = figure(column) {
            let (start, end) = stretches.span_s(index);
            steps.level(time.x(start), time.x(end), scale.y(value));
        }
    }
    if let Some(path) = steps.finish() {
        m.leaf("path", &[("class", &class), ("d", &path)]);
    }
}

/// The whole call's figures at the right edge, at their heights.
fn labels(m: &mut Markup, report: &SideReport) {
    let speech = (report.activity > 0.0).then_some(report.active_speech_level_dbov);
    let mut all: Vec<(&'static str, f64)> = Vec::new();
    if let Some(speech) = speech {
        let y = SCALE.y(speech);
        line(m, "speech", (LEFT, y), (RIGHT, y));
        all.push(("speech", speech));
    }
    all.extend(report.noise_dbov.map(|noise| ("noise", noise)));
    all.push(("peak", report.peak_dbov));
    let heights = all.iter().map(|(_, value)| SCALE.y(*value)).collect();
    let heights = apart(heights, 15.0, (SCALE.top.1, BOTTOM - 4.0));
    for ((what, value), y) in all.into_iter().zip(heights) {
        let words = format!("{what} {}", number(value, 1));
        let class = if what == "noise" {
            "direct ink"
        } else {
            "direct"
        };
        label(m, class, RIGHT + 8.0, y + 4.5, &words);
    }
}

/// What a pointer is told over each span of the call.
fn hints(m: &mut Markup, stretches: &Stretches, spans: &[Stretch], time: Time) {
    for (index, span) in spans.iter().enumerate() {
        let Some((low, high)) = span.levels() else {
            continue;
        };
        let (start, end) = stretches.span_s(index);
        let mut says = format!(
            "{} to {}: {} to {} dBov",
            FineClock(start),
            FineClock(end),
            number(low, 1),
            number(high, 1)
        );
        if let Some(mean) = span.rms() {
            says.push_str(&format!(", mean {}", number(mean, 1)));
        }
        if let Some(noise) = span.noise {
            says.push_str(&format!("; noise {} dBov", number(f64::from(noise), 1)));
        }
        let (x, y) = ((time.x(start), time.x(end)), (SCALE.top.1, BOTTOM));
        block(m, "hint", x, y, &says);
    }
}
