//! A linphone-daemon, with files instead of a sound card.

use super::{Program, free_media_port, free_udp_port, wait_for};
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A running linphone-daemon that answers every call by itself.
pub(crate) struct Linphone {
    /// Its SIP port.
    pub(crate) sip: u16,
    /// Its pipe.
    pub(crate) pipe: PathBuf,
    program: Program,
    _directory: TempDir,
}

impl Linphone {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path();
        // Without these it starts, and then never listens.
        fs::create_dir_all(home.join(".local/share/linphone")).unwrap();
        fs::create_dir_all(home.join(".config/linphone")).unwrap();
        let sip = free_udp_port();
        let media = free_media_port();
        let config = home.join("rc");
        let text = format!(
            "[sip]\nsip_port={sip}\nsip_tcp_port=0\nsip_tls_port=0\n[sound]\nuse_files=1\n[rtp]\naudio_rtp_port={media}-{}\n",
            media + 60
        );
        fs::write(&config, text).unwrap();
        let name = format!("sidetone-test-{sip}");
        let pipe = PathBuf::from("/tmp").join(&name);
        let _ = fs::remove_file(&pipe);
        let log = fs::File::create(home.join("log")).unwrap();
        let program = Program::start(
            Command::new("linphone-daemon")
                .args(["--pipe", &name, "--auto-answer", "--config"])
                .arg(&config)
                .env("HOME", home)
                // It ends at the end of its input.
                .stdin(Stdio::piped())
                .stdout(log.try_clone().unwrap())
                .stderr(log),
        );
        wait_for("linphone's pipe", || UnixStream::connect(&pipe).ok());
        wait_for("linphone's SIP port", || {
            std::net::UdpSocket::bind(("0.0.0.0", sip)).err()
        });
        Self {
            sip,
            pipe,
            program,
            _directory: directory,
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.program.0.kill().unwrap();
        self.program.0.wait().unwrap();
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.pipe);
    }
}
