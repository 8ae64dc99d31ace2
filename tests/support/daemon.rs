//! The built daemon as a process of its own, with a configuration and a state directory of its own.

use super::broker::PATIENCE;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_sidetone");

/// Node `ws-1` of `acme`: its configuration, and what it keeps between two runs.
pub(crate) struct Desk {
    directory: TempDir,
}

#[allow(dead_code)]
impl Desk {
    /// A desk whose daemon reports to this port, with these further lines of configuration.
    pub(crate) fn new(port: u16, further: &str) -> Self {
        Self::with(&format!(
            "[broker]\nurl = \"mqtt://127.0.0.1:{port}\"\n{further}\n"
        ))
    }

    /// A desk with this configuration of all but its name, state and quirks.
    pub(crate) fn with(configuration: &str) -> Self {
        Self::with_quirks(&super::testbed::quirks(), configuration)
    }

    /// The same with the quirk files of this directory.
    pub(crate) fn with_quirks(quirks: &Path, configuration: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let text = format!(
            "[node]\norg = \"acme\"\nname = \"ws-1\"\nstate_dir = {:?}\n\
             [devices]\nquirks_dir = {quirks:?}\n{configuration}\n",
            directory.path().join("state")
        );
        std::fs::write(directory.path().join("sidetone.toml"), text).unwrap();
        Self { directory }
    }

    /// Where its files are.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where its local socket is.
    pub(crate) fn window(&self) -> PathBuf {
        self.directory.path().join("window")
    }

    /// Changes its configuration, before a run.
    pub(crate) fn edit(&self, change: impl FnOnce(&str) -> String) {
        let text = std::fs::read_to_string(self.configuration()).unwrap();
        std::fs::write(self.configuration(), change(&text)).unwrap();
    }

    /// Its configuration.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.directory.path().join("sidetone.toml")
    }

    /// Runs the daemon; `command` already names the program.
    pub(crate) fn run(&self, command: Command) -> Daemon {
        self.run_half("run", command)
    }

    /// The same, with a log of this level.
    pub(crate) fn run_at(&self, mut command: Command, log_level: &str) -> Daemon {
        command.env("SIDETONE_LOG", log_level);
        self.start("run", command)
    }

    /// Runs the daemon, or one of its halves (`uplink`, `station`).
    pub(crate) fn run_half(&self, half: &str, mut command: Command) -> Daemon {
        command.env_remove("SIDETONE_LOG");
        self.start(half, command)
    }

    fn start(&self, half: &str, mut command: Command) -> Daemon {
        let mut child = command
            .arg(half)
            .arg("-c")
            .arg(self.configuration())
            .env("RUNTIME_DIRECTORY", self.window())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("umockdev-run is missing: scripts/install-deps installs it");
        let output = BufReader::new(child.stderr.take().unwrap());
        let said = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                writer.lock().unwrap().push(line);
            }
        });
        Daemon { child, said }
    }
}

/// The running daemon. Dropping it kills it.
pub(crate) struct Daemon {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

#[allow(dead_code)]
impl Daemon {
    /// The lines of its log so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// The lines of its log that complain; that the pseudonym's key is missing is no complaint here.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let complains = |line: &String| line.contains(" WARN ") || line.contains(" ERROR ");
        let mut log = self.log();
        log.retain(|line| complains(line) && !line.contains("carry no agent"));
        log
    }

    /// Waits until its log satisfies.
    pub(crate) fn until(&self, what: &str, satisfied: impl Fn(&[String]) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !satisfied(&self.log()) {
            assert!(
                Instant::now() < until,
                "waited in vain for {what}; the daemon said {:#?}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The daemon's own process, below whatever runs it.
    pub(crate) fn process_id(&self) -> u32 {
        let child = |pid: u32| {
            let path = format!("/proc/{pid}/task/{pid}/children");
            let children = std::fs::read_to_string(path).unwrap_or_default();
            let first = children.split_ascii_whitespace().next()?;
            first.parse::<u32>().ok()
        };
        std::iter::successors(Some(self.child.id()), |pid| child(*pid))
            .last()
            .unwrap()
    }

    /// Resident memory that is no file's, in KiB.
    pub(crate) fn own_memory_kib(&self) -> u64 {
        self.memory_kib("RssAnon:")
    }

    /// Resident memory, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.memory_kib("VmRSS:")
    }

    /// A line of proc(5)'s `status`.
    fn memory_kib(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.process_id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_ascii_whitespace().nth(1));
        kib.unwrap().parse().unwrap()
    }

    /// Sends it a signal: `-STOP`, `-CONT`, …
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.process_id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(status.success());
    }

    /// SIGTERM, and waits for its end.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().unwrap()
    }

    /// `kill -9`
    pub(crate) fn kill(mut self) {
        self.signal("-KILL");
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the daemon said {:#?}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
