//! A recorded call on one page that opens from a disk or a mail.
//!
//! *Promises*: one file without anything from outside and without a script; the figures of the
//! report, curves drawn from the rows of `--frames`, and a small spectrogram of each kind of fault. Well-formed XML as well as HTML; light,
//! dark and on paper; its size is bounded but for the list of what happened in the call.
//!
//! *Never* holds sound, and never shows as markup what comes from a file or its name.

mod came_to;
mod curves;
mod faults;
mod figures;
mod findings;
mod headline;
mod levels;
mod markup;
mod meaning;
mod places;
mod plot;
mod png;
mod ratio;
mod sound;
mod spectrogram;
mod tables;
mod timeline;
mod words;

use super::report::Analysis;
use crate::alerts::config::AlertConfig;
pub use curves::{Curves, MOST_COLUMNS, MOST_SPANS};
use levels::Drawn;
use markup::Markup;
use plot::Time;
use sidetone_wire::vocabulary::OvertalkParty;
pub use sound::Pictures;
use words::{length, number};

/// Nothing is loaded (the pictures are in the page itself) and nothing runs, whatever a reader's program would allow.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The file's name, as it is to be shown.
    pub file: &'a str,
    /// The report.
    pub analysis: &'a Analysis,
    /// The frames.
    pub curves: &'a Curves,
    /// What its findings look like.
    pub pictures: &'a Pictures,
    /// The limits the alerts were judged by.
    pub limits: &'a AlertConfig,
}

/// The page.
#[must_use]
pub fn page(call: &Call<'_>) -> String {
    let mut m = Markup::default();
    m.verbatim("<!DOCTYPE html>\n");
    m.node("html", &[("lang", &"en")], |m| {
        head(m, call);
        m.node("body", &[], |m| body(m, call));
    });
    m.verbatim("\n");
    m.finish()
}

fn head(m: &mut Markup, call: &Call<'_>) {
    m.node("head", &[], |m| {
        m.leaf("meta", &[("charset", &"utf-8")]);
        m.leaf(
            "meta",
            &[
                ("http-equiv", &"Content-Security-Policy"),
                ("content", &POLICY),
            ],
        );
        let width = "width=device-width, initial-scale=1";
        m.leaf("meta", &[("name", &"viewport"), ("content", &width)]);
        m.leaf(
            "meta",
            &[("name", &"color-scheme"), ("content", &"light dark")],
        );
        m.words("title", &[], &format!("Call report: {}", call.file));
        m.node("style", &[], |m| m.verbatim(include_str!("style.css")));
    });
}

fn body(m: &mut Markup, call: &Call<'_>) {
    let [happened, sound] = headline::sentences(call.analysis);
    m.node("header", &[], |m| {
        m.node("p", &[("class", &"kicker")], |m| {
            m.text(&"Call report: ");
            m.words("bdi", &[], &call.file);
        });
        m.words("h1", &[], &happened);
        m.words("p", &[("class", &"lead")], &sound);
    });
    m.node("main", &[], |m| {
        findings::list(m, call.analysis, call.pictures);
        m.node("section", &[("aria-labelledby", &"course")], |m| {
            m.words("h2", &[("id", &"course")], &"The course of the call");
            drawings(m, call);
        });
        figures::tables(m, call);
        came_to::draw(m, &call.analysis.report);
        tables::draw(m, call);
    });
    m.node("footer", &[], |m| footnote(m, call));
}

fn drawings(m: &mut Markup, call: &Call<'_>) {
    let time = Time::of(call.analysis.duration_s);
    let timeline = timeline_caption(call.analysis);
    figure(m, "Who spoke when", &timeline, |m| {
        timeline::draw(m, call, time)
    });
    let agent = Drawn {
        name: "agent",
        report: &call.analysis.agent,
        columns: &call.curves.columns.agent,
        spans: &call.curves.spans.agent,
    };
    let what = format!(
        "Light: from the lowest to the highest 10 ms in each {}. Dark: their mean. Dashed: the speech level of the whole call (ITU-T P.56). Thick: noise under the speech.",
        column_length(call.curves)
    );
    figure(m, "Level of the agent", &what, |m| {
        levels::draw(m, call, time, agent)
    });
    let report = call.analysis.customer.as_ref();
    let columns = call.curves.columns.customer.as_ref();
    let spans = call.curves.spans.customer.as_ref();
    if let (Some(report), Some(columns), Some(spans)) = (report, columns, spans) {
        let customer = Drawn {
            name: "customer",
            report,
            columns,
            spans,
        };
        figure(m, "Level of the customer", "Drawn like the agent's.", |m| {
            levels::draw(m, call, time, customer);
        });
    }
    let what = "How far each voice stands above its noise, as known at that moment; a gap where it is not known.";
    figure(m, "Signal to noise", what, |m| ratio::draw(m, call, time));
}

/// What the marks of the timeline mean, as far as there are any.
fn timeline_caption(analysis: &Analysis) -> String {
    let overtalk = analysis.double_talk.as_ref().map(|both| &both.overtalk);
    let mut words = Vec::new();
    for (party, meaning) in [
        (OvertalkParty::Agent, "▼ the agent broke in"),
        (OvertalkParty::Customer, "▲ the customer broke in"),
        (OvertalkParty::Neither, "◆ both began together"),
    ] {
        let there = |all: &Vec<_>| {
            all.iter()
                .any(|one: &super::OvertalkReport| one.interrupter == party)
        };
        if overtalk.is_some_and(there) {
            words.push(meaning);
        }
    }
    let mut caption = match words.is_empty() {
        true => "Bars: speech.".to_owned(),
        false => format!(
            "Bars: speech. Shaded: talking over each other; {}.",
            words.join(", ")
        ),
    };
    if !analysis.alerts.is_empty() {
        caption.push_str(" Numbers: the findings above.");
    }
    caption
}

fn column_length(curves: &Curves) -> String {
    let seconds = curves.columns.each_s();
    match seconds < 1.0 {
        true => format!("{} ms", number(seconds * 1_000.0, 0)),
        false => length(seconds),
    }
}

fn figure(m: &mut Markup, title: &str, what: &str, drawing: impl FnOnce(&mut Markup)) {
    m.node("figure", &[], |m| {
        m.node("figcaption", &[], |m| {
            m.words("strong", &[], &title);
            m.text(&" ");
            m.text(&what);
        });
        let scroll: [markup::Attribute<'_>; 4] = [
            ("class", &"scroll"),
            ("tabindex", &"0"),
            ("role", &"region"),
            ("aria-label", &title),
        ];
        m.node("div", &scroll, drawing);
    });
}

fn footnote(m: &mut Markup, call: &Call<'_>) {
    let analysis = call.analysis;
    let channels = match analysis.customer {
        Some(_) => "stereo: left = agent, right = customer",
        None => "mono: analysed as the agent",
    };
    m.node("p", &[], |m| {
        m.words("bdi", &[], &call.file);
        m.text(&": ");
        m.words(
            "data",
            &[("value", &analysis.duration_s)],
            &length(analysis.duration_s),
        );
        m.text(&", ");
        m.words(
            "data",
            &[("value", &analysis.sample_rate)],
            &analysis.sample_rate,
        );
        m.text(&format!(" Hz, {channels}."));
    });
    m.words(
        "p",
        &[],
        &"Levels are in dBov: 0 is digital overload. Everything was measured on the samples as they were recorded, before any loudspeaker or ear.",
    );
    m.words(
        "p",
        &[],
        &format!(
            "Sidetone {}. There is no sound in this file: it holds figures and pictures only.",
            env!("CARGO_PKG_VERSION")
        ),
    );
}
