//! The daemon's window for programs of the same user (`crate::local`): opened at the start, shown
//! through while somebody looks.

use super::parts::Parts;
use super::sight::{BrokerSight, Sight};
use crate::config::Config;
use crate::local::state::{Node, State};
use crate::local::{Server, place};

/// Who may look at a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Onlookers {
    /// Programs of the same user, and root's.
    ThisUser,
    /// Nobody: one of several daemons in a process has no place of its own.
    Nobody,
}

/// The window; without a server nothing ever comes of it.
#[derive(Debug)]
pub(super) struct Window {
    server: Option<Server>,
    node: Node,
    broker: BrokerSight,
}

impl Window {
    /// Opens it. What stands in the way is logged, and the daemon goes on without.
    pub(super) fn open(onlookers: Onlookers, config: &Config, uplink: &Sight) -> Self {
        let state_dir = config.node.effective_state_dir();
        let server = state_dir
            .filter(|_| onlookers == Onlookers::ThisUser)
            .and_then(|state_dir| {
                Server::start(&place::directory(&state_dir), uplink.sent.clone())
                    .inspect_err(|error| tracing::warn!("{error}"))
                    .ok()
            });
        Self {
            server,
            node: Node {
                name: uplink.node.clone(),
                org: config.node.org.to_string(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                boot: uplink.boot,
                pid: std::process::id(),
                since: 0,
                state: None,
                reason: None,
            },
            broker: uplink.broker.clone(),
        }
    }

    /// Comes when somebody looks and it is time to show the parts again.
    pub(super) async fn due(&mut self) {
        match &mut self.server {
            Some(server) => server.due().await,
            None => std::future::pending().await,
        }
    }

    /// Shows the parts.
    pub(super) fn show(&mut self, parts: &mut Parts) {
        let state = self.look(parts);
        if let Some(server) = &mut self.server {
            server.show(state);
        }
    }

    /// What is now.
    pub(super) fn look(&self, parts: &mut Parts) -> State {
        parts.view(self.node.clone(), self.broker.now())
    }
}
