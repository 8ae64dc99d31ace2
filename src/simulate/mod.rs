//! Simulated agents on live two-sided real speech: each is the whole daemon but for its devices.
//!
//! *Promises*: only the bytes of input reports and the samples are simulated. Headset monitor, quirk
//! files, audio supervisor, taps, signal processing, alerts, disclosure, outbox and MQTT session are
//! those of [`crate::run`], one set for each agent; all share one runtime and one process.
//!
//! *Fails* before anything is sent, with one sentence: no voices, no place for state.
//!
//! What a node says of its own health (memory, processor) is the whole process's: they share one.
//!
//! *Never* lets anybody take them for people: their site is `simulated`, and so are the names of their
//! headsets and softphone.
//!
//! ```text
//! director ─ trouble ─▶ shift (the day of one agent) ─ gestures, scene ─▶ Desk ─ reports, samples ─▶ daemon ─▶ broker
//! ```

mod agent;
mod conversation;
mod dice;
mod director;
mod forget;
mod player;
mod room;
mod scene;
mod shift;
mod troubles;
mod voices;

pub use forget::ForgetError;
pub use voices::VoicesError;

use crate::config::{BrokerUrl, ConfigError, Name, user_state_home};
use crate::run::RunError;
use crate::uplink::IdentityError;
use crate::uplink::config::BrokerConfig;
use agent::Agent;
use dice::Dice;
use director::Reach;
use shift::{SharedPost, Shift};
use sidetone_dsp::units::UnsupportedSampleRate;
use sidetone_wire::NodeName;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use voices::{Speaker, Voice};

/// Most agents of one process: each takes a handful of threads and file descriptors.
pub const MOST_AGENTS: u16 = 64;

/// How long the goodbye of all may take.
const FAREWELL: Duration = Duration::from_secs(8);

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many agents, 1 to [`MOST_AGENTS`].
    pub agents: u16,
    /// Where their messages go.
    pub broker: BrokerUrl,
    /// The organisation.
    pub org: Name,
    /// Where start counters are kept, a folder for each node.
    pub state_dir: PathBuf,
    /// Folder with a folder of WAV prompts for each speaker; `None` = where Debian's packages or
    /// `scripts/fetch-sounds` put them.
    pub voices: Option<PathBuf>,
    /// The same seed gives the same calls.
    pub seed: u64,
    /// Take away what they left at the broker in the end.
    pub forget: bool,
}

/// Why nothing is simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Too many or none.
    #[error("{0} agents cannot be simulated; give 1 to {MOST_AGENTS}")]
    Agents(u16),
    /// Nobody to speak.
    #[error(transparent)]
    Voices(#[from] VoicesError),
    /// The state directory.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// An agent's daemon.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An agent's configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What they left at the broker stays there.
    #[error(transparent)]
    Forget(#[from] ForgetError),
    /// The prompts' rate.
    #[error(transparent)]
    Rate(#[from] UnsupportedSampleRate),
    /// Threads, file descriptors, signals.
    #[error(
        "the system has no room for so many agents: {0}; simulate fewer, or raise `ulimit -n` and `ulimit -u`"
    )]
    System(#[from] io::Error),
}

/// `$XDG_STATE_HOME/sidetone-simulated`, else `~/.local/state/sidetone-simulated`; `None` without a home.
#[must_use]
pub fn default_state_dir() -> Option<PathBuf> {
    Some(user_state_home()?.join("sidetone-simulated"))
}

/// Everybody and everything that is needed, ready to begin.
#[derive(Debug)]
pub struct Cast {
    agents: Vec<Agent>,
    speakers: Vec<Arc<Speaker>>,
    babble: Arc<[f32]>,
    seed: Dice,
    forget: bool,
}

impl Cast {
    /// Finds the voices and lays out the desks; sends nothing.
    ///
    /// # Errors
    /// [`SimulateError`], if there is nobody to speak or no place for state.
    pub fn gather(options: &Options) -> Result<Self, SimulateError> {
        let agents = agent::agents(options)?;
        let speakers = voices::speakers(options.voices.as_deref())?;
        let seed = Dice::new(options.seed);
        Ok(Self {
            agents,
            babble: scene::babble(&speakers, &mut seed.of(0))?,
            speakers,
            seed,
            forget: options.forget,
        })
    }

    /// Simulates until SIGINT or SIGTERM.
    ///
    /// # Errors
    /// [`SimulateError`], before anything was sent; or [`SimulateError::Forget`] at the end.
    pub fn run(self) -> Result<(), SimulateError> {
        crate::run::start_log("warn");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let end = crate::run::told_to_end()?;
            self.perform(end).await
        })
    }

    /// Simulates until `end` comes, on a tokio runtime with time and I/O.
    async fn perform(self, end: impl Future<Output = ()>) -> Result<(), SimulateError> {
        let (say_end, over) = watch::channel(false);
        let mut daemons = JoinSet::new();
        for agent in &self.agents {
            daemons.spawn(agent.clone().live(over.clone()));
        }
        let mut work = self.put_to_work();
        let ended = tokio::select! {
            () = end => Ok(()),
            early = first_failure(&mut daemons) => early,
        };
        work.abort_all();
        say_end.send_replace(true);
        let goodbyes = tokio::time::timeout(FAREWELL, async {
            while daemons.join_next().await.is_some() {}
        });
        if goodbyes.await.is_err() {
            tracing::warn!("some simulated agents did not end in time");
        }
        ended?;
        match self.agents.first() {
            Some(first) if self.forget => {
                let nodes: Vec<NodeName> = self.agents.iter().map(|a| a.node.clone()).collect();
                let broker = BrokerConfig::from(&first.config.broker);
                forget::forget(&broker, &first.org, &nodes).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Begins everybody's day, and the director's.
    fn put_to_work(&self) -> JoinSet<()> {
        let mut work = JoinSet::new();
        let mut reaches = Vec::new();
        let mut entrances = self.seed.of(1);
        let agents = self.agents.len() as f64;
        for (number, agent) in self.agents.iter().enumerate() {
            let Some(speaker) = self.speakers.get(number % self.speakers.len()) else {
                continue;
            };
            let (tell, troubles) = mpsc::channel(1);
            let post = SharedPost::default();
            let mut dice = self.seed.of(100 + number as u64);
            let shift = Shift {
                desk: agent.desk.clone(),
                voice: Voice {
                    speaker: Arc::clone(speaker),
                    pitch: dice.between(0.94, 1.06) as f32,
                },
                speakers: self.speakers.clone(),
                babble: Arc::clone(&self.babble),
                dice,
                post: post.clone(),
                troubles,
            };
            // The first is called at once, the others one after the other.
            let first_s = 1.5 + (6.0 + agents) * entrances.unit() * number as f64 / agents;
            work.spawn(shift.work(first_s));
            reaches.push(Reach { post, tell });
        }
        work.spawn(director::direct(reaches, self.seed.of(2)));
        work
    }
}

/// Waits for a daemon that ends although nobody told it to.
async fn first_failure(daemons: &mut JoinSet<Result<(), RunError>>) -> Result<(), SimulateError> {
    loop {
        match daemons.join_next().await {
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => return Err(error.into()),
            Some(Err(panicked)) => return Err(io::Error::other(panicked).into()),
            None => return Ok(()),
        }
    }
}
