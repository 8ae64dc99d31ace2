//! What is drawn, as tables: for those who cannot see the drawings, and for copying.

use super::Call;
use super::curves::{Stretch, Stretches};
use super::headline::spoken;
use super::markup::Markup;
use super::words::{Clock, FineClock, broke_in, counted, number, percent};
use crate::analyze::report::OvertalkReport;

/// The overtalks and the course of the call, each folded until it is wanted.
pub(super) fn draw(m: &mut Markup, call: &Call<'_>) {
    m.node("section", &[("aria-labelledby", &"tables")], |m| {
        m.words("h2", &[("id", &"tables")], &"The drawings as tables");
        if let Some(double_talk) = &call.analysis.double_talk
            && !double_talk.overtalk.is_empty()
        {
            let title = format!("Talking over each other ({})", double_talk.overtalk.len());
            folded(m, &title, &["From", "To", "Length", "Who"], |m| {
                double_talk.overtalk.iter().for_each(|one| overtalk(m, one));
            });
        }
        let spans = &call.curves.spans;
        let title = format!(
            "The call in steps of {}",
            super::words::length(spans.each_s())
        );
        let heads = [
            "From",
            "Side",
            "Spoke",
            "Level, dBov (lowest, mean, highest frame)",
            "Noise, dBov",
            "Signal to noise, dB",
            "Faults",
        ];
        folded(m, &title, &heads, |m| {
            let speech = &call.analysis.speech;
            for (index, agent) in spans.agent.iter().enumerate() {
                step(m, spans, index, "Agent", agent, &speech.agent);
                let customer = spans.customer.as_ref().and_then(|all| all.get(index));
                if let Some((customer, stretches)) = customer.zip(speech.customer.as_ref()) {
                    step(m, spans, index, "Customer", customer, stretches);
                }
            }
        });
    });
}

fn folded(m: &mut Markup, title: &str, heads: &[&str], rows: impl FnOnce(&mut Markup)) {
    m.node("details", &[], |m| {
        m.words("summary", &[], &title);
        let scroll: [super::markup::Attribute<'_>; 4] = [
            ("class", &"scroll"),
            ("tabindex", &"0"),
            ("role", &"region"),
            ("aria-label", &title),
        ];
        m.node("div", &scroll, |m| {
            m.node("table", &[], |m| {
                m.node("thead", &[], |m| {
                    m.node("tr", &[], |m| {
                        heads
                            .iter()
                            .for_each(|head| m.words("th", &[("scope", &"col")], head));
                    });
                });
                m.node("tbody", &[], rows);
            });
        });
    });
}

fn overtalk(m: &mut Markup, one: &OvertalkReport) {
    m.node("tr", &[], |m| {
        for moment in [one.start_s, one.end_s] {
            m.node("td", &[], |m| {
                m.words("data", &[("value", &moment)], &FineClock(moment));
            });
        }
        let seconds = format!("{:.1} s", one.end_s - one.start_s);
        m.words("td", &[], &seconds);
        m.words("td", &[], &broke_in(one.interrupter));
    });
}

fn step(
    m: &mut Markup,
    spans: &Stretches,
    index: usize,
    side: &str,
    stretch: &Stretch,
    stretches: &[[f64; 2]],
) {
    let (start, end) = spans.span_s(index);
    let within: Vec<[f64; 2]> = stretches
        .iter()
        .map(|[from, to]| [from.max(start), to.min(end)])
        .filter(|[from, to]| from < to)
        .collect();
    let or_dash = |value: Option<f64>| value.map_or("–".to_owned(), |value| number(value, 1));
    let (low, high) = stretch.levels().unzip();
    let levels = [low, stretch.rms(), high].map(or_dash).join(" / ");
    m.node("tr", &[], |m| {
        m.words("td", &[], &Clock(start));
        m.words("td", &[], &side);
        m.words("td", &[], &percent(spoken(&within, end - start)));
        m.words("td", &[], &levels);
        m.words("td", &[], &or_dash(stretch.noise.map(f64::from)));
        m.words("td", &[], &or_dash(stretch.snr.map(f64::from)));
        m.words("td", &[], &faults(stretch));
    });
}

fn faults(stretch: &Stretch) -> String {
    let mut said = Vec::new();
    if let Some(hum) = stretch.hum {
        said.push(format!("hum {} dBov", number(hum.level.0.into(), 1)));
    }
    let counts = [
        (stretch.clipped_samples, "clipped sample"),
        (stretch.dropouts.into(), "dropout"),
        (stretch.crackles.into(), "crackle"),
    ];
    let found = counts.into_iter().filter(|(count, _)| *count > 0);
    said.extend(found.map(|(count, thing)| counted(count, thing)));
    match said.is_empty() {
        true => "–".to_owned(),
        false => said.join(", "),
    }
}
