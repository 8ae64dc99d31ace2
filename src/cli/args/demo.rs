//! The arguments of `sidetone demo`.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `sidetone demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone demo                            six simulated agents, and this machine's own headset
  sidetone demo --agents 20                twenty
  sidetone demo --listen 127.0.0.1:0       on any free port

It needs mosquitto and recorded voices: sudo apt install mosquitto asterisk-core-sounds-en-wav
asterisk-core-sounds-fr-wav. It prints the page's address once the page is live. Ctrl-C ends all of it and
leaves nothing behind.")]
pub struct DemoArgs {
    /// How many simulated agents, 1 to 64
    #[arg(long, value_name = "N", default_value_t = 6,
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub agents: u16,
    /// Where the page is served: a loopback address and port; port 0 takes a free one
    /// [default: 127.0.0.1:8420, or a free port if that is taken]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Folder with a folder of WAV prompts for each speaker [default: where the packages put them]
    #[arg(long, value_name = "DIR")]
    pub voices: Option<PathBuf>,
}
