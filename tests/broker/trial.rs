//! A trial's certificates, made by the shipped script, and brokers with the shipped configuration.

use crate::broker::{Broker, free_port};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Where the shipped files are.
fn shipped(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("packaging/broker").join(file)
}

/// What is in a shipped file.
pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(shipped(file)).unwrap()
}

/// Who a certificate is for: the directory in which the script puts it.
pub(crate) const WORKSTATIONS: &str = "workstations";
/// The same.
pub(crate) const PEOPLE: &str = "people";

/// The certificates of a trial.
pub(crate) struct Certificates {
    dir: TempDir,
}

impl Certificates {
    /// The authorities, and a broker's certificate for this machine.
    pub(crate) fn new() -> Self {
        let certificates = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        certificates.make(&["broker", "localhost", "127.0.0.1"]);
        certificates
    }

    /// Runs the script.
    pub(crate) fn make(&self, arguments: &[&str]) {
        let mut script = Command::new(shipped("make-certificates"));
        let made = script.arg(self.dir.path()).args(arguments).output();
        let made = made.unwrap();
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{arguments:?}: {said}");
    }

    /// The file `NAME.crt`, `NAME.key` or `broker-ca.crt` of whom the certificate is for.
    pub(crate) fn file(&self, of: &str, name: &str, file: &str) -> PathBuf {
        self.dir.path().join(of).join(name).join(file)
    }

    /// Puts what a broker needs where it looks for it.
    pub(crate) fn give(&self, to: &Path) {
        for entry in fs::read_dir(self.dir.path().join("broker")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// A broker with the shipped configuration.
pub(crate) struct Site {
    pub(crate) broker: Broker,
    /// Of workstations.
    pub(crate) nodes: u16,
    /// Of people and services.
    pub(crate) people: u16,
}

impl Site {
    /// Starts it; `further` is another configuration file, `files` what that needs.
    pub(crate) fn start(
        certificates: &Certificates,
        further: &str,
        files: impl FnOnce(&Path),
    ) -> Self {
        let (nodes, people) = (free_port(), free_port());
        let mut configuration = text("mosquitto.conf") + further;
        for (shipped, here) in [
            ("listener 8883", format!("listener {nodes} 127.0.0.1")),
            ("listener 8884", format!("listener {people} 127.0.0.1")),
            ("/etc/mosquitto/sidetone/", "DIR/".to_owned()),
        ] {
            assert!(configuration.contains(shipped), "{shipped}");
            configuration = configuration.replace(shipped, &here);
        }
        let configuration = format!("user root\npersistence_location DIR/\n{configuration}");
        let broker = Broker::with_whole_file(nodes, &configuration, |dir| {
            certificates.give(dir);
            for list in ["acl.nodes", "acl.people"] {
                fs::copy(shipped(list), dir.join(list)).unwrap();
            }
            files(dir);
        });
        Self {
            broker,
            nodes,
            people,
        }
    }
}
