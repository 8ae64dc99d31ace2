//! A gate before a broker that turns it into an old one: CONNECT of MQTT 5 is answered in the words of 3.1.1, everything
//! else passes. (Debian's mosquitto cannot be told to refuse a version.)

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// CONNACK of MQTT 3.1.1, return code 1: unacceptable protocol version (§3.2.2.3).
const REFUSAL: [u8; 4] = [0x20, 0x02, 0x00, 0x01];

/// The gate; connections through it stand until it or they are cut.
pub(crate) struct Gate {
    pub(crate) port: u16,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    is_shut: AtomicBool,
    lets_5_pass: AtomicBool,
    /// It hangs up at MQTT 5 without a word.
    hangs_up: AtomicBool,
    refused: AtomicU32,
    ends: Mutex<Vec<TcpStream>>,
}

#[allow(dead_code)]
impl Gate {
    /// A gate before the broker on this port.
    pub(crate) fn before(broker: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner::default());
        let gate = Arc::clone(&inner);
        std::thread::spawn(move || {
            for node in listener.incoming().map_while(Result::ok) {
                let gate = Arc::clone(&gate);
                std::thread::spawn(move || gate.pass(node, broker));
            }
        });
        Self { port, inner }
    }

    /// Connections refused for their version.
    pub(crate) fn refused(&self) -> u32 {
        self.inner.refused.load(Ordering::SeqCst)
    }

    /// From now on MQTT 5 is not even answered, as by RabbitMQ 3.10.
    pub(crate) fn hang_up_at_5(&self) {
        self.inner.hangs_up.store(true, Ordering::SeqCst);
    }

    /// The broker has been updated.
    pub(crate) fn let_5_pass(&self) {
        self.inner.lets_5_pass.store(true, Ordering::SeqCst);
    }

    /// Every connection breaks.
    pub(crate) fn cut(&self) {
        for end in self.inner.ends.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// The same, and no new one comes about.
    pub(crate) fn shut(&self) {
        self.inner.is_shut.store(true, Ordering::SeqCst);
        self.cut();
    }
}

impl Inner {
    fn pass(&self, mut node: TcpStream, broker: u16) {
        let mut first = Vec::new();
        let Some(level) = level(&mut node, &mut first) else {
            return;
        };
        if self.is_shut.load(Ordering::SeqCst) {
            return;
        }
        if level == 5 && !self.lets_5_pass.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            if !self.hangs_up.load(Ordering::SeqCst) {
                let _ = node.write_all(&REFUSAL);
            }
            return;
        }
        let Ok(mut broker) = TcpStream::connect(("127.0.0.1", broker)) else {
            return;
        };
        if broker.write_all(&first).is_err() {
            return;
        }
        for (from, to) in [(&node, &broker), (&broker, &node)] {
            let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = from.shutdown(Shutdown::Both);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
        self.ends.lock().unwrap().extend([node, broker]);
    }
}

/// Reads the first packet; the protocol level of a CONNECT (behind its length, `MQTT` and that name's length).
fn level(node: &mut TcpStream, first: &mut Vec<u8>) -> Option<u8> {
    let mut bytes = [0; 4096];
    loop {
        let read = node.read(&mut bytes).ok().filter(|read| *read > 0)?;
        first.extend_from_slice(&bytes[..read]);
        let lengths = first.iter().skip(1).take_while(|b| **b & 0x80 != 0).count() + 1;
        if let Some(level) = first.get(1 + lengths + 6) {
            return Some(*level);
        }
    }
}
