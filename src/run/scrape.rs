//! Metrics for who asks this daemon (`crate::metrics`).

use super::health;
use super::parts::Parts;
use super::sight::Sight;
use super::window::Window;
use crate::config::Config;
use crate::metrics::{Ask, Figures, listen, render};
use crate::uplink::SentLog;
use tokio::sync::{mpsc, watch};

/// The questions; without an address nobody ever asks.
#[derive(Debug)]
pub(super) struct Scrape {
    asked: Option<mpsc::Receiver<Ask>>,
    sent: watch::Receiver<SentLog>,
}

impl Scrape {
    /// Listens where the configuration says. What stands in the way is logged, and the daemon goes on without.
    pub(super) fn open(config: &Config, uplink: &Sight) -> Self {
        let listening = config.metrics.listen.as_ref().map(listen);
        Self {
            asked: listening.and_then(|listening| {
                listening
                    .inspect_err(|error| tracing::warn!("{error}"))
                    .ok()
            }),
            sent: uplink.sent.clone(),
        }
    }

    /// Comes when somebody asks.
    pub(super) async fn asked(&mut self) -> Ask {
        if let Some(asked) = &mut self.asked
            && let Some(ask) = asked.recv().await
        {
            return ask;
        }
        std::future::pending().await
    }

    /// Answers.
    pub(super) fn answer(&self, ask: Ask, window: &Window, parts: &mut Parts) {
        let state = window.look(parts);
        let health = health::figures(parts.uptime(), *parts.outbox().borrow());
        let text = render(Figures {
            state: &state,
            sent: self.sent.borrow().counts(),
            health: &health,
        });
        // Who has left meanwhile needs no answer.
        let _ = ask.send(text);
    }
}
