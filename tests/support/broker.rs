//! A real mosquitto on a port of its own, and a subscriber that keeps everything it was sent.
//!
//! Both end with the test. The broker can be killed, stalled and started again; with `PERSISTENT`
//! it remembers sessions and subscriptions over a restart, as a production broker does.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// Patience with real processes; no test asserts a time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Sessions, subscriptions and queued messages survive `kill -9`.
#[allow(dead_code)]
pub(crate) const PERSISTENT: &str =
    "persistence true\nautosave_on_changes true\nautosave_interval 1\n";

/// A port nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A running, stalled or dead mosquitto.
pub(crate) struct Broker {
    pub(crate) port: u16,
    dir: TempDir,
    child: Option<Child>,
}

#[allow(dead_code)]
impl Broker {
    /// A broker anyone may use, with these further lines of configuration.
    pub(crate) fn start(extra: &str) -> Self {
        Self::with_file(&format!("allow_anonymous true\n{extra}"), |_| {})
    }

    /// A broker with this configuration and the files it needs; `DIR` stands for its directory.
    pub(crate) fn with_file(configuration: &str, files: impl FnOnce(&Path)) -> Self {
        let mut broker = Self::absent();
        files(broker.dir());
        broker.configure(configuration);
        broker.restart();
        broker
    }

    /// A broker that takes nobody but this user.
    pub(crate) fn with_password(user: &str, password: &str) -> Self {
        let configuration = "password_file DIR/passwords\nallow_anonymous false\n";
        Self::with_file(configuration, |dir| {
            let made = Command::new("mosquitto_passwd")
                .args(["-b", "-c"])
                .arg(dir.join("passwords"))
                .args([user, password])
                .status();
            assert!(made.unwrap().success());
        })
    }

    /// A broker with exactly this configuration, of which `port` is the first listener; `DIR` stands for its
    /// directory.
    pub(crate) fn with_whole_file(
        port: u16,
        configuration: &str,
        files: impl FnOnce(&Path),
    ) -> Self {
        let mut broker = Self::absent();
        broker.port = port;
        files(broker.dir());
        let dir = broker.dir().display().to_string();
        let file = broker.dir().join("mosquitto.conf");
        std::fs::write(file, configuration.replace("DIR", &dir)).unwrap();
        broker.restart();
        broker
    }

    /// A broker that has yet to be started.
    pub(crate) fn absent() -> Self {
        let broker = Self {
            port: free_port(),
            dir: tempfile::tempdir().unwrap(),
            child: None,
        };
        broker.configure("allow_anonymous true\n");
        broker
    }

    /// Where its files are.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn configure(&self, configuration: &str) {
        let dir = self.dir.path().display().to_string();
        let text = format!(
            "user root\npersistence_location {dir}/\nlistener {} 127.0.0.1\n{}",
            self.port,
            configuration.replace("DIR", &dir),
        );
        std::fs::write(self.dir.path().join("mosquitto.conf"), text).unwrap();
    }

    /// Starts it, and waits until it listens and runs: it takes connections before it takes signals.
    pub(crate) fn restart(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let log = std::fs::File::create(self.dir.path().join("log")).unwrap();
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|p| Path::new(p).exists())
            .unwrap_or("mosquitto");
        let child = Command::new(program)
            .arg("-c")
            .arg(self.dir.path().join("mosquitto.conf"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("mosquitto is installed");
        self.child = Some(child);
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err()
            || !self.log().contains(" running")
        {
            assert!(
                Instant::now() < until,
                "mosquitto does not run: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Certificates and access lists are read again.
    pub(crate) fn reload(&self) {
        self.signal("-HUP");
    }

    /// It no longer reads or answers, but the kernel still takes bytes for it.
    pub(crate) fn stall(&self) {
        self.signal("-STOP");
    }

    /// Ends it properly, and starts it again with these lines of configuration.
    pub(crate) fn reconfigure(&mut self, extra: &str) {
        self.signal("-TERM");
        let mut child = self.child.take().expect("it runs");
        child.wait().unwrap();
        self.configure(&format!("allow_anonymous true\n{extra}"));
        self.restart();
    }

    /// `kill -9`
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A message as an independent subscriber saw it.
#[derive(Debug, Clone)]
#[allow(dead_code)]
pub(crate) struct Seen {
    pub(crate) topic: String,
    pub(crate) retained: bool,
    /// Seconds it had left.
    pub(crate) expiry: Option<u32>,
    pub(crate) content_type: String,
    /// `key:value`, with spaces between.
    pub(crate) properties: String,
    /// Correlation Data, if it is text.
    pub(crate) correlation: String,
    pub(crate) payload: String,
    /// When it came.
    pub(crate) at: SystemTime,
}

#[allow(dead_code)]
impl Seen {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(7, '\t');
        let mut next = || fields.next();
        Some(Self {
            topic: next()?.to_owned(),
            retained: next()? == "1",
            expiry: next()?.parse().ok(),
            content_type: next()?.to_owned(),
            properties: next()?.to_owned(),
            correlation: next()?.to_owned(),
            payload: next()?.to_owned(),
            at: SystemTime::now(),
        })
    }

    /// The payload.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap_or(Value::Null)
    }
}

/// `mosquitto_sub` on everything, with a session that outlives the broker.
pub(crate) struct Watcher {
    child: Child,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[allow(dead_code)]
impl Watcher {
    /// Subscribes, and waits until the subscription works.
    pub(crate) fn start(port: u16) -> Self {
        Self::with(port, &[])
    }

    /// The same with further arguments (`-u`, `-P`).
    pub(crate) fn with(port: u16, arguments: &[&str]) -> Self {
        Self::subscribed(port, arguments, &[])
    }

    /// Of it [`Seen::retained`] says whether the message was published as a state, not whether it is an old one.
    pub(crate) fn of_publications(port: u16) -> Self {
        Self::subscribed(port, &[], &["--retain-as-published"])
    }

    /// `arguments` are for the probe too, `own` for the subscriber alone.
    fn subscribed(port: u16, arguments: &[&str], own: &[&str]) -> Self {
        // A session of its own each: what another left unacknowledged must not come here.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let id = format!("watcher-{}", STARTED.fetch_add(1, Ordering::Relaxed));
        let port = port.to_string();
        let mut child = Command::new("mosquitto_sub")
            .args([
                "-V",
                "5",
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-q",
                "1",
                "-c",
                "-i",
                &id,
            ])
            .args([
                "-k",
                "5",
                "-t",
                "sidetone/#",
                "-F",
                "%t\\t%r\\t%E\\t%C\\t%P\\t%D\\t%p",
            ])
            .args(arguments)
            .args(own)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto_sub is installed");
        let output = BufReader::new(child.stdout.take().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&seen);
        std::thread::spawn(move || {
            // Bytes, because a payload need not be text.
            for line in output.split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                writer.lock().unwrap().extend(Seen::parse(&line));
            }
        });
        let watcher = Self { child, seen };
        let until = Instant::now() + PATIENCE;
        while !watcher.all().iter().any(|s| s.topic == "sidetone/probe") {
            assert!(Instant::now() < until, "the subscriber does not subscribe");
            let _ = Command::new("mosquitto_pub")
                .args([
                    "-h",
                    "127.0.0.1",
                    "-p",
                    &port,
                    "-t",
                    "sidetone/probe",
                    "-m",
                    "{}",
                ])
                .args(arguments)
                .stderr(Stdio::null())
                .status();
            std::thread::sleep(Duration::from_millis(50));
        }
        watcher
    }

    /// Everything so far.
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Everything so far whose topic ends so.
    pub(crate) fn on(&self, ending: &str) -> Vec<Seen> {
        self.all()
            .into_iter()
            .filter(|s| s.topic.ends_with(ending))
            .collect()
    }

    /// Waits until what was seen satisfies.
    pub(crate) async fn until(&self, what: &str, satisfied: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let until = Instant::now() + PATIENCE * 2;
        loop {
            let all = self.all();
            if satisfied(&all) {
                return all;
            }
            assert!(
                Instant::now() < until,
                "waited in vain for {what}; seen: {all:#?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
