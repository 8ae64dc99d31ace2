//! The screen: a bar, a page, how it stands with the broker, the keys. From 60 columns and 16 rows.
//!
//! *Promises*: every line fits its row; nothing is told by colour alone.

mod headset;
mod look;
mod messages;
mod now;
#[cfg(test)]
mod tests;

use super::app::{App, Page};
use super::words;
use crate::local::state::BrokerConnection;
use look::columns;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

pub(super) use look::Look;

/// The smallest screen on which everything that matters has a place.
const SMALLEST: (u16, u16) = (60, 16);

/// Draws everything, as at `now` (ms since 1970 UTC).
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, look: Look, now: u64) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!("{} x {} or more, please", SMALLEST.0, SMALLEST.1);
        let text = look.fit(&text, area.width.into());
        return frame.render_widget(Paragraph::new(text), area);
    }
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let room = height - 3;
    let mut lines = vec![bar(app, look, width)];
    let mut page = match app.page {
        Page::Now => now::lines(app, look, width, room, now),
        Page::Sent => messages::lines(app, look, width, room, now),
    };
    page.resize(room, Line::default());
    lines.extend(page);
    lines.push(broker(app, look, width));
    lines.push(keys(app, look, width));
    frame.render_widget(Paragraph::new(lines), Rect { ..area });
}

fn bar(app: &App, look: Look, width: usize) -> Line<'static> {
    let node = &app.snapshot.moment.state.node;
    let page = match app.page {
        Page::Now => "[ Now ]  Sent ",
        Page::Sent => "  Now  [ Sent ] ",
    };
    let state = match &app.lost {
        Some(_) => "NO DAEMON".to_owned(),
        None => words::node(node),
    };
    let left = format!(" Sidetone  {} of {}: {state}", node.name, node.org);
    let left = look.fit(&left, width - columns(page) - 1);
    let gap = " ".repeat(width - columns(&left) - columns(page));
    Line::from(Span::styled(format!("{left}{gap}{page}"), look.bar()))
}

fn broker(app: &App, look: Look, width: usize) -> Line<'static> {
    let state = &app.snapshot.moment.state;
    if let Some(lost) = &app.lost {
        let text = look.fit(&format!(" {lost}"), width);
        return Line::from(Span::styled(text, look.bad()));
    }
    let outbox = format!("outbox {} ", words::outbox(state.outbox));
    let label = " broker ";
    let room = width.saturating_sub(columns(label) + columns(&outbox) + 1);
    let broker = look.fit(&words::broker(&state.broker), room);
    let style = match state.broker.connection {
        BrokerConnection::Connected => look.active(),
        BrokerConnection::Down | BrokerConnection::Stopped => look.bad(),
        BrokerConnection::Connecting => look.warning(),
    };
    let gap = " ".repeat(width - columns(label) - columns(&broker) - columns(&outbox));
    let lost = state.outbox.dropped > 0;
    Line::from(vec![
        Span::styled(label, look.quiet()),
        Span::styled(broker, style),
        Span::raw(gap),
        if lost {
            Span::styled(outbox, look.bad())
        } else {
            Span::raw(outbox)
        },
    ])
}

fn keys(app: &App, look: Look, width: usize) -> Line<'static> {
    let several = app.snapshot.moment.state.headsets.len() > 1;
    let text = match app.page {
        Page::Now if several => " q quit   Tab what was sent   Up Down other headset",
        Page::Now => " q quit   Tab what was sent",
        Page::Sent => " q quit   Tab now   Up Down PgUp PgDn older, newer   Home newest",
    };
    Line::from(Span::styled(look.fit(text, width), look.quiet()))
}
