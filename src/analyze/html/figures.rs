//! Every figure of the report in words and numbers, with what it means.
//!
//! *Promises*: a figure stands as rounded for reading, and in the `value` of its `<data>` element
//! exactly as `--json` prints it. What is unknown is "not measured", with the reason.

use super::Call;
use super::headline::{overtalk_s, spoken};
use super::markup::Markup;
use super::meaning::{MEANINGS, Meaning};
use super::words::{length, number, percent};
use crate::analyze::report::{Analysis, NoiseName, SideReport};

/// A figure of one side.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Known: as printed by `--json`, and as it is read.
    Figures(Vec<(f64, String)>),
    /// Known, and no number.
    Words(String),
    /// Not measured, because.
    Unknown(&'static str),
}

/// What a cell is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneSide<'a> {
    pub(super) report: &'a SideReport,
    pub(super) stretches: &'a [[f64; 2]],
    pub(super) duration_s: f64,
}

/// The table of both sides, and the figures of both together.
pub(super) fn tables(m: &mut Markup, call: &Call<'_>) {
    m.node("section", &[("aria-labelledby", &"figures")], |m| {
        m.words("h2", &[("id", &"figures")], &"Figures");
        m.node(
            "div",
            &[
                ("class", &"scroll"),
                ("tabindex", &"0"),
                ("role", &"region"),
                ("aria-labelledby", &"figures"),
            ],
            |m| {
                m.node("table", &[("class", &"figures")], |m| {
                    m.words("caption", &[], &"Each side, over the whole call");
                    m.node("thead", &[], |m| {
                        m.node("tr", &[], |m| {
                            for head in ["Figure", "Agent", "Customer", "What it is, what is good"]
                            {
                                m.words("th", &[("scope", &"col")], &head);
                            }
                        });
                    });
                    m.node("tbody", &[], |m| {
                        for meaning in &MEANINGS {
                            row(m, call, meaning);
                        }
                    });
                });
            },
        );
        together(m, call.analysis);
    });
}

fn row(m: &mut Markup, call: &Call<'_>, meaning: &Meaning) {
    let analysis = call.analysis;
    let side = |report, stretches| OneSide {
        report,
        stretches,
        duration_s: analysis.duration_s,
    };
    let agent = side(&analysis.agent, analysis.speech.agent.as_slice());
    let customer = analysis
        .customer
        .as_ref()
        .zip(analysis.speech.customer.as_ref());
    let customer = customer.map(|(report, stretches)| side(report, stretches.as_slice()));
    let mono = Cell::Unknown("a mono file holds one side");
    m.node("tr", &[], |m| {
        m.words("th", &[("scope", &"row")], &meaning.name);
        cell(m, &(meaning.cell)(agent));
        cell(m, &customer.map_or(mono, meaning.cell));
        let explained = (meaning.explained)(call.limits);
        m.words("td", &[("class", &"explained")], &explained);
    });
}

fn cell(m: &mut Markup, cell: &Cell) {
    match cell {
        Cell::Figures(figures) => m.node("td", &[("class", &"figure")], |m| {
            for (index, (exact, shown)) in figures.iter().enumerate() {
                if index > 0 {
                    m.text(&", ");
                }
                m.words("data", &[("value", exact)], shown);
            }
        }),
        Cell::Words(words) => m.words("td", &[("class", &"figure")], words),
        Cell::Unknown(reason) => m.node("td", &[("class", &"unknown")], |m| {
            m.text(&"not measured");
            m.words("small", &[], reason);
        }),
    }
}

/// What belongs to neither side alone.
fn together(m: &mut Markup, analysis: &Analysis) {
    m.words("h3", &[], &"Both sides together");
    m.node("dl", &[], |m| {
        let silence = [(analysis.silence_ratio, percent(analysis.silence_ratio))];
        term(m, "Nobody speaks", &silence, "of the time");
        match &analysis.double_talk {
            Some(both) => {
                let share = [
                    (both.seconds, length(both.seconds)),
                    (both.ratio, percent(both.ratio)),
                ];
                term(m, "Both speak", &share, "of the time, short yeses included");
                let overtalk = overtalk_s(both);
                let count = both.overtalk.len();
                let overtalks = [
                    (count as f64, count.to_string()),
                    (overtalk, length(overtalk)),
                ];
                let words =
                    "in all; overtalks are half a second or longer and more than a short yes";
                term(m, "Talked over each other", &overtalks, words);
            }
            None => m.node("div", &[], |m| {
                m.words("dt", &[], &"Both speak");
                m.words("dd", &[], &"not measured: a mono file holds one side");
            }),
        }
    });
}

pub(super) fn term(m: &mut Markup, name: &str, figures: &[(f64, String)], words: &str) {
    m.node("div", &[], |m| {
        m.words("dt", &[], &name);
        m.node("dd", &[], |m| {
            for (index, (exact, shown)) in figures.iter().enumerate() {
                if index > 0 {
                    m.text(&", ");
                }
                m.words("data", &[("value", exact)], shown);
            }
            m.text(&" ");
            m.text(&words);
        });
    });
}

/// Why there is no noise figure.
fn no_noise(side: &SideReport) -> Cell {
    Cell::Unknown(match side {
        side if side.dead => "this side is silent",
        side if side.noise_gated => "a noise gate closes the microphone between words",
        _ => "too little of the call is a pause",
    })
}

impl OneSide<'_> {
    pub(super) fn spoke(self) -> Cell {
        let share = spoken(self.stretches, self.duration_s);
        Cell::Words(format!(
            "{} ({})",
            percent(share),
            length(share * self.duration_s)
        ))
    }

    pub(super) fn speech_level(self) -> Cell {
        match self.report.activity > 0.0 {
            true => dbov(self.report.active_speech_level_dbov),
            false => Cell::Unknown("nothing on this side is active"),
        }
    }

    pub(super) fn noise(self) -> Cell {
        self.report
            .noise_dbov
            .map_or_else(|| no_noise(self.report), dbov)
    }

    pub(super) fn noise_a(self) -> Cell {
        let weighted = |value| one(value, format!("{} dBov(A)", number(value, 1)));
        self.report
            .noise_dbov_a
            .map_or_else(|| no_noise(self.report), weighted)
    }

    pub(super) fn noise_kind(self) -> Cell {
        if self.report.noise_gated {
            return no_noise(self.report);
        }
        let Some(kind) = self.report.noise_kind else {
            return no_noise(self.report);
        };
        let words = match kind {
            NoiseName::Quiet => "quiet",
            NoiseName::Hiss => "hiss",
            NoiseName::Hum => "hum",
            NoiseName::Babble => "babble (other people)",
            NoiseName::Office => "office",
            NoiseName::Traffic => "traffic",
            NoiseName::Crackle => "crackle",
        };
        Cell::Words(words.to_owned())
    }

    pub(super) fn ratio(self) -> Cell {
        match self.report.snr_db {
            Some(value) => one(value, format!("{} dB", number(value, 1))),
            None if self.report.noise_dbov.is_none() => no_noise(self.report),
            None => Cell::Unknown("too little speech over the noise"),
        }
    }

    pub(super) fn hum(self) -> Cell {
        match (self.report.hum_hz, self.report.hum_dbov) {
            (Some(hz), Some(level)) => Cell::Figures(vec![
                (hz, format!("{} Hz", number(hz, 2))),
                (level, format!("{} dBov", number(level, 1))),
            ]),
            _ if self.report.dead => Cell::Unknown("this side is silent"),
            _ => Cell::Words("none".to_owned()),
        }
    }

    pub(super) fn dropouts(self) -> Cell {
        let report = self.report;
        Cell::Figures(vec![
            (report.dropouts as f64, report.dropouts.to_string()),
            (report.dropout_s, format!("{:.2} s lost", report.dropout_s)),
        ])
    }

    pub(super) fn dead(self) -> Cell {
        let words = if self.report.dead {
            "no: digital silence"
        } else {
            "yes"
        };
        Cell::Words(words.to_owned())
    }
}

/// One figure.
pub(super) fn one(exact: f64, shown: String) -> Cell {
    Cell::Figures(vec![(exact, shown)])
}

/// A level.
pub(super) fn dbov(value: f64) -> Cell {
    one(value, format!("{} dBov", number(value, 1)))
}

/// A share.
pub(super) fn share(ratio: f64) -> Cell {
    one(ratio, percent(ratio))
}
