//! Stands between nodes and broker, passes everything on at once, and notes when each topic's latest message came by.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What every topic of the contract begins with.
const ROOT: &[u8] = b"sidetone/v1/";

type Seen = Arc<Mutex<HashMap<Vec<u8>, Instant>>>;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    seen: Seen,
}

impl Proxy {
    pub(crate) fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Seen::default();
        let notes = Arc::clone(&seen);
        std::thread::spawn(move || {
            for node in listener.incoming().map_while(Result::ok) {
                let broker = TcpStream::connect(("127.0.0.1", to)).unwrap();
                for end in [&node, &broker] {
                    end.set_nodelay(true).unwrap();
                }
                let (back, forth) = (broker.try_clone().unwrap(), node.try_clone().unwrap());
                let notes = Arc::clone(&notes);
                std::thread::spawn(move || pass_on(node, broker, Some(&notes)));
                std::thread::spawn(move || pass_on(back, forth, None));
            }
        });
        Self { port, seen }
    }

    /// When the latest message of this topic left its node; `None` if none has.
    pub(crate) fn left(&self, topic: &str) -> Option<Instant> {
        self.seen.lock().unwrap().get(topic.as_bytes()).copied()
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, notes: Option<&Seen>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let now = Instant::now();
        if let Some(notes) = notes {
            let mut notes = notes.lock().unwrap();
            for topic in topics(&buffer[..length]) {
                notes.insert(topic.to_vec(), now);
            }
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// The topics in these bytes: each stands behind its length (MQTT §3.3.2.1). One that is cut off is left out.
fn topics(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = (2..bytes.len()).filter(|at| bytes[*at..].starts_with(ROOT));
    starts.filter_map(|at| {
        let length = u16::from_be_bytes([bytes[at - 2], bytes[at - 1]]);
        bytes.get(at..at + usize::from(length))
    })
}
