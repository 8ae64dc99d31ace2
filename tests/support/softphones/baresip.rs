//! A baresip: the agent's, or a customer's who can be told what to do.

use super::{Program, free_media_port, free_tcp_port, free_udp_port};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running baresip.
pub(crate) struct Baresip {
    /// Its SIP port.
    pub(crate) sip: u16,
    /// Its control socket.
    pub(crate) control: SocketAddr,
    program: Program,
    directory: TempDir,
}

impl Baresip {
    /// One that answers every call by itself.
    pub(crate) fn start(name: &str) -> Self {
        Self::with(name, "answermode=auto")
    }

    /// One that rings until it is told to answer.
    pub(crate) fn ringing(name: &str) -> Self {
        Self::with(name, "answermode=manual")
    }

    /// Another test may take a port between its choice and its use: then others are chosen.
    fn with(name: &str, answer: &str) -> Self {
        let listens = |_| {
            let directory = tempfile::tempdir().unwrap();
            let (sip, control) = (free_udp_port(), free_tcp_port());
            configure(directory.path(), name, answer, sip, control);
            let baresip = Self {
                sip,
                control: SocketAddr::from(([127, 0, 0, 1], control)),
                program: run(directory.path()),
                directory,
            };
            baresip.listens().then_some(baresip)
        };
        (0..3).find_map(listens).expect("baresip listens")
    }

    fn listens(&self) -> bool {
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if TcpStream::connect(self.control).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Its address for a call.
    pub(crate) fn uri(&self, name: &str) -> String {
        format!("sip:{name}@127.0.0.1:{}", self.sip)
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.program.0.kill().unwrap();
        self.program.0.wait().unwrap();
    }

    /// Stops it where it is (`STOP`), or lets it go on (`CONT`).
    pub(crate) fn signal(&self, name: &str) {
        let id = self.program.0.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Starts it again after its end.
    pub(crate) fn restart(&mut self) {
        self.program = run(self.directory.path());
        assert!(self.listens(), "baresip does not listen again");
    }
}

fn run(directory: &Path) -> Program {
    let log = fs::File::create(directory.join("log")).unwrap();
    Program::start(
        Command::new("baresip")
            .args(["-4", "-s", "-v", "-f"])
            .arg(directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log),
    )
}

fn configure(directory: &Path, name: &str, answer: &str, sip: u16, control: u16) {
    let microphone = directory.join("microphone.wav");
    silence(&microphone);
    let media = free_media_port();
    let config = format!(
        "poll_method epoll
sip_listen 127.0.0.1:{sip}
net_interface 127.0.0.1
call_local_timeout 120
call_max_calls 4
audio_source aufile,{}
audio_player aubridge,nil
audio_alert aubridge,nil2
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports {media}-{}
jitter_buffer_delay 5-10
module_path {}
module g711.so
module aufile.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
",
        microphone.display(),
        media + 60,
        modules(),
    );
    let account =
        format!("<sip:{name}@127.0.0.1:{sip}>;regint=0;{answer};audio_codecs=PCMU/8000/1\n");
    fs::write(directory.join("config"), config).unwrap();
    fs::write(directory.join("accounts"), account).unwrap();
    fs::write(directory.join("contacts"), "").unwrap();
}

/// Debian puts them here; other architectures below their own name.
fn modules() -> &'static str {
    "/usr/lib/baresip/modules"
}

/// Two minutes of nothing, 8 kHz: the RTP packets are what counts.
fn silence(file: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec).unwrap();
    for _ in 0..8000 * 120 {
        writer.write_sample(0_i16).unwrap();
    }
    writer.finalize().unwrap();
}

/// A control channel of the test's own; it takes the one there was.
pub(crate) struct Control {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Control {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Gives a command; its reply.
    pub(crate) fn tell(&mut self, command: &str, params: &str) -> Value {
        let request = json!({ "command": command, "params": params, "token": "t" }).to_string();
        write!(self.stream, "{}:{request},", request.len()).unwrap();
        loop {
            let message = self.message();
            if message.get("response").is_some() {
                return message;
            }
        }
    }

    fn message(&mut self) -> Value {
        loop {
            if let Some(colon) = self.buffer.iter().position(|b| *b == b':') {
                let length: usize = std::str::from_utf8(&self.buffer[..colon])
                    .unwrap()
                    .parse()
                    .unwrap();
                let end = colon + 1 + length;
                if self.buffer.len() > end {
                    let message = serde_json::from_slice(&self.buffer[colon + 1..end]).unwrap();
                    self.buffer.drain(..=end);
                    return message;
                }
            }
            let mut piece = [0; 4096];
            let read = self.stream.read(&mut piece).unwrap();
            assert!(read > 0, "baresip closed the channel");
            self.buffer.extend_from_slice(&piece[..read]);
        }
    }
}
