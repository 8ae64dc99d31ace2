//! The network between workstation and broker: it passes everything on, or cuts every connection and takes no new
//! one, or goes silent while every connection seems to stand.

use crate::acknowledged::{Acknowledged, Conversation, Direction};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The state of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Open,
    Cut,
    HalfOpen,
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    link: Arc<AtomicU8>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    pub(crate) acknowledged: Acknowledged,
}

impl Proxy {
    pub(crate) fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            link: Arc::new(AtomicU8::new(Link::Open as u8)),
            connections: Arc::default(),
            acknowledged: Arc::default(),
        };
        let (link, connections) = (proxy.link.clone(), proxy.connections.clone());
        let acknowledged = proxy.acknowledged.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if link.load(Ordering::Relaxed) == Link::Cut as u8 {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else {
                    continue;
                };
                for end in [&client, &server] {
                    let _ = end.set_nodelay(true);
                }
                let conversation = Conversation::new(acknowledged.clone());
                let mut kept = connections.lock().unwrap();
                kept.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                for (from, to) in [
                    (client.try_clone().unwrap(), server.try_clone().unwrap()),
                    (server, client),
                ] {
                    let link = link.clone();
                    let direction = Direction::of(&conversation);
                    std::thread::spawn(move || pass_on(from, to, direction, &link));
                }
            }
        });
        proxy
    }

    pub(crate) fn set(&self, link: Link) {
        self.link.store(link as u8, Ordering::Relaxed);
        if link == Link::Cut {
            for connection in self.connections.lock().unwrap().drain(..) {
                let _ = connection.shutdown(Shutdown::Both);
            }
        }
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, mut direction: Direction, link: &AtomicU8) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        // What comes in a silent time is gone with the connection, as on a path that has forgotten it.
        if link.load(Ordering::Relaxed) == Link::HalfOpen as u8 {
            while link.load(Ordering::Relaxed) == Link::HalfOpen as u8 {
                std::thread::sleep(Duration::from_millis(20));
            }
            break;
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
        direction.passed(&buffer[..length]);
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
