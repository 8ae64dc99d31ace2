//! A network between two softphones that loses packets, each way as many as it is told.
//!
//! The first INVITE and its answer go through here, and the media ports in them are replaced by ports of
//! this relay; what follows (ACK, BYE) goes directly. RTP then passes through here, and RTCP unharmed.

use super::free_media_port;
use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The relay. Its threads end with the test's process.
pub(crate) struct Lossy {
    /// Where the customer has to call.
    pub(crate) sip: u16,
}

/// Of a hundred RTP packets, how many are lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loss {
    pub(crate) to_agent: u32,
    pub(crate) to_customer: u32,
}

impl Lossy {
    /// Between the SIP ports of a customer and of an agent.
    pub(crate) fn between(customer: u16, agent: u16, to_agent: u32, to_customer: u32) -> Self {
        let loss = Loss {
            to_agent,
            to_customer,
        };
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sip = socket.local_addr().unwrap().port();
        let media = free_media_port();
        let ends = Arc::new(Mutex::new(Ends::default()));
        relay(media, 0, loss, ends.clone());
        relay(
            media + 1,
            1,
            Loss {
                to_agent: 0,
                to_customer: 0,
            },
            ends.clone(),
        );
        thread::spawn(move || {
            let mut datagram = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut datagram) {
                let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
                let (to, end) = if from.port() == customer {
                    (agent, End::Customer)
                } else {
                    (customer, End::Agent)
                };
                let text = with_media_port(&text, media, |port| {
                    let mut ends = ends.lock().unwrap();
                    match end {
                        End::Customer => ends.customer = port,
                        End::Agent => ends.agent = port,
                    }
                });
                socket.send_to(text.as_bytes(), ("127.0.0.1", to)).unwrap();
            }
        });
        Self { sip }
    }

    /// Its address for a call.
    pub(crate) fn uri(&self, name: &str) -> String {
        format!("sip:{name}@127.0.0.1:{}", self.sip)
    }
}

#[derive(Clone, Copy)]
enum End {
    Customer,
    Agent,
}

/// Both ends' own RTP ports; 0 = not known yet.
#[derive(Default)]
struct Ends {
    customer: u16,
    agent: u16,
}

/// Passes on what comes to `port`; the other end is at its RTP port + `offset`.
fn relay(port: u16, offset: u16, loss: Loss, ends: Arc<Mutex<Ends>>) {
    let socket = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    thread::spawn(move || {
        let mut datagram = [0; 2048];
        let (mut to_agent, mut to_customer) =
            (Dropper::new(loss.to_agent), Dropper::new(loss.to_customer));
        while let Ok((length, from)) = socket.recv_from(&mut datagram) {
            let (customer, agent) = {
                let ends = ends.lock().unwrap();
                (ends.customer, ends.agent)
            };
            let (to, dropper) = if from.port() == customer + offset {
                (agent, &mut to_agent)
            } else {
                (customer, &mut to_customer)
            };
            if to != 0 && !dropper.drops() {
                let _ = socket.send_to(&datagram[..length], ("127.0.0.1", to + offset));
            }
        }
    });
}

/// Loses exactly so many of a hundred, evenly.
struct Dropper {
    of_hundred: u32,
    sum: u32,
}

impl Dropper {
    fn new(of_hundred: u32) -> Self {
        Self { of_hundred, sum: 0 }
    }

    fn drops(&mut self) -> bool {
        self.sum += self.of_hundred;
        let drops = self.sum >= 100;
        self.sum %= 100;
        drops
    }
}

/// The message with `port` in its `m=audio` line and the length that goes with it.
fn with_media_port(text: &str, port: u16, mut found: impl FnMut(u16)) -> String {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return text.to_owned();
    };
    let lines: Vec<String> = body
        .split("\r\n")
        .map(|line| match line.strip_prefix("m=audio ") {
            Some(rest) => {
                let (own, rest) = rest.split_once(' ').unwrap();
                found(own.parse().unwrap());
                format!("m=audio {port} {rest}")
            }
            // RTCP is at the next port, and nowhere else.
            None if line.starts_with("a=rtcp:") => format!("a=rtcp:{}", port + 1),
            None => line.to_owned(),
        })
        .collect();
    let body = lines.join("\r\n");
    let head: Vec<String> = head
        .split("\r\n")
        .map(|line| match line.split_once(": ") {
            Some((name, _)) if name.eq_ignore_ascii_case("content-length") => {
                format!("{name}: {}", body.len())
            }
            _ => line.to_owned(),
        })
        .collect();
    format!("{}\r\n\r\n{body}", head.join("\r\n"))
}
