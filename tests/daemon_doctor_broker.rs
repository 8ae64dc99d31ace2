//! `sidetone doctor` and brokers that are away, refuse, or cannot be believed: each has its sentence and
//! what to do about it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/examined.rs"]
mod examined;

use broker::{Broker, free_port};
use examined::Examined;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

/// What the doctor of node `ws-1` finds with this section `[broker]`.
fn examine(broker: &str) -> Examined {
    let desk = tempfile::tempdir().unwrap();
    let file = desk.path().join("sidetone.toml");
    let text = format!(
        "[node]\norg = 'acme'\nname = 'ws-1'\nstate_dir = '{}'\n[audio]\nbackend = 'off'\n[broker]\n{broker}",
        desk.path().display()
    );
    std::fs::write(&file, text).unwrap();
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_sidetone"));
    let found = Examined::by(doctor.args(["doctor", "-c"]).arg(file));
    found.says("config", "ok", "sidetone.toml", "");
    assert!(found.seconds < 10.0, "{}", found.seconds);
    found
}

/// A server that does this with every connection.
fn server(answer: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(answer));
    format!("url = 'mqtt://127.0.0.1:{port}'")
}

/// A server that answers whatever it is told with these bytes.
fn answering(bytes: &'static [u8]) -> String {
    server(move |mut stream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(bytes);
    })
}

#[test]
fn what_is_no_broker_is_told_apart() {
    let nobody = format!("url = 'mqtt://127.0.0.1:{}'", free_port());
    let old_only = server(|mut stream| {
        let mut connect = [0; 512];
        let length = stream.read(&mut connect).unwrap_or(0);
        // Byte 8 is the protocol level; another one than 4 is refused in 3.1.1's own words.
        let level = connect[..length].get(8);
        let code = if level == Some(&4) { 0 } else { 1 };
        let _ = stream.write_all(&[0x20, 0x02, 0, code]);
    });
    let http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    for (broker, sentence, action) in [
        (
            nobody.as_str(),
            "is not reached at 127.0.0.1:",
            "start the broker",
        ),
        (
            "url = 'mqtt://broker.invalid'",
            "broker.invalid is not found",
            "getent hosts broker.invalid",
        ),
        (&answering(http), "does not speak MQTT", "1883"),
        (&server(drop), "hangs up at once", "mqtts://"),
        (&server(std::mem::forget), "says nothing", "port"),
        // CONNACK of MQTT 5 with reason codes: banned, and server busy.
        (
            &answering(&[0x20, 3, 0, 0x8a, 0]),
            "refuses this node: banned",
            "lift the ban",
        ),
    ] {
        let found = examine(broker);
        found.says("broker", "problem", sentence, action);
        assert_eq!(found.status, 1);
        found.says("certificate", "skipped", "is without TLS", "");
    }
    let old = examine(&old_only);
    let (only, update) = ("speaks MQTT 3.1.1 only", "update the broker");
    old.says("broker", "warning", only, update);
    let set = examine(&format!("{old_only}\nmqtt = '3.1.1'"));
    set.says("broker", "ok", "lets this node in (MQTT 3.1.1", "");
    let refused = examine(&format!("{old_only}\nmqtt = '5'"));
    refused.says("broker", "problem", only, "set broker.mqtt");
    let busy = examine(&answering(&[0x20, 3, 0, 0x89, 0]));
    busy.says(
        "broker",
        "warning",
        "has no room now: server busy",
        "tries again",
    );
}

#[test]
fn each_of_several_brokers_is_asked() {
    let broker = Broker::start("");
    let away = free_port();
    let found = examine(&format!(
        "url = 'mqtt://127.0.0.1:{away}'\nfallback = ['mqtt://127.0.0.1:{}']",
        broker.port
    ));
    let (first, second) = (format!(":{away}"), format!(":{}", broker.port));
    found.says("broker", "problem", &first, "start the broker");
    found.says("broker", "ok", &second, "");
}

#[test]
fn a_password_that_is_missing_or_wrong() {
    let broker = Broker::with_file(
        "password_file DIR/passwords\nallow_anonymous false\n",
        |dir| {
            let mut made = Command::new("mosquitto_passwd");
            made.args(["-b", "-c"])
                .arg(dir.join("passwords"))
                .args(["ws-1", "right"]);
            assert!(made.status().unwrap().success());
            std::fs::write(dir.join("right"), "right\n").unwrap();
            std::fs::write(dir.join("wrong"), "wrong\n").unwrap();
        },
    );
    let url = format!("url = 'mqtt://127.0.0.1:{}'", broker.port);
    let with = |file: &str| {
        let file = broker.dir().join(file);
        examine(&format!(
            "{url}\nusername = 'ws-1'\npassword_file = '{}'",
            file.display()
        ))
    };
    let none = examine(&url);
    none.says(
        "broker",
        "problem",
        "refuses this node: not authorized",
        "set broker.username",
    );
    let wrong = with("wrong");
    wrong.says(
        "broker",
        "problem",
        "refuses this node: not authorized",
        "broker.password_file",
    );
    let absent = with("absent");
    absent.says(
        "broker",
        "problem",
        "absent cannot be used",
        "broker.password_file",
    );
    absent.says(
        "secrets",
        "problem",
        "(broker.password_file) cannot be read",
        "broker.password_file",
    );
    with("right").says(
        "broker",
        "ok",
        "lets this node in (MQTT 5, as ws-1-doctor)",
        "",
    );
}

/// Two authorities, and keys and certificates of one of them: for this machine, for another name, expired,
/// and expiring tomorrow.
fn certificates(dir: &Path) {
    let script = "set -e
        key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out $1.key; }
        for ca in ca other; do
            key $ca
            openssl req -x509 -new -key $ca.key -subj /CN=$ca -days 400 -out $ca.crt \
                -addext basicConstraints=critical,CA:TRUE
        done
        mkdir -p new; : > index; echo 01 > serial
        printf '[ca]\\ndefault_ca=d\\n[d]\\nnew_certs_dir=new\\ndatabase=index\\nserial=serial\\ndefault_md=sha256\\npolicy=p\\nunique_subject=no\\n[p]\\ncommonName=supplied\\n' > ca.conf
        sign() { # file, CN, name, first day, last day
            key $1
            openssl req -new -key $1.key -subj /CN=$2 -out $1.csr
            printf \"subjectAltName=$3\\n\" > ext
            openssl ca -batch -notext -config ca.conf -cert ca.crt -keyfile ca.key -extfile ext \
                -startdate $4 -enddate $5 -in $1.csr -out $1.crt
        }
        day() { date -u -d \"$1\" +%Y%m%d%H%M%SZ; }
        long=$(day '+200 days'); ago=$(day '-10 days')
        sign broker broker IP:127.0.0.1 $ago $long
        sign name broker DNS:broker.example.com $ago $long
        sign expired broker IP:127.0.0.1 $(day '-20 days') $(day '-2 days')
        sign early broker IP:127.0.0.1 $(day '+2 days') $long
        sign soon broker IP:127.0.0.1 $ago $(day '+5 days 12 hours')
        sign ws-1 ws-1 DNS:ws-1 $ago $long
        sign ws-2 ws-2 DNS:ws-2 $ago $long
        sign ws-old ws-1 DNS:ws-1 $(day '-20 days') $(day '-2 days')
        sign ws-soon ws-1 DNS:ws-1 $ago $(day '+5 days 12 hours')";
    let mut made = Command::new("sh");
    let made = made.args(["-c", script]).current_dir(dir).output().unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

#[test]
fn a_brokers_certificate_that_is_not_believed() {
    let all = tempfile::tempdir().unwrap();
    certificates(all.path());
    let at = |file: &str| all.path().join(file).display().to_string();
    let with = |certificate: &str, ca: &str| {
        let (cert, key) = (
            at(&format!("{certificate}.crt")),
            at(&format!("{certificate}.key")),
        );
        let config = format!("allow_anonymous true\ncertfile {cert}\nkeyfile {key}\n");
        let broker = Broker::with_file(&config, |_| {});
        let url = format!("url = 'mqtts://127.0.0.1:{}'", broker.port);
        examine(&format!("{url}\nca_file = '{}'", at(ca)))
    };
    let good = with("broker", "ca.crt");
    good.says("certificate", "ok", "is valid until ", "");
    good.says("broker", "ok", "lets this node in", "");
    let soon = with("soon", "ca.crt");
    soon.says(
        "certificate",
        "warning",
        ", in 5 days",
        "renew the broker's certificate",
    );
    soon.says("broker", "ok", "lets this node in", "");
    for (certificate, ca, sentence, action) in [
        (
            "expired",
            "ca.crt",
            "has expired on 20",
            "renew the broker's certificate",
        ),
        (
            "early",
            "ca.crt",
            "only: this clock is slow",
            "timedatectl set-ntp true",
        ),
        (
            "name",
            "ca.crt",
            "is for broker.example.com, not for 127.0.0.1",
            "mqtts://broker.example.com:",
        ),
        (
            "broker",
            "other.crt",
            "is signed by \"CN=ca\", which is not believed here",
            "other.crt (broker.ca_file)",
        ),
        (
            "broker",
            "absent.crt",
            "absent.crt cannot be used",
            "broker.ca_file",
        ),
    ] {
        let found = with(certificate, ca);
        found.says("certificate", "problem", sentence, action);
        assert_eq!(found.status, 1, "{certificate}");
    }
}

#[test]
fn a_certificate_of_this_node_that_is_of_no_use() {
    let broker = Broker::with_file(
        "cafile DIR/ca.crt\ncertfile DIR/broker.crt\nkeyfile DIR/broker.key\n\
         require_certificate true\nuse_identity_as_username true\nallow_anonymous false\n",
        certificates,
    );
    let at = |file: &str| broker.dir().join(file).display().to_string();
    let url = format!(
        "url = 'mqtts://127.0.0.1:{}'\nca_file = '{}'",
        broker.port,
        at("ca.crt")
    );
    let with = |certificate: &str, key: &str| {
        let (cert, key) = (at(certificate), at(key));
        examine(&format!(
            "{url}\nclient_cert = '{cert}'\nclient_key = '{key}'"
        ))
    };
    let good = with("ws-1.crt", "ws-1.key");
    good.says("broker", "ok", "lets this node in", "");
    good.says("certificate", "ok", "This node's certificate", "");
    let none = examine(&url);
    none.says(
        "broker",
        "problem",
        "wants a certificate of this node",
        "set broker.client_cert",
    );
    for (certificate, key, status, sentence, action) in [
        (
            "ws-old.crt",
            "ws-old.key",
            "problem",
            "has expired on 20",
            "have a new one signed",
        ),
        (
            "ws-soon.crt",
            "ws-soon.key",
            "warning",
            ", in 5 days",
            "have a new one signed",
        ),
        (
            "ws-1.crt",
            "ws-2.key",
            "problem",
            "does not belong to the certificate",
            "made together",
        ),
        (
            "ws-2.crt",
            "ws-2.key",
            "warning",
            "This node is called \"ws-1\"",
            "set node.name = \"ws-2\"",
        ),
        (
            "ws-1.key",
            "ws-1.key",
            "problem",
            "holds no certificate",
            "broker.client_cert",
        ),
    ] {
        with(certificate, key).says("certificate", status, sentence, action);
    }
    with("ws-old.crt", "ws-old.key").says(
        "broker",
        "problem",
        "does not believe this node's certificate",
        "signed",
    );
}
