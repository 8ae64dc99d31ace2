//! How a finding looks: a picture of a few seconds of its sound, with words for who has never seen one.
//!
//! *Promises*: of each kind of finding that can be seen one picture, ten at most. *Never* holds sound: a picture is
//! levels, and the page says what can be read in them.

use super::curves::Curves;
use super::findings::{Finding, findings};
use super::markup::{Attribute, Markup};
use super::places::Window;
use super::png::{self, Palette};
use super::spectrogram::{COLUMNS, Spectrogram, draw, needed};
use super::words::{FineClock, number, subject};
use crate::analyze::report::Analysis;
use crate::analyze::wav::{WavFault, WavFile};
use data_encoding::BASE64;
use sidetone_wire::vocabulary::{AlertKind, Fault};
use std::io::{Read, Seek};

/// From black over violet and orange to pale yellow, each brighter than the one before, for those who see no colours too.
const PALETTE: Palette = [
    [6, 5, 18],
    [18, 13, 49],
    [35, 18, 79],
    [57, 19, 103],
    [81, 18, 115],
    [104, 23, 118],
    [128, 33, 114],
    [152, 44, 105],
    [176, 57, 92],
    [198, 73, 76],
    [217, 93, 57],
    [232, 117, 37],
    [243, 145, 21],
    [250, 176, 27],
    [251, 209, 74],
    [252, 243, 165],
];

/// The pictures of a call's findings.
#[derive(Debug, Clone, Default)]
pub struct Pictures(Vec<(Window, Spectrogram)>);

impl Pictures {
    /// Reads the call once more, for the moments at which its findings are best seen.
    ///
    /// # Errors
    /// [`WavFault`] if the file cannot be read so far.
    pub fn of<R: Read + Seek>(
        mut wav: WavFile<R>,
        analysis: &Analysis,
        curves: &Curves,
    ) -> Result<Self, WavFault> {
        let findings = findings(&analysis.alerts);
        let windows = curves.places.windows(&findings, analysis.duration_s);
        let rate = wav.format().rate;
        let each_s = rate.frame_len() as f64 / f64::from(rate.hz());
        let mut waiting: Vec<(Window, f64, Vec<f32>)> = windows
            .into_iter()
            .map(|window| (window, 0.0, Vec::new()))
            .collect();
        let mut drawn = Vec::new();
        let mut now_s = 0.0;
        while !waiting.is_empty() {
            let frame = wav.next_frame()?;
            let until_s = now_s + each_s;
            for (window, start_s, samples) in &mut waiting {
                let (from_s, to_s) = needed(window);
                if let Some(frame) = frame.filter(|_| until_s > from_s && now_s < to_s) {
                    if samples.is_empty() {
                        *start_s = now_s;
                    }
                    let side = if window.customer { frame.right } else { None };
                    samples.extend(side.unwrap_or(frame.left));
                }
            }
            let is_whole = |window: &Window| frame.is_none() || until_s >= needed(window).1;
            waiting.retain(|(window, start_s, samples)| {
                let whole = is_whole(window);
                if whole {
                    drawn.push((*window, draw(window, samples, *start_s, rate.hz())));
                }
                !whole
            });
            now_s = until_s;
        }
        Ok(Self(drawn))
    }

    /// Draws that of a finding, if there is one.
    pub(super) fn show(&self, m: &mut Markup, number: usize, finding: &Finding<'_>) {
        let of_it = |(window, _): &&(Window, Spectrogram)| window.finding == number;
        if let Some((window, picture)) = self.0.iter().find(of_it) {
            show(m, finding, window, picture);
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn show(m: &mut Markup, finding: &Finding<'_>, window: &Window, picture: &Spectrogram) {
    let (from, to) = (FineClock(window.from_s), FineClock(window.to_s));
    let who = if window.customer { "customer" } else { "agent" };
    let first = finding.first;
    let seen = what_is_seen(first.kind, first.fault);
    let described = format!(
        "Spectrogram of the {who}'s sound from {from} to {to}: {}. {seen}",
        subject(first.kind, first.side, first.fault)
    );
    let Ok(file) = png::write(COLUMNS, &picture.shades, &PALETTE) else {
        return; // Only without a single row, and there are as many as this module has.
    };
    let source = format!("data:image/png;base64,{}", BASE64.encode(&file));
    m.node("figure", &[("class", &"sound")], |m| {
        m.node(
            "div",
            &[("class", &"pitch"), ("aria-hidden", &"true")],
            |m| {
                m.words("span", &[], &pitch(picture.top_hz));
                m.words("span", &[], &pitch(picture.top_hz / 2.0));
                m.words("span", &[], &"0");
            },
        );
        let image: [Attribute<'_>; 2] = [("alt", &described), ("src", &source)];
        m.leaf("img", &image);
        m.node(
            "div",
            &[("class", &"from-to"), ("aria-hidden", &"true")],
            |m| {
                m.words("span", &[], &from);
                m.words("span", &[], &to);
            },
        );
        m.words("figcaption", &[], &seen);
    });
}

/// `8 kHz`, `250 Hz`.
fn pitch(hz: f64) -> String {
    match hz >= 1_000.0 {
        true => format!("{} kHz", number(hz / 1_000.0, 0)),
        false => format!("{} Hz", number(hz, 0)),
    }
}

/// How to read the picture, in the words of who hears it.
fn what_is_seen(kind: AlertKind, fault: Option<Fault>) -> &'static str {
    match (kind, fault) {
        (AlertKind::LineNoise, Some(Fault::Hum)) => {
            "The level lines that never stop are the hum; the voice comes and goes above them."
        }
        (AlertKind::LineNoise, Some(Fault::Hiss)) => {
            "The even haze between the words is the hiss; a good line is black there."
        }
        (AlertKind::LineNoise, Some(Fault::Crackle)) => {
            "Each thin upright stroke is a click; a voice makes none from bottom to top."
        }
        (AlertKind::LineNoise, Some(Fault::Dropouts)) => {
            "The black upright gaps are where the sound is missing, in the middle of a word."
        }
        (AlertKind::LineNoise, Some(Fault::Clipping)) | (AlertKind::Clipping, _) => {
            "Where the voice is too loud for the line it breaks up: bright columns all the way up, instead of bands."
        }
        (AlertKind::NoisyEnvironment, _) => {
            "What glows between the words is the room: a quiet one is dark there."
        }
        (AlertKind::LowLevel, _) => {
            "The voice hardly stands out from the dark: it is too far from the microphone, or turned down."
        }
        (AlertKind::OneWayAudio, _) => "Black: nothing arrives from this side.",
        _ => "Upwards: pitch. The brighter, the louder.",
    }
}

/// How to read any of them.
pub(super) fn legend(m: &mut Markup) {
    let words = "The pictures show three seconds of the sound where each finding is clearest: time runs to the right, pitch upwards, and the brighter a point, the louder. They hold levels and no sound; but a trained eye may read a word in them, so pass the page on as you would the recording.";
    m.words("p", &[("class", &"legend")], &words);
}
