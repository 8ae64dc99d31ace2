//! The process that has the uplink, from outside: started, killed, and what it said it handed over.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// From here on a message is promised (DESIGN §6).
const PROMISE: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Told {
    /// When each message was handed over, and by which process.
    handed_over: HashMap<String, (Instant, u32)>,
    last_number: u64,
    /// Records that wait, as the process last said.
    waiting: u64,
    /// It said that its disk fails.
    trouble: bool,
}

pub(crate) struct Node {
    port: u16,
    pub(crate) bare: bool,
    state: TempDir,
    child: Option<Child>,
    starts: u32,
    /// When each process was killed.
    killed: HashMap<u32, Instant>,
    told: Arc<Mutex<Told>>,
}

impl Node {
    pub(crate) fn new(port: u16, bare: bool) -> Self {
        Self {
            port,
            bare,
            state: tempfile::tempdir().unwrap(),
            child: None,
            starts: 0,
            killed: HashMap::new(),
            told: Arc::default(),
        }
    }

    pub(crate) fn start(&mut self) {
        self.starts += 1;
        // Numbers that an ended process used without saying so are not used again.
        let first = (self.told.lock().unwrap().last_number / 8 + 20) * 8;
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new("setpriv")
            // Whatever becomes of the campaign, its processes end with it.
            .args(["--pdeathsig", "KILL", "env"])
            // A write beyond the limit of the file size is then an error, as on a full disk, and no signal.
            .arg("--ignore-signal=XFSZ")
            .arg(program)
            .args(["--child", if self.bare { "bare" } else { "uplink" }])
            .arg(format!("port={}", self.port))
            .arg(format!("state={}", self.state.path().display()))
            .arg(format!("first={first}"))
            .arg(format!("start={}", self.starts))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (told, start) = (Arc::clone(&self.told), self.starts);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                told.lock().unwrap().take(&line, start);
            }
        });
        self.child = Some(child);
    }

    pub(crate) fn kill_and_start(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        self.killed.insert(self.starts, Instant::now());
        child.wait().unwrap();
        self.start();
    }

    /// It may write no file beyond a few kilobytes, or any.
    pub(crate) fn limit_files(&self, limited: bool) {
        let pid = self.child.as_ref().expect("it runs").id();
        let limit = if limited {
            "--fsize=4096:"
        } else {
            "--fsize=unlimited:"
        };
        let done = Command::new("prlimit")
            .args(["--pid", &pid.to_string(), limit])
            .status();
        assert!(done.is_ok_and(|status| status.success()), "prlimit");
    }

    /// Lets it run until nothing waits for the broker any more, without new messages.
    pub(crate) fn settle(&self) {
        self.signal("-USR1");
        // Of a topic one message is on its way at a time: on a busy machine a long queue takes its time.
        let until = Instant::now() + Duration::from_secs(900);
        std::thread::sleep(Duration::from_millis(500));
        while self.told.lock().unwrap().waiting > 0 {
            assert!(
                Instant::now() < until,
                "{} records still wait",
                self.told.lock().unwrap().waiting
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// It has said that its disk fails.
    pub(crate) fn had_trouble(&self) -> bool {
        self.told.lock().unwrap().trouble
    }

    /// New messages again.
    pub(crate) fn go_on(&self) {
        self.signal("-USR2");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let _ = Command::new("kill").args([signal, &pid]).status();
    }

    /// What must have arrived.
    pub(crate) fn promised(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let kept = told.handed_over.iter().filter(|(_, (at, start))| {
            let killed = self.killed.get(start);
            killed.is_none_or(|killed| killed.saturating_duration_since(*at) >= PROMISE)
        });
        kept.map(|(key, _)| key.clone()).collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Told {
    fn take(&mut self, line: &str, start: u32) {
        if line == "trouble" {
            self.trouble = true;
            return;
        }
        if let Some(waiting) = line.strip_prefix("waiting ") {
            self.waiting = waiting.parse().unwrap_or(u64::MAX);
            return;
        }
        let number = line.get(1..).and_then(|n| n.parse::<u64>().ok());
        self.last_number = self.last_number.max(number.unwrap_or(0));
        self.handed_over
            .insert(line.to_owned(), (Instant::now(), start));
    }
}
