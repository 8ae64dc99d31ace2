//! One record stream.

use super::connection::{APPLICATION_ID, Connection, ServerError, terminated};
use crate::audio::api::StreamSide;
use crate::audio::gaps::GapMeter;
use crate::audio::tap::{Locked, MonotonicNanos, TapReader, TapWriter, tap};
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    ChannelMap, ChannelVolume, Command, Prop, Props, ProtocolError, RecordStreamParams,
    SampleFormat, SampleSpec, TagStructRead, TagStructReader,
};
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

/// Length of the server's fragments: a side tap needs no low latency, and 50 wake-ups a second are cheap.
const FRAGMENT: Duration = Duration::from_millis(20);

/// The agent's microphone delivers always; silent for so long it is lost (75 fragments).
const AGENT_STARVES: Duration = Duration::from_millis(1500);

/// A playback stream may hesitate at the application's whim.
const CUSTOMER_STARVES: Duration = Duration::from_secs(3);

/// The first samples may take this long: null sinks and idle monitors were seen to need two seconds.
const FIRST_SAMPLES: Duration = Duration::from_secs(8);

/// Samples converted at once.
const SCRATCH: usize = 4096;

/// What to record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServerTarget {
    /// The server this was seen on: another one counts its sources anew.
    pub(crate) cookie: u32,
    /// The source; never another one.
    pub(crate) source: u32,
    pub(crate) source_name: String,
    /// Only this playback stream of the sink that the source monitors.
    pub(crate) input: Option<u32>,
    pub(crate) rate: u32,
    pub(crate) map: ChannelMap,
}

impl ServerTarget {
    /// The request for a stream that follows nothing and nobody: pinned, at the source's own rate and
    /// channels, not keeping the device awake, not muted by what the server remembers.
    pub(crate) fn request(&self) -> Command {
        let channels = self.map.num_channels();
        let frames = u128::from(self.rate) * FRAGMENT.as_millis() / 1000;
        let bytes = |frames: u128| {
            u32::try_from(frames * u128::from(channels) * size_of::<f32>() as u128)
                .unwrap_or(u32::MAX)
        };
        let mut props = Props::new();
        props.set(Prop::MediaName, c"Call analysis (keeps no sound)");
        props.set_bytes(c"application.id", terminated(APPLICATION_ID));
        Command::CreateRecordStream(RecordStreamParams {
            sample_spec: SampleSpec {
                format: SampleFormat::Float32Le,
                channels,
                sample_rate: self.rate,
            },
            channel_map: self.map,
            source_index: Some(self.source), // a name, too, would be refused
            source_name: None,
            buffer_attr: BufferAttr {
                max_length: bytes(u128::from(self.rate)),
                fragment_size: bytes(frames),
                ..BufferAttr::default()
            },
            flags: StreamFlags {
                no_move: true,
                adjust_latency: true,
                no_inhibit_auto_suspend: true,
                start_muted: Some(false),
                ..StreamFlags::default()
            },
            direct_on_input_index: self.input,
            cvolume: Some(ChannelVolume::norm(channels)),
            props,
            formats: Vec::new(),
        })
    }
}

/// The server's answer to a [`ServerTarget::request`], as far as it matters.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) channel: u32,
    spec: SampleSpec,
    pub(crate) source: Option<u32>,
    pub(crate) source_name: Option<String>,
    suspended: bool,
}

impl TagStructRead for Created {
    fn read(reader: &mut TagStructReader<'_>, _version: u16) -> Result<Self, ProtocolError> {
        let channel = reader.read_u32()?;
        reader.read_u32()?; // index of the stream
        reader.read_u32()?; // longest buffer
        reader.read_u32()?; // fragment
        let spec = reader.read()?;
        reader.read::<ChannelMap>()?;
        Ok(Self {
            channel,
            spec,
            source: reader.read_index()?,
            source_name: reader
                .read_string()?
                .map(|name| name.to_string_lossy().into_owned()),
            suspended: reader.read_bool()?,
        })
    }
}

/// A record stream that is open.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) target: ServerTarget,
    pub(crate) channel: u32,
    side: StreamSide,
    channels: usize,
    tap: TapWriter,
    scratch: Locked<f32>,
    /// Samples at the start of `scratch` that are not yet a whole frame.
    held: usize,
    meter: GapMeter,
    suspended: bool,
    last: Option<Instant>,
    waiting_since: Instant,
}

impl Recorder {
    /// Takes over a stream the server has created.
    pub(crate) fn new(
        side: StreamSide,
        target: ServerTarget,
        created: &Created,
    ) -> Result<(Self, TapReader), ServerError> {
        let rate = created.spec.sample_rate;
        let channels = NonZeroU16::new(u16::from(created.spec.channels))
            .filter(|_| created.spec.format == SampleFormat::Float32Le)
            .ok_or_else(|| ServerError::Protocol(format!("a stream as {:?}", created.spec)))?;
        let second = usize::try_from(rate).unwrap_or(usize::MAX);
        let (writer, reader) = tap(channels, rate, second)?;
        let recorder = Self {
            target,
            channel: created.channel,
            side,
            channels: usize::from(channels.get()),
            tap: writer,
            scratch: Locked::zeros(SCRATCH)?,
            held: 0,
            meter: GapMeter::new(rate),
            suspended: created.suspended,
            last: None,
            waiting_since: Instant::now(),
        };
        Ok((recorder, reader))
    }

    /// Passes samples on; returns how much sound has turned out to be missing before them.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Option<Duration> {
        let arrival = MonotonicNanos::now();
        self.last = Some(Instant::now());
        let mut missing = None;
        let (samples, _) = bytes.as_chunks::<{ size_of::<f32>() }>();
        let mut samples = samples.iter();
        loop {
            let mut filled = self.held;
            for (place, sample) in self.scratch[self.held..].iter_mut().zip(&mut samples) {
                *place = f32::from_le_bytes(*sample);
                filled += 1;
            }
            let frames = filled / self.channels;
            if frames == 0 {
                self.held = filled;
                return missing;
            }
            let whole = frames * self.channels;
            self.tap.push_at(&self.scratch[..whole], arrival);
            self.scratch.copy_within(whole..filled, 0);
            self.held = filled - whole;
            missing = missing.max(self.meter.arrived(frames, arrival));
        }
    }

    /// The device was suspended or resumed.
    pub(crate) fn suspend(&mut self, suspended: bool) {
        self.suspended = suspended;
        self.restart_watch();
    }

    /// How long nothing has come although it should have, once that is too long. `playing`: the
    /// application plays; only that makes a playback stream deliver.
    pub(crate) fn starved(&mut self, playing: bool) -> Option<Duration> {
        let expected = match self.side {
            StreamSide::Agent => !self.suspended,
            // Until it has delivered once it may be a stream that never will.
            StreamSide::Customer => !self.suspended && playing && self.last.is_some(),
        };
        if !expected {
            self.restart_watch();
            return None;
        }
        let limit = match (self.side, self.last) {
            (_, None) => FIRST_SAMPLES,
            (StreamSide::Agent, _) => AGENT_STARVES,
            (StreamSide::Customer, _) => CUSTOMER_STARVES,
        };
        let since = self
            .last
            .map_or(self.waiting_since, |last| last.max(self.waiting_since));
        let silent = since.elapsed();
        (silent > limit).then_some(silent)
    }

    fn restart_watch(&mut self) {
        self.waiting_since = Instant::now();
        self.meter.pause();
    }
}

/// Tells the server to end a stream; what it still sends for it is ignored.
pub(crate) fn delete(server: &mut Connection, channel: u32) -> Result<(), ServerError> {
    server.send(&Command::DeleteRecordStream(channel)).map(drop)
}
