//! `sidetone demo`: simulated agents, a broker, the daemon of this machine, and the board that shows them.
//!
//! ```text
//! demo ┬ mosquitto (free port)          ◀─┐
//!      ├ sidetone simulate --agents N   ──┤ MQTT
//!      ├ sidetone run (this machine)    ──┤
//!      └ the board, in this process     ──┘ ─▶ http://127.0.0.1:8420/
//! ```
//!
//! *Promises*: everything is private to this machine and this run; when it ends, however it ends, its
//! processes and files are gone. The address is told once the page shows live agents, not before.
//! *Fails* with one sentence: what is missing and how to get it, or which process ended and what it said
//! last. *Never* touches the configuration, state or broker of an installed Sidetone.

mod broker;
mod child;
mod scratch;

use crate::board::follow;
use crate::config::BrokerUrl;
use crate::uplink::config::{BrokerConfig, Timing};
use broker::Broker;
use child::Child;
use scratch::Scratch;
use sidetone_hub::board::{Board, BoardError, RunningBoard};
use sidetone_wire::OrgName;
use sidetone_wire::name::NameError;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// Where the page is, if nothing else was said.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8420);

/// The organisation of the demonstration.
const ORG: &str = "demo";

/// How often the processes are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Longest wait for the first agent's figures; on a slow machine the voices take a few seconds to read.
const LIVE: Duration = Duration::from_secs(90);

/// How long agents and daemon have to say goodbye to the broker and be forgotten by it.
const GOODBYE: Duration = Duration::from_secs(15);

/// How long the broker has to end.
const BROKER_END: Duration = Duration::from_secs(3);

/// What to show.
#[derive(Debug, Clone)]
pub struct Options {
    /// Simulated agents, 1 to 64.
    pub agents: u16,
    /// Where the page is served; `None` = port 8420, or a free one if that is taken.
    pub listen: Option<SocketAddr>,
    /// Folder with a folder of WAV prompts for each speaker; `None` = where the packages put them.
    pub voices: Option<PathBuf>,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No mosquitto.
    #[error("mosquitto is not installed: sudo apt install mosquitto")]
    NoBroker,
    /// No setpriv.
    #[error("setpriv is not installed: sudo apt install util-linux")]
    NoSetpriv,
    /// The broker runs and does not listen.
    #[error("the broker (mosquitto) does not listen after 10 s; run the command again")]
    BrokerSilent,
    /// A process of the demonstration ended.
    #[error("{who} ended ({how}); the last thing it said: {last}")]
    Ended {
        /// Which.
        who: &'static str,
        /// Its exit status.
        how: String,
        /// Its last line on standard error.
        last: String,
    },
    /// The agents run and nothing arrives.
    #[error("no simulated agent was in a call after 90 s; try fewer with --agents")]
    NotLive,
    /// The page.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The organisation's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Files, processes, signals.
    #[error(
        "the system refuses a file, process or signal handler: {0}; check space in the temporary directory, and `ulimit -u`"
    )]
    System(#[from] io::Error),
}

/// Shows it until SIGINT, SIGTERM or SIGHUP; `live` hears the page's address once the page is live.
///
/// # Errors
/// [`DemoError`], after everything that was started has ended.
pub fn run(options: &Options, live: impl FnOnce(SocketAddr)) -> Result<(), DemoError> {
    crate::run::start_log("error");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(demo(options, live))
}

async fn demo(options: &Options, live: impl FnOnce(SocketAddr)) -> Result<(), DemoError> {
    let mut end = Box::pin(told_to_end()?);
    let mosquitto = Broker::program()?;
    let board = bind(options.listen).await?;
    let address = board.address();
    let scratch = Scratch::make()?;
    let broker = Broker::start(&mosquitto, scratch.path()).await?;
    let org = OrgName::new(ORG)?;
    let here = BrokerUrl {
        host: "127.0.0.1".to_owned(),
        port: broker.port,
        tls: false,
        websocket: None,
    };
    let heard = follow(&org, &BrokerConfig::at(here.clone()), &Timing::default());
    let agents = start_agents(options, broker.port, scratch.path())?;
    let machine = start_machine(broker.port, scratch.path())?;
    let mut show = Show {
        board: board.start(org, &here.to_string(), heard),
        // In the order in which they end.
        children: [agents, machine, broker.child],
    };
    let shown = tokio::select! {
        () = &mut end => Ok(()),
        shown = show.go_on(|| live(address)) => shown,
    };
    show.stop().await;
    shown
}

/// Comes with the first SIGINT, SIGTERM or SIGHUP: a closed terminal ends a demonstration.
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let told = crate::run::told_to_end()?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            () = told => {}
            _ = hangup.recv() => {}
        }
    })
}

/// The page's address. A port that somebody asked for must be had; the usual one need not.
async fn bind(listen: Option<SocketAddr>) -> Result<Board, DemoError> {
    match Board::bind(listen.unwrap_or(LISTEN)).await {
        Err(BoardError::Taken(taken)) if listen.is_none() => {
            eprintln!(
                "sidetone: port {} is taken by another program; the page gets a free one",
                taken.port()
            );
            Ok(Board::bind(SocketAddr::new(LISTEN.ip(), 0)).await?)
        }
        bound => Ok(bound?),
    }
}

fn start_agents(options: &Options, port: u16, scratch: &Path) -> Result<Child, DemoError> {
    let mut arguments: Vec<OsString> = ["simulate", "--forget", "--org", ORG]
        .map(Into::into)
        .into();
    arguments.extend(["--agents".into(), options.agents.to_string().into()]);
    arguments.extend(["--broker".into(), format!("mqtt://127.0.0.1:{port}").into()]);
    arguments.extend(["--state-dir".into(), scratch.join("agents").into()]);
    if let Some(voices) = &options.voices {
        arguments.extend(["--voices".into(), voices.into()]);
    }
    Child::start("the simulated agents", &std::env::current_exe()?, arguments)
}

/// The daemon of this machine, beside an installed one: it only reads.
fn start_machine(port: u16, scratch: &Path) -> Result<Child, DemoError> {
    let file = scratch.join("this-machine.toml");
    // Debug quotes as TOML does for paths without control characters.
    let configuration = format!(
        "[node]\norg = \"{ORG}\"\nteam = \"This machine\"\nstate_dir = {:?}\n\
         [broker]\nurl = \"mqtt://127.0.0.1:{port}\"\n[log]\nlevel = \"warn\"\n",
        scratch.join("this-machine")
    );
    std::fs::write(&file, configuration)?;
    let arguments = [Path::new("run"), Path::new("-c"), &file];
    Child::start(
        "the daemon of this machine",
        &std::env::current_exe()?,
        arguments,
    )
}

/// Everything that runs.
struct Show {
    board: RunningBoard,
    children: [Child; 3],
}

impl Show {
    /// Looks after all of it; ends only if something else does.
    async fn go_on(&mut self, live: impl FnOnce()) -> Result<(), DemoError> {
        let until = Instant::now() + LIVE;
        let mut live = Some(live);
        loop {
            tokio::select! {
                fault = self.board.failed() => return Err(fault.into()),
                () = tokio::time::sleep(LOOK) => {}
            }
            if let Some(end) = self.children.iter_mut().find_map(Child::ended) {
                return Err(end);
            }
            if live.is_some() && self.board.counts().heard > 0 {
                live.take().into_iter().for_each(|live| live());
            }
            if live.is_some() && Instant::now() > until {
                return Err(DemoError::NotLive);
            }
        }
    }

    /// Agents and daemon say goodbye while the broker is there; then it ends. Told to end once more, all
    /// are killed.
    async fn stop(mut self) {
        let Ok(again) = told_to_end() else { return };
        let in_order = async {
            let deadline = Instant::now() + GOODBYE;
            let [agents, machine, broker] = &mut self.children;
            agents.ask_to_end();
            machine.ask_to_end();
            agents.end_by(deadline).await;
            machine.end_by(deadline).await;
            broker.ask_to_end();
            broker.end_by(Instant::now() + BROKER_END).await;
        };
        tokio::select! {
            () = in_order => {}
            () = again => {}
        }
    }
}
