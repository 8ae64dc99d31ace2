//! The arguments of `sidetone completions`.

use clap::Args;
use clap_complete::Shell;

/// `sidetone completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  source <(sidetone completions bash)
  sidetone completions zsh > ~/.zfunc/_sidetone
  sidetone completions fish > ~/.config/fish/completions/sidetone.fish

The Debian and RPM packages install them for bash, zsh and fish.")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}
