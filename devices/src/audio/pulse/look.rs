//! One look at a sound server: which headsets it has, who uses them, and who records elsewhere.
//!
//! *Promises*: one connection, closed again; each question waits two seconds at most.
//!
//! *Fails* with a [`ServerError`] that says why the server is of no use.
//!
//! *Never* opens a stream.

use super::applications::{Party, is_application, is_meter, usage};
use super::cards::headset_cards;
use super::connection::{Connection, ServerAddress, ServerError};
use super::listing::{Device, Listing, list, server_name};
use crate::audio::api::{Application, FarEnd};
use crate::headset::{HeadsetIdentity, UsbPath};
use std::path::Path;

/// What a sound server has at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerLook {
    /// Name and version of the server.
    pub name: String,
    /// Its USB sound cards.
    pub headsets: Vec<HeadsetUse>,
    /// Applications that record from something that is no USB sound card.
    pub elsewhere: Vec<Recorder>,
}

/// A USB sound card on the server.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadsetUse {
    /// Which plug.
    pub usb: UsbPath,
    /// What it is.
    pub identity: HeadsetIdentity,
    /// Its microphone.
    pub microphone: Option<Switch>,
    /// Its speaker.
    pub speaker: Option<Switch>,
    /// The application that captures from it.
    pub capture: Option<Application>,
    /// Where that application plays.
    pub far_end: FarEnd,
}

/// A microphone or speaker in the mixer.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// How the server names it.
    pub name: String,
    /// Switched off.
    pub muted: bool,
    /// 0..1 of the mixer's normal maximum.
    pub volume: f32,
}

/// An application that records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    /// Who.
    pub application: Application,
    /// What from, as the server describes it to people.
    pub device: String,
}

/// Looks once. `sysfs` is where cards are followed to their plugs.
///
/// # Errors
/// [`ServerError`], if the server cannot be asked.
pub fn look(address: &ServerAddress, sysfs: &Path) -> Result<ServerLook, ServerError> {
    let mut server = Connection::open(address)?;
    let name = server_name(&mut server)?;
    let listing = list(&mut server)?;
    Ok(view(name, &listing, sysfs))
}

fn view(name: String, listing: &Listing, sysfs: &Path) -> ServerLook {
    let cards = headset_cards(listing, sysfs);
    let microphones: Vec<u32> = cards
        .values()
        .flat_map(|card| card.sources(listing))
        .collect();
    let elsewhere = listing
        .outputs
        .iter()
        .filter(|stream| !stream.corked && is_application(stream) && !is_meter(stream))
        .filter(|stream| !microphones.contains(&stream.device))
        .filter_map(|stream| {
            let source = listing.sources.iter().find(|s| s.index == stream.device)?;
            // What records a speaker's monitor is no call.
            source.counterpart.is_none().then(|| Recorder {
                application: Party::of(stream).application(),
                device: described(source),
            })
        })
        .collect();
    let headsets = cards.into_iter().map(|(usb, card)| {
        let usage = usage(listing, &card, None, None);
        HeadsetUse {
            usb,
            microphone: card.source.as_ref().map(switch),
            speaker: card.sink.as_ref().map(switch),
            capture: usage.capture.as_ref().map(Party::application),
            far_end: usage.far_end,
            identity: card.identity,
        }
    });
    ServerLook {
        name,
        headsets: headsets.collect(),
        elsewhere,
    }
}

fn switch(device: &Device) -> Switch {
    Switch {
        name: device.name.clone(),
        muted: device.muted,
        volume: device.volume,
    }
}

fn described(device: &Device) -> String {
    let description = device.properties.get("device.description");
    description.unwrap_or(&device.name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::listing::{Properties, Stream};
    use super::*;

    fn stream(index: u32, device: u32, name: &str) -> Stream {
        Stream {
            index,
            client: Some(index),
            device,
            rate: 48_000,
            properties: Properties::from([("application.name", name)]),
            ..Stream::default()
        }
    }

    #[test]
    fn who_records_from_another_device_is_told_and_meters_and_monitors_are_not() {
        let sys = tempfile::TempDir::new().unwrap();
        let built_in = Device {
            index: 3,
            name: "alsa_input.pci".to_owned(),
            properties: Properties::from([("device.description", "Built-in Audio")]),
            ..Device::default()
        };
        let monitor = Device {
            index: 4,
            counterpart: Some(9),
            ..Device::default()
        };
        let meter = Stream {
            resampler: Some("peaks".to_owned()),
            ..stream(2, 3, "Mixer")
        };
        let listing = Listing {
            sources: vec![built_in, monitor],
            outputs: vec![stream(1, 3, "Browser"), meter, stream(5, 4, "Recorder")],
            ..Listing::default()
        };
        let seen = view("test".to_owned(), &listing, sys.path());
        let told: Vec<_> = seen
            .elsewhere
            .iter()
            .map(|r| (r.application.name.as_str(), r.device.as_str()))
            .collect();
        assert_eq!(told, [("Browser", "Built-in Audio")]);
        assert_eq!(seen.headsets, []);
    }
}
