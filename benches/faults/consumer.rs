//! A consumer with a session that the broker keeps: `mosquitto_sub`, started and killed as the campaign wants it.

use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a consumer has, after deduplication by (`boot`,`seq`).
#[derive(Default)]
pub(crate) struct Heard {
    seen: HashMap<(u64, u64), String>,
    /// How often each message came under different (`boot`,`seq`).
    pub(crate) messages: HashMap<String, u32>,
    /// Deliveries that deduplication removed.
    pub(crate) repeated: u64,
    /// Messages that came after a later one of their topic, and have not been judged yet.
    pub(crate) overtaken: Vec<String>,
    latest: HashMap<String, (u64, u64)>,
    last: Option<Instant>,
}

pub(crate) struct Consumer {
    name: &'static str,
    port: u16,
    /// Of MQTT, as `mosquitto_sub` wants it.
    version: &'static str,
    child: Mutex<Option<Child>>,
    pub(crate) heard: Arc<Mutex<Heard>>,
    /// When it was last away.
    away: Mutex<Option<Absence>>,
}

/// A consumer was away from then until then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Absence {
    pub(crate) since: Instant,
    pub(crate) until: Instant,
}

impl Consumer {
    pub(crate) fn new(name: &'static str, port: u16, version: &'static str) -> Self {
        Self {
            name,
            port,
            version,
            child: Mutex::new(None),
            heard: Arc::default(),
            away: Mutex::default(),
        }
    }

    /// Connects, if it is not there.
    pub(crate) fn come(&self) {
        let mut child = self.child.lock().unwrap();
        if child.is_some() {
            return;
        }
        let port = self.port.to_string();
        let topics = ["event/#", "alert/#"].map(|t| format!("sidetone/v1/acme/node/+/{t}"));
        let mut command = Command::new("mosquitto_sub");
        if self.version == "5" {
            command.args(["-D", "connect", "receive-maximum", "65535"]);
        }
        let mut started = command
            .args(["-V", self.version, "-h", "127.0.0.1", "-p", &port])
            .args(["-q", "1", "-c", "-k", "5"])
            .args([
                "-i",
                self.name,
                "-t",
                &topics[0],
                "-t",
                &topics[1],
                "-F",
                "%r\\t%t\\t%p",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto_sub is installed");
        let output = BufReader::new(started.stdout.take().unwrap());
        let heard = Arc::clone(&self.heard);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                heard.lock().unwrap().take(&line);
            }
        });
        std::thread::sleep(Duration::from_millis(500));
        *child = Some(started);
        if let Some(away) = &mut *self.away.lock().unwrap() {
            away.until = Instant::now();
        }
    }

    /// Goes away without a word.
    pub(crate) fn leave(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            let _ = child.kill();
            let _ = child.wait();
            let now = Instant::now();
            *self.away.lock().unwrap() = Some(Absence {
                since: now,
                until: now,
            });
        }
    }

    /// Its last absence, if it has ever been away.
    pub(crate) fn absence(&self) -> Option<Absence> {
        *self.away.lock().unwrap()
    }

    /// Waits until nothing has come for two seconds.
    pub(crate) fn quiet(&self) {
        let started = Instant::now();
        loop {
            let last = self
                .heard
                .lock()
                .unwrap()
                .last
                .unwrap_or(started)
                .max(started);
            if last.elapsed() > Duration::from_secs(2) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Heard {
    fn take(&mut self, line: &str) {
        let mut fields = line.splitn(3, '\t');
        let (Some(retained), Some(topic), Some(payload)) =
            (fields.next(), fields.next(), fields.next())
        else {
            return;
        };
        let Ok(payload) = serde_json::from_str::<Value>(payload) else {
            return;
        };
        // What is told to a new subscriber is state, not delivery.
        let (Some(key), false) = (key(topic, &payload), retained == "1") else {
            return;
        };
        let number = |key: &str| payload[key].as_u64().unwrap_or_default();
        let id = (number("boot"), number("seq"));
        self.last = Some(Instant::now());
        if self.seen.insert(id, key.clone()).is_some() {
            self.repeated += 1;
            return;
        }
        *self.messages.entry(key.clone()).or_default() += 1;
        let latest = self.latest.entry(topic.to_owned()).or_default();
        if id < *latest {
            self.overtaken.push(key);
        }
        *latest = id.max(*latest);
    }
}

/// What the message was called by whoever made it. RabbitMQ delivers a topic's dots as slashes.
pub(crate) fn key(topic: &str, payload: &Value) -> Option<String> {
    let topic = topic.replace('.', "/");
    if topic.ends_with("/event/volume/changed") {
        return Some(format!("v{}", payload["step"].as_i64()?));
    }
    let id: uuid::Uuid = payload["id"].as_str()?.parse().ok()?;
    let ended = payload["state"] == "cleared";
    let letter = match (topic.contains("/event/alert/"), ended) {
        (true, false) => 'r',
        (true, true) => 'c',
        (false, false) => 'R',
        (false, true) => 'C',
    };
    Some(format!("{letter}{}", id.as_u128()))
}
