//! The station, as settings and commands reach it: in this process, or in another over a socket.

use super::identify;
use super::parts::Parts;
use crate::config::Config;
use sidetone_wire::command::{Diagnostics, ShownOn};
use sidetone_wire::event::{EventDetail, EventType};
use tokio::sync::oneshot;

/// One of the two ways to the station.
pub(super) trait Half {
    /// Puts the live settings in force.
    async fn apply(&mut self, config: &Config);

    /// Says something of the daemon itself.
    async fn say_event(&mut self, kind: EventType, detail: EventDetail);

    /// The signals that are kept on this workstation.
    fn not_sent(&self) -> Vec<&'static str>;

    /// What is known of the daemon, as numbers and states; no answer if there is no station.
    fn diagnostics(&mut self) -> oneshot::Receiver<Diagnostics>;

    /// Shows the person at the desk something, and answers where; no answer if there is no station.
    fn show(&mut self, text: String) -> oneshot::Receiver<ShownOn>;
}

impl Half for Parts {
    async fn apply(&mut self, config: &Config) {
        self.apply(config).await;
    }

    async fn say_event(&mut self, kind: EventType, detail: EventDetail) {
        self.say_event(kind, detail).await;
    }

    fn not_sent(&self) -> Vec<&'static str> {
        self.disclosure.not_sent().collect()
    }

    fn diagnostics(&mut self) -> oneshot::Receiver<Diagnostics> {
        let (tell, hear) = oneshot::channel();
        let _ = tell.send(self.facts());
        hear
    }

    fn show(&mut self, text: String) -> oneshot::Receiver<ShownOn> {
        let (tell, hear) = oneshot::channel();
        let desktop = self.desktop;
        self.notice(text.clone());
        tokio::spawn(async move {
            let shown = match desktop {
                true => identify::on_desktop(&text).await,
                false => ShownOn::Log,
            };
            let _ = tell.send(shown);
        });
        hear
    }
}
