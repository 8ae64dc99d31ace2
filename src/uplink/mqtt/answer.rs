//! The first bytes of a broker's answer: whether it is in the words of MQTT 3.1.1.
//!
//! The client of MQTT 5 waits for the rest of an answer that has none, and then tells nothing but that the broker hung up.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// CONNACK of MQTT 3.1.1 is always two bytes long (§3.2); in MQTT 5 it has three at least (§3.2.2).
pub(super) const OLD_CONNACK: [u8; 2] = [0x20, 0x02];

/// What the latest connection was answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer(Arc<AtomicBool>);

impl Answer {
    /// Whether it was a CONNACK of MQTT 3.1.1.
    pub(super) fn is_old(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// A connection whose first bytes are looked at.
    pub(super) fn listen<S>(&self, stream: S) -> Listened<S> {
        self.0.store(false, Ordering::Relaxed);
        Listened {
            stream,
            first: [0; 2],
            heard: 0,
            answer: self.clone(),
        }
    }
}

/// A connection, and what is heard of it.
#[derive(Debug)]
pub(super) struct Listened<S> {
    stream: S,
    first: [u8; 2],
    heard: usize,
    answer: Answer,
}

impl<S: AsyncRead + Unpin> AsyncRead for Listened<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = bytes.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, bytes);
        for byte in bytes.filled().iter().skip(before) {
            if self.heard == self.first.len() {
                break;
            }
            let place = self.heard;
            self.first[place] = *byte;
            self.heard += 1;
            if self.heard == self.first.len() {
                let is_old = self.first == OLD_CONNACK;
                self.answer.0.store(is_old, Ordering::Relaxed);
            }
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Listened<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
