//! One headset and the call on it.

use super::look::{Look, columns};
use crate::local::state::{Access, Call, Headset};
use crate::monitor::side::Side;
use crate::monitor::words;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns of the label at the left.
const LABEL: usize = 10;

/// From this width on the speech level has a place beside the meter.
const WIDE: usize = 78;

/// What is plugged in, and its switches: five lines.
pub(super) fn device(headset: &Headset, look: Look, width: usize, now: u64) -> Vec<Line<'static>> {
    let id = format!("{} ", headset.id);
    let name = look.fit(words::name(headset), width - columns(&id) - 2);
    let gap = " ".repeat(width - 1 - columns(&name) - columns(&id));
    let broken = |access| matches!(access, Access::Unreadable | Access::Gone);
    let is_bad = broken(headset.controls) || broken(headset.sound_card);
    let access = if is_bad { look.bad() } else { Style::new() };
    let controls = words::controls(headset);
    let card = format!("   sound card {}", words::sound_card(headset));
    let controls = look.fit(&controls, width - LABEL - columns(&card));
    let switches = format!(
        "{}   volume {}   battery {}",
        words::hook(headset),
        words::percent(headset.volume),
        words::percent(headset.battery)
    );
    vec![
        Line::from(vec![
            Span::styled(format!(" {name}"), look.heading()),
            Span::raw(gap),
            Span::styled(id, look.quiet()),
        ]),
        labelled(look, "controls", format!("{controls}{card}"), access),
        labelled(look, "hook", switches, Style::new()),
        switch(
            look,
            width,
            "mute",
            words::mute(headset, now),
            headset.mute.on,
        ),
        switch(
            look,
            width,
            "QD",
            words::quick_disconnect(headset, now),
            headset.quick_disconnect.on,
        ),
    ]
}

fn labelled(look: Look, label: &str, value: String, style: Style) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!(" {label:<width$}", width = LABEL - 1), look.quiet()),
        Span::styled(value, style),
    ])
}

/// A state, and how it is known in a second column.
fn switch(
    look: Look,
    width: usize,
    label: &str,
    (state, how): (String, String),
    on: Option<bool>,
) -> Line<'static> {
    let style = if on == Some(true) {
        look.bad()
    } else {
        Style::new()
    };
    let mut line = labelled(look, label, format!("{state:<25}"), style);
    let how = look.fit(&how, width.saturating_sub(line.width()));
    line.push_span(Span::styled(how, look.quiet()));
    line
}

/// The call: five lines, four without rules; one if there is none.
pub(super) fn call(
    headset: &Headset,
    look: Look,
    width: usize,
    ruled: bool,
    now: u64,
) -> Vec<Line<'static>> {
    let Some(call) = &headset.call else {
        return vec![labelled(look, "call", "none".to_owned(), Style::new())];
    };
    let (state, how) = words::call(call, now);
    let mut first = labelled(look, "call", format!("{state:<25}"), look.active());
    let how = look.fit(&how, width.saturating_sub(first.width()));
    first.push_span(Span::styled(how, look.quiet()));
    let mut lines = vec![first];
    if ruled {
        let id = format!("id {}", call.id);
        lines.push(labelled(look, "", id, look.quiet()));
    }
    lines.extend(sides(call, look, width));
    lines
}

fn sides(call: &Call, look: Look, width: usize) -> Vec<Line<'static>> {
    let heard = look.fit(words::heard(call), width - LABEL);
    if !call.heard {
        return vec![labelled(look, "sound", heard, look.warning())];
    }
    let mut both = words::percent(call.figures.as_deref().and_then(|f| f.double_talk_ratio));
    both.push_str(" both speak");
    let (text, style) = match &call.overtalk {
        Some(overtalk) => (
            format!("{}   {both}", words::overtalk(overtalk)),
            look.bad(),
        ),
        None => (both, Style::new()),
    };
    let mut lines = vec![
        side(look, width, "agent", &Side::agent(call)),
        side(look, width, "customer", &Side::customer(call)),
        labelled(look, "both", look.fit(&text, width - LABEL), style),
    ];
    if words::far_end_is_missing(call) {
        lines.push(labelled(look, "sound", heard, look.warning()));
    }
    lines
}

fn side(look: Look, width: usize, label: &str, side: &Side) -> Line<'static> {
    let figure = |value: Option<f64>| value.map_or("    ?".to_owned(), |v| format!("{v:5.0}"));
    let noise = if side.gated {
        " gated".to_owned()
    } else {
        figure(side.noise)
    };
    let mut figures = format!("{} dBov", figure(side.level));
    if width >= WIDE {
        figures.push_str(&format!("  speech{}", figure(side.speech_level)));
    }
    figures.push_str(&format!("  noise{noise}  SNR{} ", figure(side.snr)));
    let (speaks, style) = match side.speaks {
        Some(true) => ("SPEAKS ", look.active()),
        Some(false) => ("quiet  ", look.quiet()),
        None => ("       ", look.quiet()),
    };
    let meter = width.saturating_sub(LABEL + columns(speaks) + columns(&figures));
    let mut line = labelled(look, label, speaks.to_owned(), style);
    line.push_span(Span::styled(look.meter(side.level, meter), style));
    line.push_span(Span::raw(figures));
    line
}
