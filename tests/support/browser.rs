//! A real Chromium, headless, driven by Debian's chromedriver over WebDriver (W3C: JSON over HTTP, so that
//! five requests need no crate).

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Patience with a real browser; no test asserts a time.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser without history, extensions or services; a sandbox needs rights a container has not.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// What drives it.
pub(crate) const DRIVER: &str = "chromedriver";

/// An open browser with one page. Dropping it closes it.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts it.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts it with further arguments.
    pub(crate) async fn start_with(further: &[String]) -> Self {
        let mut driver = Command::new("setpriv");
        driver.args(["--pdeathsig", "KILL", "--", DRIVER]);
        Self::start_by(driver, further).await
    }

    /// Starts it by this command of [`DRIVER`], which dies with the test: in whatever surroundings it gives.
    pub(crate) async fn start_by(mut driver: Command, further: &[String]) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut driver = driver
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing: scripts/install-deps installs it");
        let said = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = said
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("successfully on port ")?;
                port.trim_end_matches('.').parse().ok()
            })
            .expect("chromedriver says its port");
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            _profile: profile,
        };
        let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).into();
        arguments.extend_from_slice(further);
        arguments.push(format!(
            "--user-data-dir={}",
            browser._profile.path().display()
        ));
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let session = browser.request("POST", "/session", &wanted).await;
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    async fn request(&self, method: &str, path: &str, body: &Value) -> Value {
        let (port, text) = (self.port, request(self.port, method, path, body));
        let answer = tokio::task::spawn_blocking(move || exchange(port, &text));
        let answer: Value = serde_json::from_str(&answer.await.unwrap()).unwrap();
        let value = answer["value"].clone();
        assert!(value["error"].is_null(), "{path}: {value:#}");
        value
    }

    async fn ask(&self, path: &str, body: Value) -> Value {
        let path = format!("/session/{}/{path}", self.session);
        self.request("POST", &path, &body).await
    }

    /// Shows a page of this size, in this colour scheme.
    pub(crate) async fn open(&self, url: &str, size: (u32, u32), scheme: &str) {
        let size =
            json!({"width": size.0, "height": size.1, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", size)
            .await;
        let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.command("Emulation.setEmulatedMedia", scheme).await;
        self.ask("url", json!({"url": url})).await;
    }

    async fn command(&self, command: &str, parameters: Value) {
        let body = json!({"cmd": command, "params": parameters});
        self.ask("goog/cdp/execute", body).await;
    }

    /// What this script returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", json!({"script": script, "args": []}))
            .await
    }

    /// Waits until this expression is true.
    pub(crate) async fn until(&self, expression: &str) {
        let end = Instant::now() + PATIENCE;
        while self.run(&format!("return Boolean({expression})")).await != true {
            if Instant::now() > end {
                let page = self.run("return document.body.innerText").await;
                panic!("waited in vain for {expression}; the page says {page:#}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Text as a keyboard types it, into the focused element.
    pub(crate) async fn key(&self, key: &str) {
        for action in ["keyDown", "keyUp"] {
            let actions = json!({"actions": [{"type": "key", "id": "keyboard",
                "actions": [{"type": action, "value": key}]}]});
            self.ask("actions", actions).await;
        }
    }

    /// What the console was told since the last time: errors, warnings, violations of the policy.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.ask("se/log", json!({"type": "browser"})).await;
        let lines = log.as_array().unwrap().iter();
        lines
            .map(|line| format!("{} {}", line["level"], line["message"]))
            .collect()
    }
}

fn request(port: u16, method: &str, path: &str, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Sends a request and reads its answer's body.
fn exchange(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE * 2)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        let line = line.trim().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver closes the browser with its session.
        let path = format!("/session/{}", self.session);
        let (port, text) = (self.port, request(self.port, "DELETE", &path, &json!({})));
        let _ = std::thread::spawn(move || exchange(port, &text)).join();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
