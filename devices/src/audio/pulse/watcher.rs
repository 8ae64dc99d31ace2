//! Watches a server: which headsets it has and who uses them.

use super::applications::{Party, party_present, usage};
use super::cards::{HeadsetCard, headset_cards};
use super::connection::{Connection, Incoming, Message, ServerAddress, ServerError};
use super::listing::{Listing, list, server_name};
use super::streams::ServerTarget;
use crate::audio::api::FarEnd;
use crate::audio::backend::{Mixer, Sighting, Target, WatchReport};
use crate::audio::workers::Worker;
use crate::headset::UsbPath;
use pulseaudio::protocol::{Command, ServerInfo, SubscriptionMask};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Changes come in bursts (a new stream is five events): one listing answers them all.
const SETTLE: Duration = Duration::from_millis(15);

/// A server that says nothing for so long is asked whether it is still there.
const PING: Duration = Duration::from_secs(2);

/// How soon the worker notices that it is to stop.
const TICK: Duration = Duration::from_millis(500);

/// Reports until told to stop, or until the connection fails.
pub(crate) fn run(
    address: &ServerAddress,
    sysfs: &Path,
    worker: &Worker,
    report: &mut dyn FnMut(WatchReport),
) -> Result<(), ServerError> {
    let mut server = Connection::open(address)?;
    let name = server_name(&mut server)?;
    let info: ServerInfo = server.ask(&Command::GetServerInfo)?;
    let events = SubscriptionMask::SINK
        | SubscriptionMask::SOURCE
        | SubscriptionMask::SINK_INPUT
        | SubscriptionMask::SOURCE_OUTPUT
        | SubscriptionMask::CLIENT
        | SubscriptionMask::CARD;
    server.ask_raw(&Command::Subscribe(events))?;
    report(WatchReport::Up { name });
    let mut memories = BTreeMap::new();
    let mut changed = true;
    let mut heard = Instant::now();
    while !worker.should_stop() {
        if changed {
            let listing = list(&mut server)?;
            let headsets = sightings(&listing, sysfs, info.cookie, &mut memories);
            report(WatchReport::Headsets(headsets));
            heard = Instant::now();
        } else if heard.elapsed() > PING {
            server.ask::<ServerInfo>(&Command::GetServerInfo)?;
            heard = Instant::now();
        }
        changed = news(&mut server)?;
    }
    Ok(())
}

/// Waits for a change, and until a burst of them is over.
fn news(server: &mut Connection) -> Result<bool, ServerError> {
    let mut deadline = Instant::now() + TICK;
    let mut changed = false;
    loop {
        match server.receive(deadline)? {
            Incoming::Nothing => return Ok(changed),
            Incoming::Message(Message::Changed) if !changed => {
                changed = true;
                deadline = Instant::now() + SETTLE;
            }
            _ if Instant::now() >= deadline => return Ok(changed),
            _ => {}
        }
    }
}

/// What is remembered of a headset from one listing to the next.
#[derive(Debug, Default)]
struct Memory {
    party: Option<Party>,
    bound: Option<u32>,
}

fn sightings(
    listing: &Listing,
    sysfs: &Path,
    cookie: u32,
    memories: &mut BTreeMap<UsbPath, Memory>,
) -> Vec<Sighting> {
    let cards = headset_cards(listing, sysfs);
    memories.retain(|usb, _| cards.contains_key(usb));
    cards
        .into_iter()
        .map(|(usb, card)| {
            let memory = memories.entry(usb.clone()).or_default();
            sighting(listing, usb, &card, cookie, memory)
        })
        .collect()
}

fn sighting(
    listing: &Listing,
    usb: UsbPath,
    card: &HeadsetCard,
    cookie: u32,
    memory: &mut Memory,
) -> Sighting {
    memory.party.take_if(|party| !party_present(listing, party));
    let usage = usage(listing, card, memory.party.as_ref(), memory.bound);
    if usage.capture.is_some() {
        memory.party.clone_from(&usage.capture);
    }
    memory.bound = usage.input.map(|input| input.index);
    let agent = card.source.as_ref().map(|source| {
        Target::Server(ServerTarget {
            cookie,
            source: source.index,
            source_name: source.name.clone(),
            input: None,
            rate: source.spec.sample_rate,
            map: source.map,
        })
    });
    let monitor = |sink: u32, input: Option<u32>| {
        let source = listing
            .sources
            .iter()
            .find(|s| s.counterpart == Some(sink))?;
        Some(Target::Server(ServerTarget {
            cookie,
            source: source.index,
            source_name: source.name.clone(),
            input,
            rate: source.spec.sample_rate,
            map: source.map,
        }))
    };
    let sink = card.sink.as_ref().map(|sink| sink.index);
    let mix = sink.and_then(|sink| monitor(sink, None));
    let customer = match (usage.far_end, usage.input) {
        (FarEnd::Mix, _) => mix.clone(),
        (FarEnd::OnHeadset, Some(input)) => listing
            .inputs
            .iter()
            .find(|stream| stream.index == input.index)
            .and_then(|stream| monitor(stream.device, Some(stream.index))),
        _ => None,
    };
    let mixer = (card.source.is_some() || card.sink.is_some()).then(|| Mixer {
        microphone_muted: card.source.as_ref().is_some_and(|source| source.muted),
        speaker_muted: card.sink.as_ref().is_some_and(|sink| sink.muted),
        speaker_volume: card.sink.as_ref().map_or(0.0, |sink| sink.volume),
    });
    Sighting {
        usb,
        identity: card.identity.clone(),
        capture: usage.capture.as_ref().map(Party::application),
        far_end: usage.far_end,
        mixer,
        agent,
        customer,
        customer_playing: usage.input.is_some_and(|input| input.playing),
        mix,
    }
}
