//! The page "now": headset, call, alerts, and the newest messages if there is room.

use super::look::{Look, columns, wrap};
use super::{headset, messages};
use crate::monitor::app::App;
use crate::monitor::words;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::vocabulary::Severity;

/// From this room on there are rules between the parts.
const RULED: usize = 19;

/// Rows of the newest messages, their rule included, that alerts leave free.
const MESSAGES: usize = 2;

/// The page in at most `room` lines.
pub(super) fn lines(
    app: &App,
    look: Look,
    width: usize,
    room: usize,
    now: u64,
) -> Vec<Line<'static>> {
    let state = &app.snapshot.moment.state;
    let ruled = room >= RULED;
    let mut page = Vec::new();
    match app.headset() {
        Some((index, headset)) => {
            if ruled {
                let count = state.headsets.len();
                let heading = match count {
                    1 => "Headset".to_owned(),
                    _ => format!("Headset {} of {count}", index + 1),
                };
                page.push(look.rule(&heading, width));
            }
            page.extend(headset::device(headset, look, width, now));
            if ruled {
                page.push(look.rule("Call", width));
            }
            page.extend(headset::call(headset, look, width, ruled, now));
        }
        None => {
            if ruled {
                page.push(look.rule("Headset", width));
            }
            page.push(Line::from(
                " none is plugged in; `sidetone devices` lists what is seen",
            ));
        }
    }
    let left = room.saturating_sub(page.len());
    let for_messages = if ruled { MESSAGES.min(left / 2) } else { 0 };
    let mut alerts = alerts(app, look, width, left - for_messages, now);
    if ruled {
        let count = state.alerts.len();
        let heading = if count == 0 {
            "Alerts: none".to_owned()
        } else {
            format!("Alerts: {count}")
        };
        alerts.insert(0, look.rule(&heading, width));
    }
    page.extend(alerts);
    let left = room.saturating_sub(page.len());
    if ruled && left >= 2 {
        page.extend(messages::newest(app, look, width, left, now));
    }
    page.truncate(room);
    page
}

/// Troubles and alerts in fewer than `room` lines: the heads of as many as there are, then what each
/// says, the worst first.
fn alerts(app: &App, look: Look, width: usize, room: usize, now: u64) -> Vec<Line<'static>> {
    let state = &app.snapshot.moment.state;
    let of_headset = app.headset().into_iter().flat_map(|(_, h)| &h.troubles);
    let mut items: Vec<Item> = state
        .alerts
        .iter()
        .map(|alert| Item::alert(alert, look, width, now))
        .chain(
            of_headset
                .chain(&state.troubles)
                .map(|trouble| Item::trouble(trouble, look, width)),
        )
        .collect();
    let room = room.saturating_sub(1);
    let hidden = items.len().saturating_sub(room.max(1));
    if hidden > 0 {
        // One line goes to the remark.
        items.truncate(room.saturating_sub(1));
    }
    let mut free = room.saturating_sub(items.len() + usize::from(hidden > 0));
    let mut lines = Vec::new();
    for item in items {
        lines.push(item.head);
        for sentence in item.body {
            if sentence.len() > free {
                break;
            }
            free -= sentence.len();
            lines.extend(sentence);
        }
    }
    if hidden > 0 {
        let text = format!(
            " and {} more: `sidetone monitor --once` has all",
            hidden + 1
        );
        lines.push(Line::from(look.fit(&text, width)));
    }
    lines
}

/// A head line and the sentences below it.
struct Item {
    head: Line<'static>,
    body: Vec<Vec<Line<'static>>>,
}

impl Item {
    fn alert(alert: &AlertDetail, look: Look, width: usize, now: u64) -> Self {
        let style = severity_style(look, alert.severity);
        let severity = format!(" {:<13}", words::severity(alert.severity));
        let kind = words::kind(alert.kind);
        let lasting = words::lasting(now.saturating_sub(alert.since));
        let text = look.fit(&format!("{kind} for {lasting}"), width - columns(&severity));
        let indent = " ".repeat(columns(&severity));
        let room = width - columns(&severity);
        let body = [&alert.text, &alert.action]
            .into_iter()
            .filter(|sentence| !sentence.is_empty())
            .map(|sentence| indented(wrap(sentence, room).into_iter(), &indent))
            .collect();
        Self {
            head: Line::from(vec![
                Span::styled(severity, style),
                Span::styled(text, style),
            ]),
            body,
        }
    }

    fn trouble(sentence: &str, look: Look, width: usize) -> Self {
        let label = " ?   trouble  ";
        let mut lines = wrap(sentence, width - columns(label)).into_iter();
        let indent = " ".repeat(columns(label));
        Self {
            head: Line::from(vec![
                Span::styled(label, look.warning()),
                Span::raw(lines.next().unwrap_or_default()),
            ]),
            body: vec![indented(lines, &indent)],
        }
    }
}

fn indented(lines: impl Iterator<Item = String>, indent: &str) -> Vec<Line<'static>> {
    lines
        .map(|line| Line::from(format!("{indent}{line}")))
        .collect()
}

fn severity_style(look: Look, severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::Major => look.bad(),
        Severity::Minor => look.warning(),
        Severity::Warning => Style::new(),
    }
}
