//! What is on the server: devices, cards, streams and their properties.
//!
//! Replies are read leniently, field by field: a port type, state or encoding that the protocol crate does
//! not know yet (PipeWire has states of its own) must not hide a headset.

use super::connection::{Connection, ServerError};
use pulseaudio::protocol::{
    ChannelMap, ChannelVolume, Command, Props, ProtocolError, SampleSpec, ServerInfo, Tag,
    TagStructRead, TagStructReader, Volume,
};
use std::collections::BTreeMap;
use std::ffi::CString;

/// Properties of a thing on the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Properties(BTreeMap<String, String>);

impl Properties {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Adds what is missing here.
    fn add_missing(&mut self, other: &Self) {
        for (key, value) in &other.0 {
            self.0.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Properties {
    fn from(pairs: [(&str, &str); N]) -> Self {
        let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Self(pairs.into_iter().map(own).collect())
    }
}

impl From<&Props> for Properties {
    fn from(props: &Props) -> Self {
        let text = |bytes: &[u8]| {
            let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
            String::from_utf8_lossy(bytes).into_owned()
        };
        let pairs = props.iter();
        Self(
            pairs
                .map(|(key, value)| (text(key.to_bytes()), text(value)))
                .collect(),
        )
    }
}

/// A sink or a source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) properties: Properties,
    pub(crate) spec: SampleSpec,
    pub(crate) map: ChannelMap,
    pub(crate) muted: bool,
    /// Mean of the channels, 0..1.
    pub(crate) volume: f32,
    pub(crate) suspended: bool,
    pub(crate) card: Option<u32>,
    /// Of a sink: its monitor source. Of a source: the sink it monitors.
    pub(crate) counterpart: Option<u32>,
}

/// A sink input or a source output.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stream {
    pub(crate) index: u32,
    pub(crate) client: Option<u32>,
    /// The sink or source it is connected to.
    pub(crate) device: u32,
    pub(crate) rate: u32,
    pub(crate) corked: bool,
    pub(crate) resampler: Option<String>,
    /// Its own, and those of its client.
    pub(crate) properties: Properties,
}

/// A sound card or a client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) index: u32,
    pub(crate) properties: Properties,
}

/// Everything at one time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    pub(crate) cards: Vec<Entry>,
    pub(crate) sinks: Vec<Device>,
    pub(crate) sources: Vec<Device>,
    /// Playback streams.
    pub(crate) inputs: Vec<Stream>,
    /// Record streams.
    pub(crate) outputs: Vec<Stream>,
}

/// Asks for everything.
pub(crate) fn list(server: &mut Connection) -> Result<Listing, ServerError> {
    let clients: Vec<Entry> = items(server, &Command::GetClientInfoList, client)?;
    let mut listing = Listing {
        cards: items(server, &Command::GetCardInfoList, card)?,
        sinks: items(server, &Command::GetSinkInfoList, device)?,
        sources: items(server, &Command::GetSourceInfoList, device)?,
        inputs: items(server, &Command::GetSinkInputInfoList, input)?,
        outputs: items(server, &Command::GetSourceOutputInfoList, output)?,
    };
    for stream in listing.inputs.iter_mut().chain(&mut listing.outputs) {
        if let Some(owner) = clients.iter().find(|c| Some(c.index) == stream.client) {
            stream.properties.add_missing(&owner.properties);
        }
    }
    for device in listing.sinks.iter_mut().chain(&mut listing.sources) {
        if let Some(card) = listing.cards.iter().find(|c| Some(c.index) == device.card) {
            device.properties.add_missing(&card.properties);
        }
    }
    Ok(listing)
}

/// The server's name and version as it says them.
pub(crate) fn server_name(server: &mut Connection) -> Result<String, ServerError> {
    let info: ServerInfo = server.ask(&Command::GetServerInfo)?;
    let text = |part: Option<CString>| part.map(text).unwrap_or_default();
    let name = format!("{} {}", text(info.server_name), text(info.server_version));
    Ok(name.trim().to_owned())
}

fn text(text: CString) -> String {
    text.to_string_lossy().into_owned()
}

type ReadItem<T> = fn(&mut TagStructReader<'_>, u16) -> Result<T, ProtocolError>;

fn items<T>(
    server: &mut Connection,
    command: &Command,
    read: ReadItem<T>,
) -> Result<Vec<T>, ServerError> {
    let body = server.ask_raw(command)?;
    let version = server.version();
    let mut cursor = std::io::Cursor::new(body.as_slice());
    let mut reader = TagStructReader::new(&mut cursor, version);
    let mut list = Vec::new();
    while reader.has_data_left()? {
        list.push(read(&mut reader, version)?);
    }
    Ok(list)
}

fn client(reader: &mut TagStructReader<'_>, _version: u16) -> Result<Entry, ProtocolError> {
    let index = reader.read_u32()?;
    reader.read_string()?; // name
    reader.read_u32()?; // owner module
    reader.read_string()?; // driver
    let properties = properties(reader)?;
    Ok(Entry { index, properties })
}

fn card(reader: &mut TagStructReader<'_>, version: u16) -> Result<Entry, ProtocolError> {
    let index = reader.read_u32()?;
    reader.read_string()?; // name
    reader.read_u32()?; // owner module
    reader.read_string()?; // driver
    for _ in 0..reader.read_u32()? {
        reader.read_string()?; // profile name
        reader.read_string()?; // description
        for _ in 0..if version >= 29 { 4 } else { 3 } {
            reader.read_u32()?; // sinks, sources, priority, available
        }
    }
    reader.read_string()?; // active profile
    let properties = properties(reader)?;
    if version >= 26 {
        for _ in 0..reader.read_u32()? {
            reader.read_string()?; // port name
            reader.read_string()?; // description
            reader.read_u32()?; // priority
            reader.read_u32()?; // available
            reader.read_u8()?; // direction
            Props::read(reader, version)?;
            for _ in 0..reader.read_u32()? {
                reader.read_string()?; // profile
            }
            if version >= 27 {
                reader.read_i64()?; // latency offset
            }
            if version >= 34 {
                reader.read_string()?; // availability group
                reader.read_u32()?; // type
            }
        }
    }
    Ok(Entry { index, properties })
}

/// Sinks and sources have the same fields in the same order.
fn device(reader: &mut TagStructReader<'_>, version: u16) -> Result<Device, ProtocolError> {
    let mut device = Device {
        index: reader.read_u32()?,
        name: reader.read_string()?.map(text).unwrap_or_default(),
        ..Device::default()
    };
    reader.read_string()?; // description
    device.spec = reader.read()?;
    device.map = reader.read()?;
    reader.read_u32()?; // owner module
    device.volume = mean(&reader.read()?);
    device.muted = reader.read_bool()?;
    device.counterpart = reader.read_index()?;
    reader.read_string()?; // name of the counterpart
    reader.read_usec()?; // latency
    reader.read_string()?; // driver
    reader.read_u32()?; // flags
    device.properties = properties(reader)?;
    reader.read_usec()?; // configured latency
    if version >= 15 {
        Volume::read(reader, version)?; // base volume
        device.suspended = reader.read_u32()? == 2; // running 0, idle 1, suspended 2
        reader.read_u32()?; // volume steps
        device.card = reader.read_index()?;
    }
    if version >= 16 {
        for _ in 0..reader.read_u32()? {
            reader.read_string()?; // port name
            reader.read_string()?; // description
            reader.read_u32()?; // priority
            if version >= 24 {
                reader.read_u32()?; // available
            }
            if version >= 34 {
                reader.read_string()?; // availability group
                reader.read_u32()?; // type
            }
        }
        reader.read_string()?; // active port
    }
    if version >= 21 {
        for _ in 0..reader.read_u8()? {
            format(reader, version)?;
        }
    }
    Ok(device)
}

fn input(reader: &mut TagStructReader<'_>, version: u16) -> Result<Stream, ProtocolError> {
    let mut stream = stream_head(reader)?;
    ChannelVolume::read(reader, version)?;
    stream_latencies(reader, &mut stream)?;
    reader.read_bool()?; // muted
    stream.properties = properties(reader)?;
    if version >= 19 {
        stream.corked = reader.read_bool()?;
    }
    if version >= 20 {
        reader.read_bool()?; // has a volume
        reader.read_bool()?; // it can be set
    }
    if version >= 21 {
        format(reader, version)?;
    }
    Ok(stream)
}

fn output(reader: &mut TagStructReader<'_>, version: u16) -> Result<Stream, ProtocolError> {
    let mut stream = stream_head(reader)?;
    stream_latencies(reader, &mut stream)?;
    stream.properties = properties(reader)?;
    if version >= 19 {
        stream.corked = reader.read_bool()?;
    }
    if version >= 22 {
        ChannelVolume::read(reader, version)?;
        reader.read_bool()?; // muted
        reader.read_bool()?; // has a volume
        reader.read_bool()?; // it can be set
        format(reader, version)?;
    }
    Ok(stream)
}

fn stream_head(reader: &mut TagStructReader<'_>) -> Result<Stream, ProtocolError> {
    let index = reader.read_u32()?;
    reader.read_string()?; // name
    reader.read_u32()?; // owner module
    let client = reader.read_index()?;
    let device = reader.read_u32()?;
    let spec: SampleSpec = reader.read()?;
    reader.read::<ChannelMap>()?;
    Ok(Stream {
        index,
        client,
        device,
        rate: spec.sample_rate,
        ..Stream::default()
    })
}

fn stream_latencies(
    reader: &mut TagStructReader<'_>,
    stream: &mut Stream,
) -> Result<(), ProtocolError> {
    reader.read_usec()?; // buffer
    reader.read_usec()?; // device
    stream.resampler = reader.read_string()?.map(text);
    reader.read_string()?; // driver
    Ok(())
}

fn format(reader: &mut TagStructReader<'_>, version: u16) -> Result<(), ProtocolError> {
    match reader.read_tag()? {
        Tag::FormatInfo => {}
        other => return Err(ProtocolError::Invalid(format!("{other:?} for a format"))),
    }
    reader.read_u8()?; // encoding
    Props::read(reader, version)?;
    Ok(())
}

fn properties(reader: &mut TagStructReader<'_>) -> Result<Properties, ProtocolError> {
    Ok(Properties::from(&reader.read::<Props>()?))
}

fn mean(volume: &ChannelVolume) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a volume needs no 24 bits")]
    let share = |volume: &Volume| volume.as_u32() as f32 / Volume::NORM.as_u32() as f32;
    let channels = volume.channels();
    #[expect(clippy::cast_precision_loss, reason = "a channel count is small")]
    let count = channels.len().max(1) as f32;
    (channels.iter().map(share).sum::<f32>() / count).clamp(0.0, 1.0)
}
