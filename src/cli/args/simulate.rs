//! The arguments of `sidetone simulate`.

use crate::config::{BrokerUrl, Name};
use clap::Args;
use std::path::PathBuf;

/// `sidetone simulate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone simulate                                          six agents on mqtt://localhost:1883
  sidetone simulate --agents 20 --broker mqtt://broker:1883  twenty, somewhere else
  sidetone simulate --agents 1 --seed 7 --forget             the same calls each time, and no trace

Each agent is the whole daemon; only the bytes of its headset's reports and the samples of its
calls are made up. The voices are recorded prompts:
  sudo apt install asterisk-core-sounds-en-wav asterisk-core-sounds-fr-wav
It ends on SIGINT and SIGTERM, after all have said goodbye to the broker.")]
pub struct SimulateArgs {
    /// How many agents, 1 to 64
    #[arg(long, value_name = "N", default_value_t = 6,
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub agents: u16,
    /// Where their messages go: mqtt://HOST or mqtt://HOST:PORT; mqtts:// for TLS
    #[arg(long, value_name = "URL", default_value = "mqtt://localhost:1883")]
    pub broker: BrokerUrl,
    /// The organisation in their topics
    #[arg(long, value_name = "NAME", default_value = "local")]
    pub org: Name,
    /// Folder with a folder of WAV prompts for each speaker [default: where the packages put them]
    #[arg(long, value_name = "DIR")]
    pub voices: Option<PathBuf>,
    /// The same seed gives the same calls
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Where start counters are kept [default: $XDG_STATE_HOME/sidetone-simulated]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// In the end, remove what the agents left retained at the broker
    #[arg(long)]
    pub forget: bool,
}
