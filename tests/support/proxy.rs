//! A real HTTP proxy.

use super::broker::{PATIENCE, free_port};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// A tinyproxy, ended with the test.
pub(crate) struct RealProxy {
    pub(crate) port: u16,
    child: Child,
}

impl RealProxy {
    /// Lets `desk` with the password `right` through, to this port alone.
    pub(crate) fn start(directory: &Path, may_connect_to: u16) -> Self {
        let port = free_port();
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nConnectPort {may_connect_to}\nBasicAuth desk right\n"
        );
        let file = directory.join("tinyproxy.conf");
        std::fs::write(&file, text).unwrap();
        let child = Command::new("tinyproxy")
            .arg("-d")
            .arg("-c")
            .arg(file)
            .stdout(Stdio::null())
            .spawn()
            .expect("tinyproxy is missing: scripts/install-deps installs it");
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "the proxy does not listen");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self { port, child }
    }
}

impl Drop for RealProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
