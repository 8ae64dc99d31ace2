//! The second broker: a private RabbitMQ, which speaks MQTT 3.1.1 and acknowledges only what is on its disk.
//!
//! Nothing of it is the machine's: its files, its ports and its register of names (`epmd`) are its own and end with the
//! campaign.

use crate::broker::{PATIENCE, free_port};
use std::fs::File;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

/// Where Debian's package has it.
const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A running, stalled or dead RabbitMQ.
pub(crate) struct Rabbit {
    pub(crate) port: u16,
    dir: TempDir,
    /// The port of its register of names, which runs for as long as this does.
    register_port: u16,
    register: Child,
    own_ports: [u16; 2],
    child: Option<Child>,
}

impl Rabbit {
    pub(crate) fn start() -> Self {
        assert!(
            Path::new(PROGRAM).exists(),
            "RabbitMQ is not installed; run scripts/install-deps second-broker"
        );
        let (port, register_port) = (free_port(), free_port());
        let dir = tempfile::tempdir().unwrap();
        let settings = format!(
            "listeners.tcp = none\nmqtt.listeners.tcp.default = 127.0.0.1:{port}\nmqtt.allow_anonymous = true\n\
             mqtt.prefetch = 1000\nlog.file = false\nlog.console = true\nlog.console.level = warning\n"
        );
        std::fs::write(dir.path().join("rabbitmq.conf"), settings).unwrap();
        std::fs::write(dir.path().join("plugins"), "[rabbitmq_mqtt].\n").unwrap();
        let register = ending_with_us("epmd")
            .args(["-port", &register_port.to_string()])
            .args(["-address", "127.0.0.1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut rabbit = Self {
            port,
            dir,
            register_port,
            register,
            own_ports: [free_port(), free_port()],
            child: None,
        };
        rabbit.restart();
        rabbit
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn restart(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let dir = self.dir.path();
        let log = File::create(dir.join("log")).unwrap();
        let [node_port, distribution_port] = self.own_ports;
        let child = ending_with_us(PROGRAM)
            .current_dir(dir)
            .env("HOME", dir)
            // The shell then becomes the server: a signal reaches it and nothing between.
            .env("RUNNING_UNDER_SYSTEMD", "1")
            .env("ERL_EPMD_PORT", self.register_port.to_string())
            .env(
                "RABBITMQ_NODENAME",
                format!("sidetone-{}@localhost", self.port),
            )
            .env("RABBITMQ_NODE_PORT", node_port.to_string())
            .env("RABBITMQ_DIST_PORT", distribution_port.to_string())
            .env("RABBITMQ_MNESIA_BASE", dir.join("data"))
            .env("RABBITMQ_LOG_BASE", dir.join("logs"))
            .env("RABBITMQ_CONFIG_FILE", dir.join("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("plugins"))
            .env("RABBITMQ_CONF_ENV_FILE", dir.join("none"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let until = Instant::now() + PATIENCE * 3;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                Instant::now() < until,
                "RabbitMQ does not listen: {}",
                std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
            );
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// It no longer reads or answers, but the kernel still takes bytes for it.
    pub(crate) fn stall(&self) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let done = Command::new("kill").args(["-STOP", &pid]).status();
        assert!(done.unwrap().success());
    }

    /// `kill -9`
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        for child in self.child.iter_mut().chain([&mut self.register]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A command whose process ends with the campaign, whatever becomes of that.
fn ending_with_us(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", program]);
    command
}
