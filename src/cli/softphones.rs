//! `sidetone softphones`

use super::args::SoftphonesArgs;
use super::{Failure, config, output};
use crate::softphone::Phase;
use crate::softphone::survey::{Found, Surveyed, survey};
use serde::Serialize;
use std::fmt::Write;

/// Everything found, as JSON. Unknown is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SoftphonesView {
    /// `sidetone.softphones/1`.
    pub schema: &'static str,
    /// One an adapter, in the order in which they are asked to hold.
    pub softphones: Vec<SoftphoneView>,
}

/// One adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SoftphoneView {
    /// Its name in the configuration.
    pub adapter: &'static str,
    /// `found`, `not_found`, `off`, `elsewhere`.
    pub state: &'static str,
    /// Why it is not found.
    pub why: Option<String>,
    /// What to do about it.
    pub advice: Option<&'static str>,
    /// The softphone's version.
    pub version: Option<String>,
    /// It can hold and resume.
    pub hold: Option<bool>,
    /// It can answer, hang up and mute.
    pub control: Option<bool>,
    /// It tells packet loss and jitter.
    pub figures: Option<bool>,
    /// Its calls: `ringing`, `dialing`, `active`, `held`.
    pub calls: Option<Vec<&'static str>>,
}

/// Prints the softphones that are found here.
///
/// # Errors
/// [`Failure`], if the configuration is wrong, or the output cannot be written.
pub fn run(args: &SoftphonesArgs) -> Result<(), Failure> {
    let adapters = config::load(args.config.as_ref())?.config.adapters;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(crate::run::RunError::System)?;
    let view = SoftphonesView::new(runtime.block_on(survey(&adapters)));
    if args.json {
        output::print_json(&view)
    } else {
        output::print(&view.text())
    }
}

impl SoftphonesView {
    /// What was found, as it is shown.
    #[must_use]
    pub fn new(found: Vec<Surveyed>) -> Self {
        Self {
            schema: "sidetone.softphones/1",
            softphones: found.into_iter().map(SoftphoneView::new).collect(),
        }
    }

    /// For a person.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for softphone in &self.softphones {
            // Writing to a string cannot fail.
            let _ = softphone.write(&mut out);
        }
        out
    }
}

impl SoftphoneView {
    fn new(Surveyed { adapter, found }: Surveyed) -> Self {
        let blank = Self {
            adapter: adapter.as_str(),
            state: "elsewhere",
            why: None,
            advice: None,
            version: None,
            hold: None,
            control: None,
            figures: None,
            calls: None,
        };
        match found {
            Found::Here {
                version,
                abilities,
                figures,
                calls,
            } => Self {
                state: "found",
                version,
                hold: Some(abilities.hold),
                control: Some(abilities.control),
                figures: Some(figures),
                calls: Some(calls.into_iter().map(phase).collect()),
                ..blank
            },
            Found::Not { why, advice } => Self {
                state: "not_found",
                why: Some(why),
                advice: Some(advice),
                ..blank
            },
            Found::Off { advice } => Self {
                state: "off",
                advice: Some(advice),
                ..blank
            },
            Found::Elsewhere => blank,
        }
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let adapter = self.adapter;
        let advice = self.advice.unwrap_or_default();
        match self.state {
            "found" => {
                let version = self.version.as_deref().unwrap_or("of unknown version");
                writeln!(out, "{adapter}  found, {version}")?;
                writeln!(out, "  can: {}", self.can())?;
                let calls = self.calls.as_deref().unwrap_or_default();
                match calls {
                    [] => writeln!(out, "  calls: none"),
                    calls => writeln!(out, "  calls: {}", calls.join(", ")),
                }
            }
            "not_found" => {
                let why = self.why.as_deref().unwrap_or_default();
                writeln!(out, "{adapter}  not found: it {why}\n  → {advice}")
            }
            "off" => writeln!(out, "{adapter}  off\n  → {advice}"),
            _ => writeln!(
                out,
                "{adapter}  on; the gateway is beside the PBX, and shows itself when it is asked"
            ),
        }
    }

    fn can(&self) -> String {
        let abilities = [
            (self.hold, "hold and resume"),
            (self.control, "answer, hang up and mute"),
            (self.figures, "tell packet loss and jitter"),
        ];
        let can: Vec<&str> = abilities
            .into_iter()
            .filter_map(|(can, what)| (can == Some(true)).then_some(what))
            .collect();
        match can.as_slice() {
            [] => "tell its calls".to_owned(),
            can => format!("tell its calls; {}", can.join("; ")),
        }
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Ringing => "ringing",
        Phase::Dialing => "dialing",
        Phase::Active => "active",
        Phase::Held => "held",
    }
}
