//! What a supervisor would have been told, had the call been live.

use super::markup::{Attribute, Markup, Px};
use super::sound::{self, Pictures};
use super::words::{Clock, severity, subject};
use crate::analyze::report::{AlertReport, Analysis};
use sidetone_wire::vocabulary::Severity;

/// The list: what is alike stands together, in the order of its first time.
pub(super) fn list(m: &mut Markup, analysis: &Analysis, pictures: &Pictures) {
    m.node("section", &[("aria-labelledby", &"findings")], |m| {
        m.words("h2", &[("id", &"findings")], &"Findings");
        if analysis.alerts.is_empty() {
            let words = "No alert: in a live call nobody would have been disturbed.";
            m.words("p", &[], &words);
            return;
        }
        m.node("div", &[("class", &"findings")], |m| {
            for (number, finding) in findings(&analysis.alerts).iter().enumerate() {
                finding.write(m, number, pictures);
            }
        });
        if !pictures.is_empty() {
            sound::legend(m);
        }
    });
}

/// The number of an alert in the call, from 1.
pub(super) fn number(index: usize) -> String {
    (index + 1).to_string()
}

/// Alerts that differ only in when they stood.
#[derive(Debug)]
pub(super) struct Finding<'a> {
    severity: Severity,
    pub(super) first: &'a AlertReport,
    /// With their numbers.
    pub(super) alerts: Vec<(String, &'a AlertReport)>,
}

/// The alerts of a call, those alike together.
pub(super) fn findings(alerts: &[AlertReport]) -> Vec<Finding<'_>> {
    let mut all: Vec<Finding<'_>> = Vec::new();
    let about = |alert: &AlertReport| (alert.kind, alert.side, alert.fault);
    for (index, alert) in alerts.iter().enumerate() {
        let numbered = (number(index), alert);
        match all
            .iter_mut()
            .find(|finding| about(finding.first) == about(alert))
        {
            Some(finding) => {
                finding.severity = finding.severity.max(alert.severity);
                finding.alerts.push(numbered);
            }
            None => all.push(Finding {
                severity: alert.severity,
                first: alert,
                alerts: vec![numbered],
            }),
        }
    }
    all
}

impl Finding<'_> {
    fn write(&self, m: &mut Markup, number: usize, pictures: &Pictures) {
        let first = self.first;
        let class = format!("finding {}", self.severity.as_str());
        m.node("article", &[("class", &class)], |m| {
            let view: [Attribute<'_>; 3] = [
                ("viewBox", &"0 0 20 20"),
                ("class", &"badge"),
                ("aria-hidden", &"true"),
            ];
            m.node("svg", &view, |m| shape(m, self.severity, (10.0, 10.0), 9.0));
            m.node("div", &[], |m| {
                m.node("h3", &[], |m| {
                    m.words("span", &[("class", &"severity")], &severity(self.severity));
                    m.text(&" ");
                    m.text(&subject(first.kind, first.side, first.fault));
                });
                m.node("ul", &[], |m| {
                    for (number, alert) in &self.alerts {
                        m.node("li", &[], |m| occurrence(m, number, alert));
                    }
                });
                let mut actions: Vec<&str> = Vec::new();
                for (_, alert) in &self.alerts {
                    if !actions.contains(&alert.action.as_str()) {
                        actions.push(&alert.action);
                        m.words("p", &[("class", &"action")], &alert.action);
                    }
                }
                pictures.show(m, number, self);
            });
        });
    }
}

fn occurrence(m: &mut Markup, number: &str, alert: &AlertReport) {
    m.words("span", &[("class", &"number")], &number);
    m.text(&" ");
    m.node("span", &[("class", &"when")], |m| {
        m.words("data", &[("value", &alert.start_s)], &Clock(alert.start_s));
        m.text(&" to ");
        m.words("data", &[("value", &alert.end_s)], &Clock(alert.end_s));
    });
    m.text(&" ");
    m.text(&alert.text);
}

/// A shape of its own for each severity, so that colour is not needed to tell them.
pub(super) fn shape(m: &mut Markup, severity: Severity, (x, y): (f64, f64), size: f64) {
    let class = format!("shape {}", severity.as_str());
    let corner = |(dx, dy): &(f64, f64)| format!("{},{}", Px(x + dx * size), Px(y + dy * size));
    let corners: &[(f64, f64)] = match severity {
        Severity::Critical => &[
            (-0.4, -1.0),
            (0.4, -1.0),
            (1.0, -0.4),
            (1.0, 0.4),
            (0.4, 1.0),
            (-0.4, 1.0),
            (-1.0, 0.4),
            (-1.0, -0.4),
        ],
        Severity::Major => &[(0.0, -0.9), (1.0, 0.9), (-1.0, 0.9)],
        Severity::Minor => &[(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)],
        Severity::Warning => {
            m.leaf(
                "circle",
                &[
                    ("class", &class),
                    ("cx", &Px(x)),
                    ("cy", &Px(y)),
                    ("r", &Px(size * 0.85)),
                ],
            );
            return;
        }
    };
    let points: Vec<String> = corners.iter().map(corner).collect();
    m.leaf(
        "polygon",
        &[("class", &class), ("points", &points.join(" "))],
    );
}
