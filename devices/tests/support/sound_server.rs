//! A PulseAudio or PipeWire of its own for each test: own runtime directory, no hardware, gone at the end.

use super::until;
use sidetone_devices::audio::pulse::ServerAddress;
use sidetone_devices::audio::supervisor::AudioOptions;
use sidetone_devices::headset::UsbPath;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    PulseAudio,
    PipeWire,
}

/// The private server. Dropping it kills it.
pub(crate) struct SoundServer {
    pub(crate) kind: Kind,
    directory: TempDir,
    processes: Vec<Child>,
}

/// A headset made of null sinks: `feed` is where a test plays what its microphone hears.
pub(crate) struct FakeHeadset {
    pub(crate) usb: UsbPath,
    pub(crate) speaker: String,
    pub(crate) microphone: String,
    pub(crate) feed: String,
    speaker_module: String,
    feed_module: String,
    microphone_module: String,
}

impl SoundServer {
    pub(crate) fn start(kind: Kind) -> Self {
        let directory = TempDir::with_prefix("sidetone-sound-").unwrap();
        for part in ["pulse", "sys/devices"] {
            fs::create_dir_all(directory.path().join(part)).unwrap();
        }
        fs::write(directory.path().join("cookie"), [7; 256]).unwrap();
        let mut server = Self {
            kind,
            directory,
            processes: Vec::new(),
        };
        server.write_wireplumber_configuration();
        server.launch();
        server
    }

    /// Real hardware and real sessions stay out of it, in the words of WirePlumber 0.4 and 0.5.
    fn write_wireplumber_configuration(&self) {
        let folder = self.path("config/wireplumber");
        for (file, text) in [
            (
                "main.lua.d/90-test.lua",
                "alsa_monitor.enabled = false\nv4l2_monitor.enabled = false\nlibcamera_monitor.enabled = false\n",
            ),
            (
                "bluetooth.lua.d/90-test.lua",
                "bluez_monitor.enabled = false\n",
            ),
            (
                "wireplumber.conf.d/90-test.conf",
                "wireplumber.profiles = { main = { hardware.audio = disabled, hardware.bluetooth = disabled, hardware.video-capture = disabled } }\n",
            ),
        ] {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }

    fn path(&self, part: &str) -> PathBuf {
        self.directory.path().join(part)
    }

    fn socket(&self) -> PathBuf {
        self.path("pulse/native")
    }

    /// Starts the server's processes, and waits until it answers.
    fn launch(&mut self) {
        match self.kind {
            Kind::PulseAudio => {
                let socket = format!(
                    "module-native-protocol-unix auth-cookie={} socket={}",
                    self.path("cookie").display(),
                    self.socket().display()
                );
                let fixed = "-n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --realtime=no --high-priority=no --disable-shm=yes";
                let mut arguments: Vec<&str> = fixed.split(' ').collect();
                arguments.extend(["-L", &socket]);
                self.spawn("pulseaudio", &arguments);
            }
            Kind::PipeWire => {
                let bus = format!("--address=unix:path={}", self.path("bus").display());
                self.spawn(
                    "dbus-daemon",
                    &["--session", "--nofork", "--nopidfile", &bus],
                );
                until("the session bus", || {
                    self.path("bus").exists().then_some(())
                });
                self.spawn("pipewire", &[]);
                until("PipeWire", || {
                    self.path("pipewire-0").exists().then_some(())
                });
                self.spawn("wireplumber", &[]);
                self.spawn("pipewire-pulse", &[]);
            }
        }
        until("the sound server's answer", || self.try_pactl(&["info"]));
    }

    fn spawn(&mut self, program: &str, arguments: &[&str]) {
        let log = fs::File::create(self.path(&format!("{program}.log"))).unwrap();
        let child = self
            .command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{program} ({error}): run scripts/install-deps quick"));
        self.processes.push(child);
    }

    /// A command that knows only this server, and dies with the test.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        for variable in [
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "PULSE_SERVER",
            "PULSE_RUNTIME_PATH",
            "PIPEWIRE_REMOTE",
        ] {
            command.env_remove(variable);
        }
        let bus = format!("unix:path={}", self.path("bus").display());
        command
            .env("XDG_RUNTIME_DIR", self.directory.path())
            .env("HOME", self.directory.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("DBUS_SESSION_BUS_ADDRESS", bus)
            .env("PULSE_COOKIE", self.path("cookie"))
            .env("LC_ALL", "C");
        command
    }

    fn try_pactl(&self, arguments: &[&str]) -> Option<String> {
        let output = self.command("pactl").args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    }

    pub(crate) fn pactl(&self, arguments: &[&str]) -> String {
        self.try_pactl(arguments)
            .unwrap_or_else(|| panic!("pactl {arguments:?} failed"))
    }

    /// What the supervisor needs to find this server and the fake USB plugs.
    pub(crate) fn options(&self) -> AudioOptions {
        AudioOptions {
            server: ServerAddress {
                socket: Some(self.socket()),
                cookie: Some(self.path("cookie")),
            },
            sysfs: self.sysfs(),
            ..AudioOptions::default()
        }
    }

    fn sysfs(&self) -> PathBuf {
        self.path("sys")
    }

    /// Plugs a headset into `plug` (like `1-4`).
    pub(crate) fn plug_in(&self, plug: &str) -> FakeHeadset {
        let usb = self.sysfs().join("devices/usb1").join(plug);
        let card = format!("devices/usb1/{plug}/{plug}:1.0/sound/card1");
        fs::create_dir_all(self.sysfs().join(&card)).unwrap();
        for (attribute, text) in [
            ("idVendor", "047f\n"),
            ("idProduct", "c056\n"),
            ("product", "Test Headset\n"),
        ] {
            fs::write(usb.join(attribute), text).unwrap();
        }
        let usb = UsbPath::new(fs::canonicalize(usb).unwrap());
        self.plug_in_card(plug, &card, usb)
    }

    /// The sound card of a headset whose other parts are already there: `card` is its place below `/sys`.
    pub(crate) fn plug_in_card(&self, plug: &str, card: &str, usb: UsbPath) -> FakeHeadset {
        let properties =
            format!("'device.vendor.id=047f device.product.id=c056 sysfs.path=/{card}'");
        let (speaker, feed) = (format!("speaker_{plug}"), format!("feed_{plug}"));
        let microphone = format!("microphone_{plug}");
        let speaker_module = self.null_sink(&speaker, &format!("sink_properties={properties}"));
        let feed_module = self.null_sink(&feed, "sink_properties=device.description=Feed");
        let microphone_module = self.pactl(&[
            "load-module",
            "module-remap-source",
            &format!("source_name={microphone}"),
            &format!("master={feed}.monitor"),
            &format!("source_properties={properties}"),
        ]);
        FakeHeadset {
            usb,
            speaker,
            microphone,
            feed,
            speaker_module,
            feed_module,
            microphone_module,
        }
    }

    /// Pulls it out: speaker and microphone are gone, the rest stays.
    pub(crate) fn pull_out(&self, headset: &FakeHeadset) {
        self.pactl(&["unload-module", &headset.microphone_module]);
        self.pactl(&["unload-module", &headset.speaker_module]);
        self.pactl(&["unload-module", &headset.feed_module]);
    }

    /// A device without USB.
    pub(crate) fn null_sink(&self, name: &str, properties: &str) -> String {
        let name = format!("sink_name={name}");
        self.pactl(&[
            "load-module",
            "module-null-sink",
            &name,
            "rate=48000",
            "channels=2",
            properties,
        ])
    }

    /// Names of the clients with a record stream on the server, without the server's own.
    pub(crate) fn recording(&self) -> Vec<String> {
        let text = self.pactl(&["list", "source-outputs"]);
        let blocks = text.split("Source Output #").skip(1);
        let of_client = blocks.filter(|block| !block.contains("Client: n/a"));
        of_client
            .map(|block| {
                let name = block
                    .split("application.name = \"")
                    .nth(1)
                    .unwrap_or_default();
                name.split('"').next().unwrap_or_default().to_owned()
            })
            .collect()
    }

    /// Record streams of the program under test.
    pub(crate) fn recorded_by_us(&self) -> usize {
        self.recording()
            .iter()
            .filter(|name| *name == "Sidetone")
            .count()
    }

    fn signal(&self, signal: rustix::process::Signal) {
        for child in &self.processes {
            let pid = rustix::process::Pid::from_child(child);
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    /// Stops every process of the server where it is.
    pub(crate) fn stall(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    pub(crate) fn resume(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    pub(crate) fn kill(&mut self) {
        for mut child in self.processes.drain(..).rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Kills it and starts it anew, with nothing on it.
    pub(crate) fn restart(&mut self) {
        self.kill();
        for left in ["bus", "pipewire-0", "pipewire-0.lock", "pulse/native"] {
            let _ = fs::remove_file(self.path(left));
        }
        self.launch();
    }

    pub(crate) fn log(&self) -> String {
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        let logs = fs::read_dir(self.directory.path()).unwrap().flatten();
        logs.map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "log"))
            .map(|path| format!("{}:\n{}", path.display(), read(&path)))
            .collect()
    }
}

impl Drop for SoundServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        self.kill();
    }
}
