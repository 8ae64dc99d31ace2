//! The report as a person reads it.

use super::report::{Analysis, DoubleTalkReport, SideReport};
use serde::Serialize;
use sidetone_wire::vocabulary::OvertalkParty;
use std::fmt::Write;

/// A row of the table: what, unit, and the figure of one side.
type Row = (
    &'static str,
    &'static str,
    fn(&SideReport) -> Option<String>,
);

const ROWS: [Row; 14] = [
    ("active speech level", "dBov", |s| {
        decibels(Some(s.active_speech_level_dbov))
    }),
    ("active", "of the time", |s| percent(Some(s.activity))),
    ("level", "dBov", |s| decibels(Some(s.rms_dbov))),
    ("peak", "dBov", |s| decibels(Some(s.peak_dbov))),
    ("noise", "dBov", |s| decibels(s.noise_dbov)),
    ("noise, A-weighted", "dBov(A)", |s| decibels(s.noise_dbov_a)),
    ("kind of noise", "", |s| {
        if s.noise_gated {
            Some("gated".to_owned())
        } else {
            s.noise_kind.map(|kind| word(&kind))
        }
    }),
    ("signal to noise", "dB", |s| decibels(s.snr_db)),
    ("hum", "Hz", |s| decibels(s.hum_hz)),
    ("hum", "dBov", |s| decibels(s.hum_dbov)),
    ("clipped", "of the samples", |s| {
        percent(Some(s.clipped_ratio))
    }),
    ("dropouts", "", |s| {
        Some(format!("{} ({:.2} s)", s.dropouts, s.dropout_s))
    }),
    ("crackles", "per minute", |s| {
        Some(format!("{:.1}", s.crackle_per_min))
    }),
    ("dead", "", |s| {
        Some(if s.dead { "yes" } else { "no" }.to_owned())
    }),
];

/// The report as text, ending in a newline.
#[must_use]
pub fn text(analysis: &Analysis) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut text, analysis);
    text
}

fn write_text(out: &mut String, analysis: &Analysis) -> std::fmt::Result {
    let channels = match analysis.customer {
        Some(_) => "stereo (left = agent, right = customer)",
        None => "mono (analysed as the agent)",
    };
    let (duration, rate) = (clock(analysis.duration_s), analysis.sample_rate);
    writeln!(out, "{duration}, {rate} Hz, {channels}\n")?;

    let customer = analysis.customer.as_ref();
    let columns = |agent: &str, customer: &str| match analysis.customer {
        Some(_) => format!("{agent:>14}{customer:>14}"),
        None => format!("{agent:>14}"),
    };
    writeln!(out, "{:<22}{}", "", columns("agent", "customer"))?;
    for (what, unit, figure) in ROWS {
        let agent = figure(&analysis.agent);
        let customer_figure = customer.and_then(figure);
        if agent.is_none() && customer_figure.is_none() {
            continue;
        }
        let or_dash = |figure: Option<String>| figure.unwrap_or_else(|| "-".to_owned());
        let figures = columns(&or_dash(agent), &or_dash(customer_figure));
        let line = format!("{what:<22}{figures}  {unit}");
        writeln!(out, "{}", line.trim_end())?;
    }

    writeln!(
        out,
        "\nNobody speaks {} of the time.",
        percent_of(analysis.silence_ratio)
    )?;
    if let Some(double_talk) = &analysis.double_talk {
        write_double_talk(out, double_talk)?;
    }
    write_alerts(out, analysis)
}

fn write_double_talk(out: &mut String, double_talk: &DoubleTalkReport) -> std::fmt::Result {
    let DoubleTalkReport {
        seconds,
        ratio,
        overtalk,
    } = double_talk;
    writeln!(
        out,
        "Both speak for {seconds:.2} s ({}).",
        percent_of(*ratio)
    )?;
    if !overtalk.is_empty() {
        writeln!(out, "\nTalking over each other:")?;
    }
    for one in overtalk {
        let who = match one.interrupter {
            OvertalkParty::Neither => "both began together".to_owned(),
            side => format!("the {} broke in", word(&side)),
        };
        writeln!(
            out,
            "  {} - {}  {who}",
            clock(one.start_s),
            clock(one.end_s)
        )?;
    }
    Ok(())
}

fn write_alerts(out: &mut String, analysis: &Analysis) -> std::fmt::Result {
    if analysis.alerts.is_empty() {
        return writeln!(out, "\nNo alert would have been raised in a live call.");
    }
    writeln!(out, "\nAlerts a live call would have raised:")?;
    for alert in &analysis.alerts {
        let (start, end) = (clock(alert.start_s), clock(alert.end_s));
        let (severity, kind) = (word(&alert.severity), word(&alert.kind));
        writeln!(out, "  {start} - {end}  {severity} {kind}: {}", alert.text)?;
    }
    Ok(())
}

fn decibels(value: Option<f64>) -> Option<String> {
    value.map(|value| format!("{value:.1}"))
}

fn percent(ratio: Option<f64>) -> Option<String> {
    ratio.map(percent_of)
}

fn percent_of(ratio: f64) -> String {
    format!("{:.1} %", ratio * 100.0)
}

/// Minutes, seconds and tenths.
fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// The word by which the contract names it.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
