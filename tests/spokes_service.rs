//! The real service over real TLS, asked well and badly: who is not meant gets an empty 403 or nothing, and
//! nobody makes it stumble.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/spokes.rs"]
mod spokes;
#[allow(dead_code)]
mod support;

use proptest::prelude::*;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use sidetone::softphone::{Phase, SignalKind};
use spokes::{PATIENCE, Station};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const SITE: &str = "https://apps.example.com";

/// A certificate as `sidetone spokes install` makes it, in a root directory of its own.
fn installed() -> (TempDir, std::path::PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().to_str().unwrap();
    let group = rustix::process::getegid().as_raw().to_string();
    let run = support::sidetone([
        "spokes", "install", "--root", place, "--origin", SITE, "--group", &group,
    ]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let dir = root.path().join("etc/sidetone/spokes");
    (root, dir)
}

fn head(path: &str, headers: &[(&str, &str)]) -> String {
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!("GET {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> String {
    // Who is refused may find the connection closed before all is written.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("an answer, or the end");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask_plain(station: &Station, request: &[u8]) -> String {
    let stream = TcpStream::connect(station.served.http.unwrap())
        .await
        .unwrap();
    exchange(stream, request).await
}

#[tokio::test]
async fn a_registered_softphone_is_heard_over_tls_by_who_trusts_the_authority_only() {
    let (_root, dir) = installed();
    let mut station = Station::start(&dir, 0, SITE);
    let authority = CertificateDer::from_pem_file(dir.join("authority.pem")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority).unwrap();
    let connector = |roots: RootCertStore| {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    };
    let https = station.served.https;
    let connect = async |roots: RootCertStore, name: &'static str| {
        let stream = TcpStream::connect(https).await.unwrap();
        let name = ServerName::try_from(name).unwrap();
        connector(roots).connect(name, stream).await
    };
    let host = format!("127.0.0.1:{}", https.port());
    let referer = format!("{SITE}/");
    let headers = [
        ("Host", host.as_str()),
        ("Referer", &referer),
        ("Sec-Fetch-Dest", "script"),
    ];
    for (path, begins) in [
        (
            "/Spokes/SessionManager/Register?name=p&callback=f",
            "/**/f({",
        ),
        (
            "/Spokes/CallServices/IncomingCall?name=p&callID={%22Id%22:%227%22}",
            "{",
        ),
    ] {
        let stream = connect(roots.clone(), "127.0.0.1").await.unwrap();
        let answer = exchange(stream, head(path, &headers).as_bytes()).await;
        let (top, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(top.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(top.contains("x-content-type-options: nosniff"), "{answer}");
        assert!(body.starts_with(begins), "{answer}");
    }
    station
        .until("the softphone", |kind| matches!(kind, SignalKind::Up(_)))
        .await;
    assert_eq!(
        station.until_phase(Phase::Ringing).await.as_str(),
        "https://apps.example.com p#7"
    );
    assert!(connect(roots.clone(), "localhost").await.is_ok());
    assert!(connect(roots, "apps.example.com").await.is_err());
    assert!(connect(RootCertStore::empty(), "127.0.0.1").await.is_err());
}

#[tokio::test]
async fn who_is_not_meant_gets_an_empty_403_and_changes_nothing() {
    let (_root, dir) = installed();
    let mut station = Station::start(&dir, 0, SITE);
    let host = format!("127.0.0.1:{}", station.served.http.unwrap().port());
    let good = "/Spokes/SessionManager/Register?name=p";
    let referer = format!("{SITE}/");
    let site = ("Referer", referer.as_str());
    let here = ("Host", host.as_str());
    for (path, headers) in [
        (good, vec![here]),
        (good, vec![here, ("Referer", "https://evil.example/")]),
        (good, vec![("Host", "evil.example"), site]),
        (good, vec![here, site, ("Sec-Fetch-Dest", "iframe")]),
        (good, vec![here, site, ("Origin", "https://evil.example")]),
        (
            "/Spokes/SessionManager/Register?name=p&callback=alert(1)",
            vec![here, site],
        ),
        ("/", vec![here, site]),
    ] {
        let answer = ask_plain(&station, head(path, &headers).as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 403"),
            "{path} {headers:?}: {answer}"
        );
        assert!(answer.ends_with("content-length: 0\r\n\r\n") || answer.ends_with("\r\n\r\n"));
        assert!(
            !answer.to_lowercase().contains("access-control"),
            "{answer}"
        );
    }
    let post = head(good, &[here, site]).replacen("GET", "POST", 1);
    assert!(
        ask_plain(&station, post.as_bytes())
            .await
            .starts_with("HTTP/1.1 403")
    );
    let many = "X: y\r\n".repeat(100);
    let long = head(good, &[here, site]).replace("Connection", &format!("{many}Connection"));
    let answer = ask_plain(&station, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let quiet = station.hear(std::time::Duration::from_millis(200)).await;
    assert_eq!(quiet, None);
    let answer = ask_plain(&station, head(good, &[here, site]).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn junk_does_not_make_it_stumble() {
    let (_root, dir) = installed();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let station = Station::start(&dir, 0, SITE);
    let host = format!("127.0.0.1:{}", station.served.http.unwrap().port());
    let request = head(
        "/Spokes/DeviceServices/Info",
        &[("Host", &host), ("Referer", &format!("{SITE}/"))],
    );
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(60));
    let changed = (
        0..request.len(),
        proptest::collection::vec(any::<u8>(), 0..40),
        any::<bool>(),
    );
    runner
        .run(&changed, |(at, junk, whole)| {
            let mut bytes = request.clone().into_bytes();
            bytes.splice(at..at, junk);
            if !whole {
                bytes.truncate(at);
            }
            runtime.block_on(async {
                let mut stream = TcpStream::connect(station.served.http.unwrap())
                    .await
                    .unwrap();
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                let mut answer = Vec::new();
                let read = stream.read_to_end(&mut answer);
                let _ = tokio::time::timeout(PATIENCE, read).await.expect("an end");
            });
            Ok(())
        })
        .unwrap();
    let answer = runtime.block_on(ask_plain(&station, request.as_bytes()));
    assert!(answer.contains("Bench Headset"), "{answer}");
}

#[test]
fn installing_needs_a_site_and_uninstalling_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().to_str().unwrap();
    let group = rustix::process::getegid().as_raw().to_string();
    let install = ["spokes", "install", "--root", place, "--group", &group];
    let run = support::sidetone(install);
    assert_eq!(run.status, 1);
    assert!(
        run.err.starts_with("sidetone: no site is named"),
        "{}",
        run.err
    );
    let run = support::sidetone(install.iter().chain(&["--origin", "https://a.example/x"]));
    assert_eq!(run.status, 2, "{}", run.err);
    let run = support::sidetone(install.iter().chain(&["--origin", SITE]));
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let again = support::sidetone(install);
    assert_eq!(
        (again.status, again.err.as_str()),
        (0, ""),
        "renewed for the configured site"
    );
    let run = support::sidetone(["spokes", "uninstall", "--root", place]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn the_doctor_tells_how_long_the_certificate_holds() {
    let (_root, dir) = installed();
    let file = dir.join("test.toml");
    let says = |text: &str| {
        fs::write(&file, text).unwrap();
        let run = support::sidetone(["doctor", "--json", "-c", file.to_str().unwrap()]);
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let checks = report["checks"].as_array().unwrap().clone();
        let found = checks.into_iter().find(|check| check["id"] == "spokes");
        found.unwrap().to_string()
    };
    let configured = format!(
        "[spokes]\norigins = [\"{SITE}\"]\ndir = \"{}\"\n",
        dir.display()
    );
    let found = says(&configured);
    assert!(found.contains("is valid until 20"), "{found}");
    fs::remove_file(dir.join("key.pem")).unwrap();
    let found = says(&configured);
    assert!(
        found.contains("problem") && found.contains("key.pem is missing"),
        "{found}"
    );
    let found = says("");
    assert!(found.contains("skipped"), "{found}");
}
