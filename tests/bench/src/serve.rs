//! The headset program: hands one end of a socket pair to the kernel's `vhci_hcd`, serves the headset on the
//! other, and reads commands from standard input.
//!
//! Promises: sleeps until a request, a command or the next due frame. A wrong command is reported and
//! ignored. Everything is logged on standard output as `SECONDS WHAT`, seconds since 1970.
//! Fails: without `vhci_hcd`, or without the right to write its `attach` file, with one sentence.

use crate::clock::{Frame, monotonic, unix_seconds};
use crate::command::Command;
use crate::descriptors::Identity;
use crate::headset::{Headset, command_sound};
use crate::microphone::Microphone;
use crate::sounds::{Library, SoundError};
use crate::usbip::{self, ProtocolError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::Duration;
use thiserror::Error;

const ATTACH: &str = "/sys/devices/platform/vhci_hcd.0/attach";
/// `enum usb_device_speed`: full speed, as USB headsets are.
const FULL_SPEED: u32 = 2;
/// Bus 1, device 2: any number does.
const DEVICE_ID: u32 = 0x1_0002;
/// The kernel frees a port a little after the plug was pulled.
const PORT_FREE_WITHIN: Duration = Duration::from_secs(2);

/// Why the program ends.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The kernel does not take the device.
    #[error("{ATTACH} does not take the headset ({0}); load the module vhci-hcd and run as root")]
    Attach(std::io::Error),
    /// The socket pair or the wait failed.
    #[error("talking to the kernel failed: {0}")]
    Io(#[from] std::io::Error),
    /// The kernel said something unknown.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The recordings cannot be loaded.
    #[error(transparent)]
    Sound(#[from] SoundError),
}

struct Plug {
    kernel: UnixStream,
    received: Vec<u8>,
    headset: Headset,
}

enum State {
    Plugged(Box<Plug>),
    Unplugged(Microphone),
}

/// Runs until `quit` or the end of standard input. The headset starts unplugged, on port `port`.
///
/// # Errors
/// [`ServeError`].
pub fn serve(identity: Identity, port: u32, library: &Library) -> Result<(), ServeError> {
    let mut state = State::Unplugged(Microphone::default());
    let mut typed = Vec::new();
    say("READY");
    loop {
        let (from_kernel, from_tester) = wait(&state)?;
        if from_kernel {
            state = receive(state)?;
        }
        if from_tester {
            let mut buffer = [0; 1024];
            let count = rustix::io::read(std::io::stdin(), &mut buffer).map_err(io)?;
            if count == 0 {
                return Ok(());
            }
            typed.extend_from_slice(&buffer[..count]);
            while let Some(end) = typed.iter().position(|b| *b == b'\n') {
                let line = String::from_utf8_lossy(&typed[..end]).into_owned();
                typed.drain(..=end);
                match line.parse() {
                    Ok(Command::Quit) => return Ok(()),
                    Ok(command) => {
                        say(&format!("COMMAND {line}"));
                        state = carry_out(state, command, identity, port, library)?;
                    }
                    Err(error) => say(&format!("ERROR {error}")),
                }
            }
        }
        if let State::Plugged(plug) = &mut state {
            plug.headset.advance(Frame::now());
            if plug.flush().is_err() {
                state = closed_by_kernel(state);
            }
        }
    }
}

/// Waits for the kernel, the tester, or the next due frame: which of the first two has something to say.
fn wait(state: &State) -> Result<(bool, bool), ServeError> {
    let stdin = std::io::stdin();
    let mut fds = vec![PollFd::new(&stdin, PollFlags::IN)];
    let mut timeout = None;
    if let State::Plugged(plug) = state {
        fds.push(PollFd::new(&plug.kernel, PollFlags::IN));
        timeout = plug.headset.due().map(|frame| {
            let at = Duration::from_millis(frame.0);
            at.saturating_sub(monotonic())
        });
    }
    let timeout = timeout.map(|t| Timespec {
        tv_sec: t.as_secs() as i64,
        tv_nsec: t.subsec_nanos().into(),
    });
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(io(error).into()),
    }
    let ready = |fd: &PollFd| !fd.revents().is_empty();
    Ok((
        fds.get(1).is_some_and(ready),
        fds.first().is_some_and(ready),
    ))
}

fn receive(state: State) -> Result<State, ServeError> {
    let State::Plugged(mut plug) = state else {
        return Ok(state);
    };
    let mut buffer = [0; 16_384];
    let count = plug.kernel.read(&mut buffer).unwrap_or(0);
    if count == 0 {
        return Ok(closed_by_kernel(State::Plugged(plug)));
    }
    plug.received.extend_from_slice(&buffer[..count]);
    plug.headset.advance(Frame::now());
    let mut taken = 0;
    while let Some((request, length)) = usbip::decode(&plug.received[taken..])? {
        taken += length;
        plug.headset.request(request);
    }
    plug.received.drain(..taken);
    Ok(State::Plugged(plug))
}

fn carry_out(
    state: State,
    command: Command,
    identity: Identity,
    port: u32,
    library: &Library,
) -> Result<State, ServeError> {
    let (state, done) = match (state, command) {
        (State::Unplugged(microphone), Command::Plug) => {
            let kernel = attach(port)?;
            say("PLUGGED");
            let headset = Headset::new(identity, microphone, Frame::now());
            let received = Vec::new();
            return Ok(State::Plugged(Box::new(Plug {
                kernel,
                received,
                headset,
            })));
        }
        (State::Plugged(plug), Command::Unplug) => {
            say("UNPLUGGED");
            return Ok(State::Unplugged(plug.headset.into_microphone()));
        }
        (State::Plugged(mut plug), command) => {
            let done = plug.headset.command(command, library);
            (State::Plugged(plug), done)
        }
        (State::Unplugged(mut microphone), command) => {
            let done = command_sound(&mut microphone, command, library);
            (State::Unplugged(microphone), done)
        }
    };
    if let Err(error) = done {
        say(&format!("ERROR {error}"));
    }
    Ok(state)
}

fn closed_by_kernel(state: State) -> State {
    say("CLOSED by the kernel");
    match state {
        State::Plugged(plug) => State::Unplugged(plug.headset.into_microphone()),
        unplugged => unplugged,
    }
}

impl Plug {
    fn flush(&mut self) -> std::io::Result<()> {
        for line in self.headset.take_log() {
            say(&line);
        }
        let replies = self.headset.take_replies();
        self.kernel.write_all(&replies)
    }
}

/// Hands one end of a socket pair to the kernel; gives the other. The port is busy until the kernel has
/// finished with the plug before.
fn attach(port: u32) -> Result<UnixStream, ServeError> {
    let (ours, kernels) = UnixStream::pair()?;
    let line = format!("{port} {} {DEVICE_ID} {FULL_SPEED}", kernels.as_raw_fd());
    let give_up = monotonic() + PORT_FREE_WITHIN;
    loop {
        match fs::write(ATTACH, &line) {
            Ok(()) => return Ok(ours),
            Err(error) if monotonic() > give_up => return Err(ServeError::Attach(error)),
            Err(_) => sleep(Duration::from_millis(20)),
        }
    }
}

fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    // A log that nobody reads any more is no reason to pull the plug.
    let _ = writeln!(out, "{:.6} {what}", unix_seconds());
    let _ = out.flush();
}

fn io(error: Errno) -> std::io::Error {
    error.into()
}
