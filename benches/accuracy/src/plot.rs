//! Small line charts as SVG.

use crate::material::Material;
use crate::path::Change;
use crate::row::Row;
use crate::rows::double_talk::{Condition, ERLS, clips};
use crate::rows::noise::SNRS;
use crate::rows::{rank, speech::judge};
use std::fmt::Write;

const COLOURS: [&str; 6] = [
    "#0b6e99", "#c2410c", "#4d7c0f", "#7c3aed", "#be185d", "#57534e",
];
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 50.0;
const TOP: f64 = 30.0;

struct Axis {
    name: &'static str,
    ends: (f64, f64),
    marks: Vec<f64>,
}

type Line = (String, Vec<(f64, f64)>);

/// The ROC curves of double talk at each echo return loss, in the quiet and with babble.
pub(crate) fn double_talk_curves(material: &Material) -> String {
    let mut lines: Vec<Line> = Vec::new();
    for (babble, room) in [(false, "quiet"), (true, "babble")] {
        for erl in [ERLS[0], ERLS[2]] {
            let condition = Condition {
                erl,
                babble,
                change: Change::Steady,
                loss: 0.0,
            };
            let judged: Vec<_> = clips(material, condition).into_iter().map(judge).collect();
            let curve = rank(&judged, true).curve();
            // Every so many ranks are enough for a picture.
            let points = curve
                .iter()
                .step_by(24)
                .chain(curve.last())
                .copied()
                .collect();
            lines.push((format!("{erl} dB, {room}"), points));
        }
    }
    let share = |name| Axis {
        name,
        ends: (0.0, 1.0),
        marks: vec![0.0, 0.25, 0.5, 0.75, 1.0],
    };
    let falses = Axis {
        ends: (0.0, 0.5),
        marks: vec![0.0, 0.1, 0.2, 0.3, 0.4, 0.5],
        ..share("false alarms")
    };
    chart(
        "Double talk found, by echo return loss",
        &falses,
        &share("found"),
        &lines,
    )
}

/// The error of a call's noise level against the ratio of speech to noise, for each noise.
pub(crate) fn errors_by_ratio(rows: &[Row]) -> String {
    let mut lines: Vec<Line> = Vec::new();
    let figures = rows
        .iter()
        .filter(|r| r.key == "noise-call" || r.key == "noise-call-30");
    for (name, error) in figures.flat_map(|r| &r.figures) {
        let Some((noise, snr)) = name.split_once(' ') else {
            continue;
        };
        let snr: f64 = snr.trim_end_matches(" dB").parse().unwrap_or(0.0);
        match lines.iter_mut().find(|line| line.0 == noise) {
            Some(line) => line.1.push((snr, *error)),
            None => lines.push((noise.into(), vec![(snr, *error)])),
        }
    }
    let top = lines
        .iter()
        .flat_map(|l| &l.1)
        .fold(1.0_f64, |top, p| top.max(p.1))
        .ceil();
    let snr = Axis {
        name: "signal-to-noise ratio, dB",
        ends: (0.0, 30.0),
        marks: SNRS.map(f64::from).to_vec(),
    };
    let error = Axis {
        name: "mean error, dB",
        ends: (0.0, top),
        marks: vec![0.0, top / 2.0, top],
    };
    chart("Noise level of a call", &snr, &error, &lines)
}

fn chart(title: &str, across: &Axis, up: &Axis, lines: &[Line]) -> String {
    let scale =
        |axis: &Axis, x: f64| ((x - axis.ends.0) / (axis.ends.1 - axis.ends.0)).clamp(0.0, 1.0);
    let at = |(x, y): (f64, f64)| {
        (
            LEFT + WIDTH * scale(across, x),
            TOP + HEIGHT * (1.0 - scale(up, y)),
        )
    };
    let (right, bottom) = (LEFT + WIDTH, TOP + HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"18\" font-size=\"14\">{title}</text>\n",
        right + 150.0,
        bottom + 45.0
    );
    // Writing into a string cannot fail.
    for &mark in &across.marks {
        let (x, _) = at((mark, 0.0));
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{mark}</text>",
            bottom + 16.0
        );
    }
    for &mark in &up.marks {
        let (_, y) = at((0.0, mark));
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{mark}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
        LEFT + WIDTH / 2.0,
        bottom + 36.0,
        across.name
    );
    let _ = writeln!(
        svg,
        "<text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        TOP + HEIGHT / 2.0,
        up.name
    );
    for (n, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[n % COLOURS.len()];
        let path: Vec<String> = points
            .iter()
            .map(|&p| at(p))
            .map(|(x, y)| format!("{x:.1} {y:.1}"))
            .collect();
        let y = TOP + 14.0 + 18.0 * n as f64;
        let _ = writeln!(
            svg,
            "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join("L")
        );
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{y}\" fill=\"{colour}\">{name}</text>",
            right + 10.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}
