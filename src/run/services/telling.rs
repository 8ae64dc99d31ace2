//! What the house tells the station that speaks, and asks it: the rest of the uplink sees one half, whoever sits there.

use super::house::{Ask, House};
use crate::config::Config;
use crate::run::announce;
use crate::run::disclosure::Disclosure;
use crate::run::half::Half;
use crate::services::ToStation;
use crate::services::message::View;
use crate::uplink::outgoing::now_ms;
use sidetone_wire::command::{Diagnostics, ShownOn};
use sidetone_wire::event::{EventDetail, EventType};
use sidetone_wire::vocabulary::NodeState;
use tokio::sync::oneshot;

impl House {
    /// Tells the one that speaks. One that does not read is let go; it comes back by itself.
    pub(super) fn tell(&mut self, message: ToStation) {
        let Some(peer) = self.turns.speaker() else {
            return;
        };
        if let Some(guest) = self.guests.get(&peer)
            && guest.tell.try_send(message).is_err()
        {
            tracing::warn!(
                user = guest.user,
                "the station does not read what it is told"
            );
            self.guests.remove(&peer);
        }
    }

    pub(super) fn view_now(&self) -> View {
        let stats = *self.with.outbox.borrow();
        View {
            broker: self.with.broker.now(),
            records: stats.records,
            bytes: stats.bytes,
            dropped: stats.dropped,
        }
    }

    /// Shows the one that speaks what has changed, and what was sent of its turn.
    pub(super) fn show(&mut self) {
        if self.turns.speaker().is_none() {
            return;
        }
        let view = self.view_now();
        if self.view.as_ref() != Some(&view) {
            self.view = Some(view.clone());
            self.tell(ToStation::View(view));
        }
        let log = self.with.sent.borrow();
        let messages: Vec<_> = log.after(self.sent_until).map(|m| (**m).clone()).collect();
        let counts = log.counts();
        drop(log);
        if let Some(last) = messages.last() {
            self.sent_until = last.number;
            // Each line well below the longest that is taken.
            let (first, rest) = messages.split_at(messages.len() / 2);
            for messages in [first, rest] {
                let messages = messages.to_vec();
                self.tell(ToStation::Sent { counts, messages });
            }
        }
    }
}

impl Half for House {
    async fn apply(&mut self, config: &Config) {
        self.with.config = config.clone();
        let next = Disclosure::new(&config.privacy);
        if self.turns.speaker().is_some() {
            self.next_disclosure = Some(next);
            self.tell(ToStation::Settings(Box::new(config.clone())));
        } else {
            self.disclosure = next;
            for item in announce::items(config) {
                self.say(item).await;
            }
        }
    }

    async fn say_event(&mut self, kind: EventType, detail: EventDetail) {
        self.say(announce::event(now_ms(), kind, detail)).await;
    }

    fn not_sent(&self) -> Vec<&'static str> {
        let disclosure = Disclosure::new(&self.with.config.privacy);
        disclosure.not_sent().collect()
    }

    fn diagnostics(&mut self) -> oneshot::Receiver<Diagnostics> {
        let (answer, answered) = oneshot::channel();
        if self.turns.speaker().is_some() {
            self.last_ask += 1;
            let ask = self.last_ask;
            self.asks.insert(ask, Ask::Facts(answer));
            self.tell(ToStation::Facts { ask });
        } else {
            let stats = *self.with.outbox.borrow();
            let _ = answer.send(Diagnostics {
                state: Some(NodeState::Ready),
                degraded: None,
                uptime_s: Some(self.began.elapsed().as_secs_f64()),
                outbox_records: Some(stats.records),
                outbox_dropped: Some(stats.dropped),
                headsets: Some(0),
                calls: Some(0),
                ..Diagnostics::default()
            });
        }
        answered
    }

    fn show(&mut self, text: String) -> oneshot::Receiver<ShownOn> {
        let (answer, answered) = oneshot::channel();
        self.last_ask += 1;
        let ask = self.last_ask;
        if self.turns.speaker().is_some() {
            self.asks.insert(ask, Ask::Shown(answer));
            self.tell(ToStation::Show { ask, text });
        }
        answered
    }
}
