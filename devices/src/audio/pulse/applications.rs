//! Who uses a headset, and which of their streams is the far end.

use super::cards::HeadsetCard;
use super::connection::APPLICATION_ID;
use super::listing::{Listing, Properties, Stream};
use crate::audio::api::{Application, FarEnd};
use std::cmp::Reverse;

/// Below this rate (Hz) a record stream shows a level and does not carry speech. Level meters ask for
/// 25–144 Hz; the lowest telephone rate is 8000 Hz.
const SLOWEST_SPEECH: u32 = 4000;

/// Desktop mixers, whose streams on a microphone only move a bar.
const MIXERS: [&str; 5] = [
    "org.PulseAudio.pavucontrol",
    "org.gnome.VolumeControl",
    "org.gnome.Settings",
    "org.kde.kmixd",
    "org.kde.plasma-pa",
];

/// The application that captures, recognisable again on its playback streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Party {
    client: Option<u32>,
    process_id: Option<u32>,
    name: String,
    binary: String,
}

impl Party {
    pub(super) fn of(stream: &Stream) -> Self {
        let text = |key| stream.properties.get(key).unwrap_or_default().to_owned();
        Self {
            client: stream.client,
            process_id: process_id(&stream.properties),
            name: text("application.name"),
            binary: text("application.process.binary"),
        }
    }

    /// As it is told to others.
    pub(crate) fn application(&self) -> Application {
        let name = [&self.name, &self.binary]
            .into_iter()
            .find(|name| !name.is_empty())
            .map_or("an unnamed application", String::as_str);
        Application {
            name: name.to_owned(),
            process_id: self.process_id,
        }
    }

    /// The same connection or the same process.
    fn is_surely(&self, other: &Self) -> bool {
        (self.client.is_some() && self.client == other.client)
            || (self.process_id.is_some() && self.process_id == other.process_id)
    }

    /// Another process of the same program: browsers play and capture in several.
    fn is_likely(&self, other: &Self) -> bool {
        !self.name.is_empty() && self.name == other.name && self.binary == other.binary
    }
}

fn process_id(properties: &Properties) -> Option<u32> {
    ["application.process.id", "pipewire.sec.pid"]
        .iter()
        .find_map(|key| properties.get(key)?.parse().ok())
}

/// How a headset is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Who captures from it now.
    pub(crate) capture: Option<Party>,
    /// Where they play.
    pub(crate) far_end: FarEnd,
    /// Their playback stream on this headset.
    pub(crate) input: Option<Input>,
}

/// A playback stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) index: u32,
    /// It plays now; a paused one delivers nothing.
    pub(crate) playing: bool,
}

/// How `card` is used. `party` is who captured from it last: some softphones let go of the microphone
/// while muted. `bound` is the playback stream listened to so far.
pub(crate) fn usage(
    listing: &Listing,
    card: &HeadsetCard,
    party: Option<&Party>,
    bound: Option<u32>,
) -> Usage {
    let sources = card.sources(listing);
    let sinks = card.sinks(listing);
    let capture = listing
        .outputs
        .iter()
        .filter(|output| sources.contains(&output.device) && !output.corked)
        .filter(|output| is_application(output) && !is_meter(output))
        .min_by_key(|output| output.index)
        .map(Party::of);
    let playing: Vec<&Stream> = listing
        .inputs
        .iter()
        .filter(|input| is_application(input))
        .collect();
    let Some(party) = capture.as_ref().or(party) else {
        let (far_end, input) = without_party(&playing, &sinks);
        return Usage {
            capture,
            far_end,
            input,
        };
    };
    let by = |same: fn(&Party, &Party) -> bool| -> Vec<&Stream> {
        let of_party = playing.iter().filter(|s| same(party, &Party::of(s)));
        of_party.copied().collect()
    };
    let mut theirs = by(Party::is_surely);
    if theirs.is_empty() {
        theirs = by(Party::is_likely);
    }
    let here = theirs.iter().filter(|s| sinks.contains(&s.device));
    let best = here.min_by_key(|s| {
        let kept = bound == Some(s.index);
        (s.corked, role(s), !kept, Reverse(s.index))
    });
    let far_end = if best.is_some() {
        FarEnd::OnHeadset
    } else if theirs
        .iter()
        .any(|s| !s.corked && listing.sinks.iter().any(|sink| sink.index == s.device))
    {
        FarEnd::Elsewhere
    } else {
        FarEnd::Nowhere
    };
    Usage {
        capture,
        far_end,
        input: best.map(|s| Input::of(s)),
    }
}

impl Input {
    fn of(stream: &Stream) -> Self {
        Self {
            index: stream.index,
            playing: !stream.corked,
        }
    }
}

/// `true` while that application has any stream on the server.
pub(crate) fn party_present(listing: &Listing, party: &Party) -> bool {
    let mut streams = listing.inputs.iter().chain(&listing.outputs);
    streams.any(|stream| party.is_surely(&Party::of(stream)))
}

/// The far end of a call that is known from elsewhere (an adapter) while nobody captures: the only
/// playback stream on the headset, or, of several, all of them together.
fn without_party(playing: &[&Stream], sinks: &[u32]) -> (FarEnd, Option<Input>) {
    let mut here = playing
        .iter()
        .filter(|s| !s.corked && sinks.contains(&s.device));
    match (here.next(), here.next()) {
        (None, _) => (FarEnd::Nowhere, None),
        (Some(only), None) => (FarEnd::OnHeadset, Some(Input::of(only))),
        (Some(_), Some(_)) => (FarEnd::Mix, None),
    }
}

/// A stream of a program, not of ourselves nor of a filter or loopback inside the server.
pub(super) fn is_application(stream: &Stream) -> bool {
    let property = |key| stream.properties.get(key);
    property("application.id") != Some(APPLICATION_ID)
        && property("media.role") != Some("filter")
        && property("node.link-group").is_none()
        && stream.client.is_some()
}

/// A stream that only shows a level.
pub(super) fn is_meter(stream: &Stream) -> bool {
    let property = |key| stream.properties.get(key);
    stream.resampler.as_deref() == Some("peaks")
        || property("resample.peaks") == Some("true")
        || property("stream.monitor") == Some("true")
        || property("media.name") == Some("Peak detect")
        || property("application.id").is_some_and(|id| MIXERS.contains(&id))
        || stream.rate < SLOWEST_SPEECH
}

/// How likely a playback stream is the voice of a call, best first, by its `media.role`.
fn role(stream: &Stream) -> u8 {
    match stream.properties.get("media.role") {
        Some("phone" | "Communication" | "communication") => 0,
        None | Some("") => 1,
        Some(_) => 2,
    }
}

#[cfg(test)]
mod tests;
