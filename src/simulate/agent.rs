//! Who is simulated: names, desks and the configuration of each daemon.

use super::{MOST_AGENTS, Options, SimulateError};
use crate::config::{self, Config, Label};
use crate::run::{Doors, RunError};
use crate::uplink::identity::Key;
use sidetone_devices::audio::api::AudioEvent;
use sidetone_devices::audio::supervisor::{AudioHandle, SoundSystem};
use sidetone_devices::event::HeadsetEvent;
use sidetone_devices::hotplug::{HeadsetMonitor, MonitorError, MonitorOptions};
use sidetone_devices::simulated::{Desk, Model};
use sidetone_wire::{NodeName, OrgName};
use std::io;
use std::sync::mpsc::Sender;
use tokio::sync::watch;

/// The site of everyone who is simulated.
const SITE: &str = "simulated";

/// The teams, filled one after the other.
const TEAMS: [&str; 3] = ["Service", "Sales", "Technical help"];

/// One simulated agent.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) desk: Desk,
    pub(super) config: Config,
    pub(super) org: OrgName,
    pub(super) node: NodeName,
    login: String,
}

/// Everybody.
pub(super) fn agents(options: &Options) -> Result<Vec<Agent>, SimulateError> {
    if !(1..=MOST_AGENTS).contains(&options.agents) {
        return Err(SimulateError::Agents(options.agents));
    }
    // Pseudonyms stay the same from one run to the next.
    Key::of_node(&options.state_dir)?;
    (1..=options.agents)
        .map(|number| agent(options, number))
        .collect()
}

fn agent(options: &Options, number: u16) -> Result<Agent, SimulateError> {
    let name = format!("desk-{number:02}");
    let teams = if options.agents < 4 { 1 } else { TEAMS.len() };
    let team = usize::from(number - 1) * teams / usize::from(options.agents);
    let mut config = config::defaults()?;
    config.node.org = options.org.clone();
    config.node.name = name.parse().ok();
    config.node.team = TEAMS.get(team).and_then(|team| team.parse::<Label>().ok());
    config.node.site = SITE.parse().ok();
    config.node.state_dir = Some(options.state_dir.join(&name));
    config.broker.url = options.broker.clone();
    config.privacy.agent_key_file = options.state_dir.join("node.key");
    let model = &Model::ALL[usize::from(number - 1) % Model::ALL.len()];
    Ok(Agent {
        desk: Desk::new(model, number)?,
        org: OrgName::new(options.org.as_str()).map_err(settings)?,
        node: NodeName::new(name).map_err(settings)?,
        login: format!("simulated-{number:02}"),
        config,
    })
}

fn settings(error: sidetone_wire::name::NameError) -> RunError {
    RunError::Settings(error.into())
}

impl Agent {
    /// Runs this agent's daemon until all is over.
    pub(super) async fn live(self, mut over: watch::Receiver<bool>) -> Result<(), RunError> {
        let end = async move {
            // If nobody can say it any more, it is over too.
            let _ = over.wait_for(|over| *over).await;
        };
        crate::run::daemon(&self.config, Some(self.login), &self.desk, end).await
    }
}

impl Doors for Desk {
    fn headsets(
        &self,
        options: MonitorOptions,
        events: Sender<HeadsetEvent>,
    ) -> Result<HeadsetMonitor, MonitorError> {
        Desk::headsets(self, options, events)
    }

    /// A desk has one way to sound, whatever is configured.
    fn sound(&self, _: SoundSystem, events: Sender<AudioEvent>) -> io::Result<AudioHandle> {
        Desk::sound(self, events)
    }
}
