//! An isochronous endpoint's queue: one packet per 1 ms frame, in order, as the bus would carry them.
//!
//! Promises: packets of consecutive transfers follow each other without a gap while the host keeps the queue
//! filled, whatever the moment at which this process gets to run. A frame without a packet is counted once
//! the stream has started.
//! Never: looks at a clock; the caller says which frame passes.

use crate::clock::Frame;
use crate::usbip::{self, IsoPacket, Submit};
use std::collections::VecDeque;

/// What went through an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IsoCounters {
    /// Packets carried.
    pub packets: u64,
    /// Times the host let a running stream's queue run dry.
    pub starved: u64,
}

/// One endpoint's transfers that wait for their frames.
#[derive(Debug, Default)]
pub struct IsoQueue {
    waiting: VecDeque<Transfer>,
    running: bool,
    counters: IsoCounters,
}

#[derive(Debug)]
struct Transfer {
    request: Submit,
    start: Option<Frame>,
    moved: Vec<u32>,
    input: Vec<u8>,
}

impl IsoQueue {
    /// Queues a transfer.
    pub fn push(&mut self, request: Submit) {
        self.waiting.push_back(Transfer {
            request,
            start: None,
            moved: Vec::new(),
            input: Vec::new(),
        });
    }

    /// Takes a transfer back; `false` if it was already done.
    pub fn unlink(&mut self, seq: u32) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|t| t.request.seq != seq);
        self.running &= !self.waiting.is_empty();
        self.waiting.len() != before
    }

    /// Nothing waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Frames until the transfer at the front is done.
    #[must_use]
    pub fn frames_to_completion(&self) -> Option<u64> {
        let front = self.waiting.front()?;
        Some((front.request.packets.len() - front.moved.len()).max(1) as u64)
    }

    /// What went through so far.
    #[must_use]
    pub fn counters(&self) -> IsoCounters {
        self.counters
    }

    /// Lets `frame` pass: `carry` moves one packet (what the host sent, the packet, what the host reads) and
    /// gives the bytes it moved. A finished transfer's reply is appended to `replies`.
    pub fn pass(
        &mut self,
        frame: Frame,
        replies: &mut Vec<u8>,
        carry: impl FnOnce(&[u8], IsoPacket, &mut Vec<u8>) -> u32,
    ) {
        let Some(front) = self.waiting.front_mut() else {
            self.counters.starved += u64::from(std::mem::take(&mut self.running));
            return;
        };
        self.running = true;
        let start = *front.start.get_or_insert(frame);
        if let Some(packet) = front.request.packets.get(front.moved.len()) {
            let moved = carry(&front.request.data, *packet, &mut front.input);
            front.moved.push(moved);
            self.counters.packets += 1;
        }
        if front.moved.len() >= front.request.packets.len()
            && let Some(done) = self.waiting.pop_front()
        {
            usbip::iso_reply(
                replies,
                &done.request,
                start.on_the_bus(),
                &done.moved,
                &done.input,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usbip::Direction;

    fn transfer(seq: u32, packets: usize) -> Submit {
        Submit {
            seq,
            direction: Direction::In,
            endpoint: 2,
            length: 96 * packets as u32,
            setup: [0; 8],
            data: Vec::new(),
            packets: (0..packets as u32)
                .map(|i| IsoPacket {
                    offset: i * 96,
                    length: 96,
                })
                .collect(),
        }
    }

    fn pass(queue: &mut IsoQueue, frame: u64) -> (Option<u64>, usize) {
        let (mut out, mut carried) = (Vec::new(), None);
        queue.pass(Frame(frame), &mut out, |_, _, _| {
            carried = Some(frame);
            0
        });
        (carried, out.len())
    }

    #[test]
    fn each_frame_carries_one_packet_and_transfers_follow_without_a_gap() {
        let mut queue = IsoQueue::default();
        queue.push(transfer(1, 2));
        queue.push(transfer(2, 1));
        assert_eq!(queue.frames_to_completion(), Some(2));
        assert_eq!(pass(&mut queue, 10), (Some(10), 0));
        assert!(pass(&mut queue, 11).1 > 0, "first transfer is done");
        assert!(pass(&mut queue, 12).1 > 0, "second transfer is done");
        assert_eq!(pass(&mut queue, 13), (None, 0));
        assert_eq!(pass(&mut queue, 14), (None, 0));
        assert_eq!(
            queue.counters(),
            IsoCounters {
                packets: 3,
                starved: 1
            }
        );
    }

    #[test]
    fn an_unlinked_transfer_is_gone_and_a_stopped_stream_is_not_starved() {
        let mut queue = IsoQueue::default();
        queue.push(transfer(1, 2));
        pass(&mut queue, 10);
        assert!(queue.unlink(1));
        assert!(!queue.unlink(1));
        assert_eq!(pass(&mut queue, 11), (None, 0));
        assert_eq!(queue.counters().starved, 0);
    }
}
