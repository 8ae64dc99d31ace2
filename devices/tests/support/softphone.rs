//! Applications on a private server: the example softphone, and the servers' own players.

use super::sound_server::{FakeHeadset, SoundServer};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running softphone. Dropping it hangs up.
pub(crate) struct Softphone {
    child: Child,
    steer: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Softphone {
    /// A call on `headset`: captures its microphone, plays a sine to its speaker.
    pub(crate) fn call(server: &SoundServer, headset: &FakeHeadset, hz: u32) -> Self {
        let hz = hz.to_string();
        Self::start(
            server,
            &[
                "--source",
                &headset.microphone,
                "--sink",
                &headset.speaker,
                "--hz",
                &hz,
            ],
        )
    }

    pub(crate) fn start(server: &SoundServer, arguments: &[&str]) -> Self {
        let mut child = server
            .command(program())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let steer = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut phone = Self {
            child,
            steer,
            answers,
        };
        phone.await_answer("up");
        phone
    }

    fn await_answer(&mut self, expected: &str) {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), expected, "the softphone failed");
    }

    pub(crate) fn tell(&mut self, command: &str) {
        writeln!(self.steer.as_mut().unwrap(), "{command}").unwrap();
        self.await_answer("ok");
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Softphone {
    fn drop(&mut self) {
        drop(self.steer.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The example; built now if only this test was, which leaves examples as they were.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().unwrap().parent().unwrap();
    let program = target.join("examples/softphone");
    // From the tests of this package, or of the workspace's.
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["examples", "devices/examples"].map(|folder| package.join(folder));
    let source = sources.map(|folder| folder.join("softphone.rs"));
    let changed = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    if changed(&program) < source.iter().filter_map(|path| changed(path)).max() {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let release = target.ends_with("release").then_some("--release");
        let built = Command::new(cargo)
            .args(["build", "--package", "sidetone-devices"])
            .args(["--example", "softphone"])
            .args(release)
            .status()
            .unwrap();
        assert!(built.success(), "the example softphone does not build");
    }
    program
}

/// A player that is no softphone: `pacat` with a sine on its standard input. Dropping it stops it.
pub(crate) struct Player {
    child: Child,
    feeder: Option<std::thread::JoinHandle<()>>,
}

impl Player {
    pub(crate) fn start(server: &SoundServer, sink: &str, hz: u32, amplitude: f64) -> Self {
        let mut child = server
            .command("pacat")
            .args([
                "--playback",
                "--rate=48000",
                "--channels=1",
                "--format=float32le",
                "--latency-msec=100",
            ])
            .arg(format!("--device={sink}"))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || {
            let mut frame = 0_u64;
            loop {
                let block: Vec<u8> = (frame..frame + 960)
                    .flat_map(|n| {
                        let turns = f64::from(hz) * (n % 48_000) as f64 / 48_000.0;
                        let sample = amplitude * (turns * std::f64::consts::TAU).sin();
                        (sample as f32).to_le_bytes()
                    })
                    .collect();
                frame += 960;
                if input.write_all(&block).is_err() {
                    return; // the player is gone
                }
            }
        });
        Self {
            child,
            feeder: Some(feeder),
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(feeder) = self.feeder.take() {
            let _ = feeder.join();
        }
    }
}
