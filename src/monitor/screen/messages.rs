//! What was sent, word for word, newest first.

use super::look::{Look, columns, wrap};
use crate::local::state::Message;
use crate::monitor::app::App;
use crate::monitor::words;
use ratatui::text::{Line, Span};

/// The page "sent": each message with all of its payload.
pub(super) fn lines(
    app: &App,
    look: Look,
    width: usize,
    room: usize,
    now: u64,
) -> Vec<Line<'static>> {
    let sent = &app.snapshot.sent;
    let node = &app.snapshot.moment.state.node;
    let not_sent = &app.snapshot.moment.state.not_sent;
    let mut page = vec![look.rule(&format!("Sent {}", words::counts(&sent.counts)), width)];
    let below = format!(" below sidetone/v1/{}/node/{}/", node.org, node.name);
    page.push(Line::from(Span::styled(
        look.fit(&below, width),
        look.quiet(),
    )));
    if !not_sent.is_empty() {
        let text = format!(" never sent (privacy.signals): {}", not_sent.join(", "));
        page.push(Line::from(look.fit(&text, width)));
    }
    for message in app.messages() {
        if page.len() >= room {
            break;
        }
        page.push(head(message, &node.name, look, width, now));
        let payload = if message.payload.is_empty() {
            "(empty: the retained message is removed)"
        } else {
            message.payload.as_str()
        };
        for line in wrap(payload, width - 3) {
            page.push(Line::from(format!("   {line}")));
        }
    }
    page.truncate(room);
    page
}

fn head(message: &Message, node: &str, look: Look, width: usize, now: u64) -> Line<'static> {
    let ago = words::lasting(now.saturating_sub(message.at));
    let retained = if message.retained { "  retained" } else { "" };
    let facts = format!("  #{}  {ago} ago{retained}", message.number);
    let topic = words::topic(&message.topic, node);
    let topic = look.fit(&format!(" {topic}"), width.saturating_sub(columns(&facts)));
    Line::from(vec![
        Span::styled(topic, look.heading()),
        Span::styled(facts, look.quiet()),
    ])
}

/// The newest, a line each, below a rule with the counts.
pub(super) fn newest(
    app: &App,
    look: Look,
    width: usize,
    room: usize,
    now: u64,
) -> Vec<Line<'static>> {
    let sent = &app.snapshot.sent;
    let node = &app.snapshot.moment.state.node.name;
    let mut lines = vec![look.rule(&format!("Sent {}", words::counts(&sent.counts)), width)];
    for message in sent.messages.iter().rev().take(room.saturating_sub(1)) {
        let ago = words::lasting(now.saturating_sub(message.at));
        let start = format!(" {ago:>5}  {}  ", words::topic(&message.topic, node));
        let start = look.fit(&start, width);
        let payload = look.fit(&message.payload, width - columns(&start));
        lines.push(Line::from(vec![
            Span::raw(start),
            Span::styled(payload, look.quiet()),
        ]));
    }
    lines
}
