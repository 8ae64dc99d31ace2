//! Who spoke when, who broke in, which alerts would have stood, and where the sound was faulty.

use super::Call;
use super::faults;
use super::findings::{number, shape};
use super::markup::{Markup, Px};
use super::plot::{LEFT, RIGHT, Time, block, drawing, label, line};
use super::words::{FineClock, broke_in, severity, subject, times};
use crate::analyze::report::{Analysis, OvertalkReport};
use sidetone_wire::vocabulary::OvertalkParty;

/// Upper and lower edge of the agent's bars, the customer's, and the marks between them.
const AGENT: (f64, f64) = (12.0, 38.0);
const CUSTOMER: (f64, f64) = (62.0, 88.0);
const BETWEEN: f64 = 50.0;
/// Height of a row of alerts or faults.
const ROW: f64 = 22.0;
/// Alerts at the same time take a row each, up to this many.
const MOST_ALERT_ROWS: usize = 5;
/// Marks of overtalks closer than this are drawn as one.
const MARK: f64 = 13.0;

/// The figure.
pub(super) fn draw(m: &mut Markup, call: &Call<'_>, time: Time) {
    let analysis = call.analysis;
    let alert_rows = alert_rows(analysis, time);
    let faults = faults::lanes(call, time);
    let used = alert_rows.iter().map(|row| row + 1).max().unwrap_or(0);
    let alerts_top = if analysis.customer.is_some() {
        CUSTOMER.1
    } else {
        AGENT.1
    } + 12.0;
    let faults_top = alerts_top + ROW * used as f64 + if used > 0 { 6.0 } else { 0.0 };
    let bottom = faults_top + ROW * faults.len() as f64;
    drawing(m, &described(analysis), bottom, time, |m| {
        speech(m, "agent", "Agent", &analysis.speech.agent, AGENT, time);
        if let Some(stretches) = &analysis.speech.customer {
            speech(m, "customer", "Customer", stretches, CUSTOMER, time);
        }
        if let Some(double_talk) = &analysis.double_talk {
            overtalks(m, &double_talk.overtalk, time);
        }
        if used > 0 {
            label(m, "lane end", LEFT - 8.0, alerts_top + 15.0, "Alerts");
        }
        for (index, (alert, row)) in analysis.alerts.iter().zip(&alert_rows).enumerate() {
            let top = alerts_top + ROW * *row as f64;
            let (x0, x1) = (time.x(alert.start_s), time.x(alert.end_s));
            let says = format!(
                "{}: {}, {} to {}",
                severity(alert.severity),
                subject(alert.kind, alert.side, alert.fault),
                FineClock(alert.start_s),
                FineClock(alert.end_s)
            );
            let class = alert.severity.as_str();
            let wide = (x0, x1.max(x0 + 2.0));
            block(
                m,
                &format!("alert {class}"),
                wide,
                (top + 2.0, top + 18.0),
                &says,
            );
            let x = (x0 + 9.0).min(RIGHT - 9.0);
            shape(m, alert.severity, (x, top + 10.0), 7.0);
            label(m, "number", x + 10.0, top + 14.5, &number(index));
        }
        for (index, lane) in faults.iter().enumerate() {
            let top = faults_top + ROW * index as f64;
            line(m, "lane-line", (LEFT, top + 11.0), (RIGHT, top + 11.0));
            lane.draw(m, top);
        }
    });
}

/// The row of each alert: the first that is free again.
fn alert_rows(analysis: &Analysis, time: Time) -> Vec<usize> {
    let mut free_from: Vec<f64> = Vec::new();
    let row_of = |alert: &crate::analyze::AlertReport| {
        let (x0, x1) = (time.x(alert.start_s), time.x(alert.end_s));
        let end = x1.max(x0 + 36.0);
        let row = free_from.iter().position(|&free| free <= x0);
        match row {
            Some(row) => {
                free_from[row] = end;
                row
            }
            None if free_from.len() < MOST_ALERT_ROWS => {
                free_from.push(end);
                free_from.len() - 1
            }
            None => MOST_ALERT_ROWS - 1,
        }
    };
    analysis.alerts.iter().map(row_of).collect()
}

fn speech(
    m: &mut Markup,
    class: &'static str,
    name: &str,
    stretches: &[[f64; 2]],
    rows: (f64, f64),
    time: Time,
) {
    label(
        m,
        &format!("lane end {class}"),
        LEFT - 8.0,
        rows.0 + 18.0,
        name,
    );
    let middle = f64::midpoint(rows.0, rows.1);
    line(m, "lane-line", (LEFT, middle), (RIGHT, middle));
    m.node("g", &[("class", &class)], |m| {
        for [start, end] in joined(stretches, time.seconds(1.0)) {
            let says = format!("{name} speaks, {} to {}", FineClock(start), FineClock(end));
            let x = (time.x(start), time.x(end));
            block(m, "bar", x, rows, &says);
        }
    });
}

/// The stretches without the gaps that are too short to be drawn.
fn joined(stretches: &[[f64; 2]], gap_s: f64) -> Vec<[f64; 2]> {
    let mut joined: Vec<[f64; 2]> = Vec::new();
    for &[start, end] in stretches {
        match joined.last_mut() {
            Some(last) if start - last[1] < gap_s => last[1] = end,
            _ => joined.push([start, end]),
        }
    }
    joined
}

fn overtalks(m: &mut Markup, all: &[OvertalkReport], time: Time) {
    for [start, end] in joined(
        &all.iter()
            .map(|one| [one.start_s, one.end_s])
            .collect::<Vec<_>>(),
        time.seconds(1.0),
    ) {
        let (x0, x1) = (time.x(start), time.x(end));
        let says = format!("Both talk, {} to {}", FineClock(start), FineClock(end));
        let x = (x0, x1.max(x0 + 1.0));
        block(m, "over", x, (AGENT.0 - 4.0, CUSTOMER.1 + 4.0), &says);
    }
    let middle = |one: &OvertalkReport| time.x(f64::midpoint(one.start_s, one.end_s));
    let mut rest = all;
    while let Some(first) = rest.first() {
        let near = |one: &&OvertalkReport| middle(one) - middle(first) < MARK;
        let (group, others) = rest.split_at(rest.iter().take_while(near).count().max(1));
        rest = others;
        let x = middle(first);
        if let [one] = group {
            arrow(m, one, x);
        } else {
            let says = format!(
                "Talked over each other {}, {} to {}",
                times(group.len()),
                FineClock(first.start_s),
                FineClock(group.last().map_or(first.end_s, |last| last.end_s))
            );
            m.node(
                "text",
                &[
                    ("class", &"many middle"),
                    ("x", &Px(x)),
                    ("y", &Px(BETWEEN + 4.5)),
                ],
                |m| {
                    m.text(&group.len());
                    m.words("title", &[], &says);
                },
            );
        }
    }
}

/// Points from the side that broke in to the one that was speaking.
fn arrow(m: &mut Markup, one: &OvertalkReport, x: f64) {
    let (left, right) = (x - 6.0, x + 6.0);
    let (top, bottom) = (BETWEEN - 6.0, BETWEEN + 6.0);
    let corners = match one.interrupter {
        OvertalkParty::Agent => vec![(left, top), (right, top), (x, bottom)],
        OvertalkParty::Customer => vec![(left, bottom), (right, bottom), (x, top)],
        OvertalkParty::Neither => vec![(x, top), (right, BETWEEN), (x, bottom), (left, BETWEEN)],
    };
    let says = format!(
        "{} to {}: {}",
        FineClock(one.start_s),
        FineClock(one.end_s),
        broke_in(one.interrupter)
    );
    let points: Vec<String> = corners
        .iter()
        .map(|(x, y)| format!("{},{}", Px(*x), Px(*y)))
        .collect();
    m.node(
        "polygon",
        &[("class", &"arrow"), ("points", &points.join(" "))],
        |m| {
            m.words("title", &[], &says);
        },
    );
}

fn described(analysis: &Analysis) -> String {
    let mut words = format!(
        "Who spoke when: the agent in {} stretches",
        analysis.speech.agent.len()
    );
    if let Some(customer) = &analysis.speech.customer {
        words.push_str(&format!(", the customer in {}", customer.len()));
    }
    if let Some(double_talk) = &analysis.double_talk {
        let count = double_talk.overtalk.len();
        words.push_str(&format!("; overtalks: {count}"));
    }
    words.push_str(&format!("; alerts: {}.", analysis.alerts.len()));
    words
}
