//! The gateway beside the PBX: which of its answers belongs to which order of the station.
//!
//! *Never* believes an answer to something that was not asked, or asked by an earlier start of the
//! program (`boot`).

use super::log_limit::LogLimit;
use super::mqtt::session::Received;
use crate::softphone::{Adapter, Answer, Signal, SignalKind};
use sidetone_wire::hold::HoldReply;
use std::collections::VecDeque;
use std::time::Instant;
use tokio::sync::mpsc;

/// Requests whose answers are waited for; each is given up after seconds, so a few are plenty.
const WAITING: usize = 16;

/// Where the gateway's answers go.
#[derive(Debug, Default)]
pub(super) struct Gateway {
    signals: Option<mpsc::Sender<Signal>>,
    /// `seq` of the request, number of the order.
    waiting: VecDeque<(u64, u64)>,
    unreadable: LogLimit,
    retained: LogLimit,
    lost: LogLimit,
}

impl Gateway {
    /// One whose answers go to the station; `None` = there is no gateway.
    pub(super) fn new(signals: Option<mpsc::Sender<Signal>>) -> Self {
        Self {
            signals,
            waiting: VecDeque::new(),
            unreadable: LogLimit::default(),
            retained: LogLimit::default(),
            lost: LogLimit::default(),
        }
    }

    pub(super) fn is_used(&self) -> bool {
        self.signals.is_some()
    }

    /// A request goes out.
    pub(super) fn asked(&mut self, seq: u64, order: u64) {
        if self.waiting.len() == WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((seq, order));
    }

    /// There is no broker to ask through.
    pub(super) fn unreachable(&mut self, order: u64) {
        self.answer(order, Answer::Unknown("the broker is away".to_owned()));
    }

    /// Something came on the reply topic. What is retained answers nothing (CONTRACT §5).
    pub(super) fn replied(&mut self, boot: u64, message: &Received) {
        if message.retained {
            // The removal of a retained reply is none.
            if !message.payload.is_empty()
                && let Some(times) = self.retained.happened(Instant::now())
            {
                tracing::warn!(
                    times,
                    "a retained reply of the gateway is left out; a gateway publishes without the retain flag"
                );
            }
            return;
        }
        let reply = match HoldReply::from_json(&message.payload) {
            Ok(reply) => reply,
            Err(error) => {
                if let Some(times) = self.unreadable.happened(Instant::now()) {
                    tracing::warn!(times, "a reply of the gateway is not read: {error}");
                }
                return;
            }
        };
        let place = self
            .waiting
            .iter()
            .position(|(seq, _)| reply.boot == boot && reply.seq == *seq);
        let Some((_, order)) = place.and_then(|place| self.waiting.remove(place)) else {
            tracing::debug!(seq = reply.seq, "a reply of the gateway to nothing asked");
            return;
        };
        let answer = if reply.ok {
            Answer::Accepted
        } else {
            let why = reply.reason.unwrap_or_default();
            Answer::Refused(why.chars().take(200).collect())
        };
        self.answer(order, answer);
    }

    fn answer(&mut self, order: u64, answer: Answer) {
        let signal = Signal {
            adapter: Adapter::Mqtt,
            kind: SignalKind::Answer { order, answer },
        };
        if let Some(signals) = &self.signals
            && signals.try_send(signal).is_err()
            && let Some(times) = self.lost.happened(Instant::now())
        {
            tracing::warn!(
                times,
                "the station is too slow: an answer of the gateway is lost"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> (Gateway, mpsc::Receiver<Signal>) {
        let (signals, receiver) = mpsc::channel(4);
        let mut gateway = Gateway::new(Some(signals));
        gateway.asked(17, 3);
        (gateway, receiver)
    }

    fn message(payload: &str, retained: bool) -> Received {
        Received {
            topic: "sidetone/v1/acme/node/ws-1/hold/reply".to_owned(),
            payload: payload.as_bytes().to_owned(),
            retained,
            correlation: None,
        }
    }

    #[test]
    fn an_answer_is_taken_once_and_only_to_what_was_asked_by_this_start() {
        let (mut gateway, mut signals) = asked();
        for hostile in [
            r#"{"v":1,"boot":8,"seq":17,"ok":true}"#,
            r#"{"v":1,"boot":9,"seq":18,"ok":true}"#,
            r#"{"v":1,"boot":9,"seq":17}"#,
            "[[[[",
        ] {
            gateway.replied(9, &message(hostile, false));
        }
        let right = r#"{"v":1,"boot":9,"seq":17,"ok":true}"#;
        gateway.replied(9, &message(right, true));
        assert!(signals.try_recv().is_err());
        for _ in 0..2 {
            gateway.replied(9, &message(right, false));
        }
        let signal = signals.try_recv().expect("the answer");
        let answer = Answer::Accepted;
        assert_eq!(signal.kind, SignalKind::Answer { order: 3, answer });
        assert!(signals.try_recv().is_err());
    }
}
