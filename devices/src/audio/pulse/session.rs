//! Both sides of a call on one headset, recorded over one connection.
//!
//! *Promises*: once the server says that a source is gone, or another one has taken its place, not one
//! more sample of it is passed on.
//!
//! *Fails* as a whole when the connection fails; one side's stream is replaced by itself.

use super::connection::{Connection, Incoming, Message, PATIENCE, ServerAddress, ServerError};
use super::streams::{Created, Recorder, ServerTarget, delete};
use crate::audio::api::{CloseReason, StreamSide};
use crate::audio::backend::{CaptureReport, Target, Wish, WishBox};
use crate::audio::workers::Worker;
use pulseaudio::protocol::{Command, PulseError, ServerInfo};
use std::time::{Duration, Instant};

/// How soon a worker notices that it is to stop, and how often it looks for starvation.
const TICK: Duration = Duration::from_millis(50);

/// Samples gather in the socket for so long before they are taken in one go: servers send a packet each time
/// the application's latency lets them, twice and more as often. Usual packets last 10 or 20 ms; this is no
/// multiple of either, so that no stream's stamps are late by the same time for long.
const GATHER: Duration = Duration::from_millis(15);

/// A side is tried again after this long, doubled up to [`SLOWEST_RETRY`].
const FIRST_RETRY: Duration = Duration::from_millis(250);
const SLOWEST_RETRY: Duration = Duration::from_secs(2);

/// So many refusals mean that a playback stream cannot be listened to at all.
const REFUSALS: u32 = 3;

type Report<'a> = &'a mut dyn FnMut(CaptureReport);

/// Records what the wish says until told to stop.
pub(crate) fn run(
    address: &ServerAddress,
    worker: &Worker,
    wish: &WishBox,
    report: Report<'_>,
) -> Result<(), ServerError> {
    let mut server = Connection::open(address)?;
    let info: ServerInfo = server.ask(&Command::GetServerInfo)?;
    let mut session = Session {
        cookie: info.cookie,
        server,
        sides: [
            Side::new(StreamSide::Agent),
            Side::new(StreamSide::Customer),
        ],
        wish: Wish::default(),
    };
    let mut seen = 0;
    while !worker.should_stop() {
        if let Some(news) = wish.news(&mut seen) {
            session.wish = news;
        }
        session.follow(report)?;
        session.serve(worker, Instant::now() + TICK, report)?;
    }
    Ok(())
}

struct Session {
    cookie: u32,
    server: Connection,
    sides: [Side; 2],
    wish: Wish,
}

struct Side {
    side: StreamSide,
    recorder: Option<Recorder>,
    opening: Option<Opening>,
    retry: Instant,
    delay: Duration,
    refusals: u32,
}

/// A stream that was asked for.
struct Opening {
    number: u32,
    target: ServerTarget,
    deadline: Instant,
}

impl Side {
    fn new(side: StreamSide) -> Self {
        Self {
            side,
            recorder: None,
            opening: None,
            retry: Instant::now(),
            delay: FIRST_RETRY,
            refusals: 0,
        }
    }

    fn wait(&mut self) {
        self.retry = Instant::now() + self.delay;
        self.delay = (self.delay * 2).min(SLOWEST_RETRY);
    }

    /// Ends the stream on our side: no sample is passed on after this.
    fn close(&mut self, reason: CloseReason, report: Report<'_>) -> Option<u32> {
        let recorder = self.recorder.take()?;
        let side = self.side;
        report(CaptureReport::Closed { side, reason });
        Some(recorder.channel)
    }
}

impl Session {
    /// Opens and closes streams so that they are as wished, and replaces starved ones.
    fn follow(&mut self, report: Report<'_>) -> Result<(), ServerError> {
        let playing = self.wish.customer_playing;
        for side in &mut self.sides {
            let wanted = match self.wish.target(side.side) {
                Some(Target::Server(target)) => Some(target),
                _ => None,
            };
            if wanted.is_some_and(|target| target.cookie != self.cookie) {
                return Err(ServerError::Closed); // seen on a server that is no more
            }
            let channel = match &mut side.recorder {
                Some(recorder) if Some(&recorder.target) != wanted => {
                    side.retry = Instant::now();
                    side.close(CloseReason::SourceGone, report)
                }
                Some(recorder) => recorder.starved(playing).and_then(|missing| {
                    let lost = side.side;
                    report(CaptureReport::Gap {
                        side: lost,
                        missing,
                    });
                    side.wait();
                    side.close(CloseReason::ServerLost, report)
                }),
                None => None,
            };
            if let Some(channel) = channel {
                delete(&mut self.server, channel)?;
            }
            match (&side.opening, wanted) {
                (Some(opening), _) if Instant::now() > opening.deadline => {
                    return Err(ServerError::Stalled(PATIENCE));
                }
                (None, Some(target)) if side.recorder.is_none() && Instant::now() >= side.retry => {
                    side.opening = Some(Opening {
                        number: self.server.send(&target.request())?,
                        target: target.clone(),
                        deadline: Instant::now() + PATIENCE,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes what the server sends, until the deadline.
    fn serve(
        &mut self,
        worker: &Worker,
        deadline: Instant,
        report: Report<'_>,
    ) -> Result<(), ServerError> {
        let mut sounding = false;
        loop {
            let until = if sounding { Instant::now() } else { deadline };
            match self.server.receive(until)? {
                Incoming::Nothing if sounding && until < deadline => {
                    sounding = false;
                    std::thread::sleep(GATHER);
                }
                Incoming::Nothing => return Ok(()),
                Incoming::Samples { channel, bytes } => {
                    sounding = true;
                    if worker.should_stop() {
                        return Ok(());
                    }
                    if let Some(side) = on_channel(&mut self.sides, channel) {
                        let missing = side.recorder.as_mut().and_then(|r| r.take(bytes));
                        if let Some(missing) = missing {
                            let side = side.side;
                            report(CaptureReport::Gap { side, missing });
                        }
                    }
                    if Instant::now() >= deadline {
                        return Ok(());
                    }
                }
                Incoming::Message(message) => return self.understand(message, report),
            }
        }
    }

    fn understand(&mut self, message: Message, report: Report<'_>) -> Result<(), ServerError> {
        match message {
            Message::Killed { channel } | Message::Moved { channel } => {
                if let Some(side) = on_channel(&mut self.sides, channel) {
                    side.wait();
                    side.close(CloseReason::SourceGone, report);
                    if matches!(message, Message::Moved { .. }) {
                        delete(&mut self.server, channel)?;
                    }
                }
            }
            Message::Suspended { channel, suspended } => {
                if let Some(side) = on_channel(&mut self.sides, channel)
                    && let Some(recorder) = &mut side.recorder
                {
                    recorder.suspend(suspended);
                }
            }
            Message::Reply { to, body } => {
                if let Some((side, opening)) = take_opening(&mut self.sides, to) {
                    let created: Created = self.server.decode(&body)?;
                    return self.created(side, opening.target, &created, report);
                }
            }
            Message::Refusal { to, error } => {
                if let Some((side, opening)) = take_opening(&mut self.sides, to) {
                    self.refused(side, opening.target, error, report);
                }
            }
            Message::Changed | Message::Other => {}
        }
        Ok(())
    }

    fn created(
        &mut self,
        index: usize,
        target: ServerTarget,
        created: &Created,
        report: Report<'_>,
    ) -> Result<(), ServerError> {
        let side = &mut self.sides[index];
        // A server that answers with another source has put us on it although it was told not to.
        let asked_for = match target.input {
            None => {
                created.source == Some(target.source)
                    && created.source_name.as_deref() == Some(&target.source_name)
            }
            Some(_) => true,
        };
        if !asked_for {
            side.wait();
            let found = created.source_name.as_deref().unwrap_or("nothing");
            tracing::warn!(
                "asked for {}, was given {found}: closed",
                target.source_name
            );
            return delete(&mut self.server, created.channel);
        }
        let (recorder, tap) = Recorder::new(side.side, target, created)?;
        side.recorder = Some(recorder);
        side.delay = FIRST_RETRY;
        side.refusals = 0;
        let side = side.side;
        report(CaptureReport::Opened { side, tap });
        Ok(())
    }

    fn refused(
        &mut self,
        index: usize,
        target: ServerTarget,
        error: PulseError,
        report: Report<'_>,
    ) {
        let side = &mut self.sides[index];
        side.wait();
        if error == PulseError::NoEntity {
            return; // gone meanwhile; the next listing says so
        }
        side.refusals += 1;
        let direct = target.input.is_some();
        let side_name = side.side;
        if direct && side.refusals >= REFUSALS {
            side.refusals = 0;
            let target = Target::Server(target);
            report(CaptureReport::Unbindable { target });
        } else if !direct && side.refusals == 1 {
            report(CaptureReport::Closed {
                side: side_name,
                reason: CloseReason::Failed(format!(
                    "the sound server refused to record {} ({error}); check who may use it",
                    target.source_name
                )),
            });
        }
    }
}

fn on_channel(sides: &mut [Side; 2], channel: u32) -> Option<&mut Side> {
    let is_on = |side: &&mut Side| side.recorder.as_ref().map(|r| r.channel) == Some(channel);
    sides.iter_mut().find(is_on)
}

fn take_opening(sides: &mut [Side; 2], number: u32) -> Option<(usize, Opening)> {
    sides.iter_mut().enumerate().find_map(|(index, side)| {
        let opening = side.opening.take_if(|opening| opening.number == number)?;
        Some((index, opening))
    })
}
