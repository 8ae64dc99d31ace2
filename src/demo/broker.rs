//! The demonstration's own broker: mosquitto, on a free port of this machine, with nothing on disk.
//!
//! Why mosquitto and no library: see ARCHITECTURE.md, "The demonstration's broker".

use super::DemoError;
use super::child::Child;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for it to listen; it takes some ten milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where distributions put it when that is not on the path.
const ELSEWHERE: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// A broker that listens.
#[derive(Debug)]
pub(super) struct Broker {
    pub(super) child: Child,
    pub(super) port: u16,
}

impl Broker {
    /// Where mosquitto is.
    pub(super) fn program() -> Result<PathBuf, DemoError> {
        find("mosquitto").ok_or(DemoError::NoBroker)
    }

    /// Starts `program` with its files in `scratch`.
    pub(super) async fn start(program: &Path, scratch: &Path) -> Result<Self, DemoError> {
        // Free a moment ago: should another program take it meanwhile, mosquitto says so and ends.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let file = scratch.join("mosquitto.conf");
        std::fs::write(
            &file,
            configuration(port, rustix::process::geteuid().is_root()),
        )?;
        let mut child = Child::start("the broker (mosquitto)", program, [Path::new("-c"), &file])?;
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(end) = child.ended() {
                return Err(end);
            }
            if Instant::now() > until {
                return Err(DemoError::BrokerSilent);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { child, port })
    }
}

/// Loopback only, no login, nothing on disk.
fn configuration(port: u16, root: bool) -> String {
    let mut text = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n\
         log_dest stderr\nlog_type error\nlog_type warning\n"
    );
    if root {
        // Started by root it becomes the user `mosquitto`, who may not read a private directory; and
        // the kernel forgets about a parent's death when a process changes its user.
        text.push_str("user root\n");
    }
    text
}

/// The program, on the path or where a daemon is usually put.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(ELSEWHERE.map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::{configuration, find};

    #[test]
    fn a_program_is_found_or_not() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program-of-sidetone").is_none());
    }

    #[test]
    fn root_stays_root_and_nobody_else_is_named() {
        assert!(configuration(1, true).contains("user root"));
        assert!(!configuration(1, false).contains("user"));
    }
}
