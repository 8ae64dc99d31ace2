//! The process that has the uplink, from outside: started, killed, and what it said it handed over.

use crate::small_disk::SmallDisk;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
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

/// How much the process says, and how it is set.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Between two turns of four numbers each.
    pub(crate) turn: Duration,
    /// The uplink's settling time.
    pub(crate) settle: Duration,
}

pub(crate) struct Node {
    port: u16,
    pub(crate) bare: bool,
    state: TempDir,
    /// Where the state is instead, while the disk is to be full.
    small: Option<SmallDisk>,
    load: Load,
    child: Option<Child>,
    starts: u32,
    /// When each process was killed.
    killed: HashMap<u32, Instant>,
    told: Arc<Mutex<Told>>,
}

impl Node {
    pub(crate) fn new(port: u16, bare: bool, load: Load) -> Self {
        Self {
            port,
            bare,
            state: tempfile::tempdir().unwrap(),
            small: None,
            load,
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
            .arg(format!("state={}", self.state().display()))
            .arg(format!("turn={}", self.load.turn.as_millis()))
            .arg(format!("settle={}", self.load.settle.as_millis()))
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

    fn state(&self) -> &Path {
        self.small
            .as_ref()
            .map_or(self.state.path(), SmallDisk::path)
    }

    fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        // Not after it: on a busy machine that is later than it was.
        self.killed.insert(self.starts, Instant::now());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn kill_and_start(&mut self) {
        self.kill();
        self.start();
    }

    /// From now on its state is on a small disk, or not any more; whether there is one.
    pub(crate) fn use_small_disk(&mut self, small: bool) -> bool {
        self.kill();
        if small {
            self.small = SmallDisk::mount();
            if let Some(disk) = &self.small {
                SmallDisk::copy(self.state.path(), disk.path());
            }
        } else if let Some(disk) = self.small.take() {
            let fresh = tempfile::tempdir().unwrap();
            SmallDisk::copy(disk.path(), fresh.path());
            self.state = fresh;
        }
        self.start();
        self.small.is_some()
    }

    /// Its disk is full, or not any more. Without a small disk it may write no file beyond a few kilobytes instead.
    pub(crate) fn fill_disk(&self, limited: bool) {
        if let Some(disk) = &self.small {
            return disk.fill(limited);
        }
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

    /// When each message was handed over.
    pub(crate) fn handed_over(&self) -> HashMap<String, Instant> {
        let told = self.told.lock().unwrap();
        let times = told.handed_over.iter();
        times.map(|(key, (at, _))| (key.clone(), *at)).collect()
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
