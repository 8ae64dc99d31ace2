//! A program of `examples/` that follows the broker, as a process of its own.

use super::broker::PATIENCE;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The running program and the lines it has printed. Dropping it ends it and what it started.
pub(crate) struct Subscriber {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Subscriber {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let output = BufReader::new(child.stdout.take().unwrap());
        let said = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                writer.lock().unwrap().push(line);
            }
        });
        Self { child, said }
    }

    /// Everything it has printed.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// How many of its lines hold this.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.said()
            .iter()
            .filter(|line| line.contains(what))
            .count()
    }

    /// Waits until it has printed this so often.
    pub(crate) async fn until(&mut self, what: &str, times: usize) {
        let until = Instant::now() + PATIENCE;
        while self.count(what) < times {
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended");
            assert!(
                Instant::now() < until,
                "waited in vain for {what:?}, {times} times; it said {:#?}",
                self.said()
            );
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}
