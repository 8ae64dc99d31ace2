//! The arguments, one file a command, and the help made of them.

mod analyze;
mod completions;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod devices;
mod doctor;
mod fleet;
#[cfg(feature = "hub")]
mod hub;
mod learn;
mod manual;
mod monitor;
mod run;
mod schema;
mod services;
#[cfg(feature = "demo")]
mod simulate;
mod softphones;
mod spokes;

use clap::{Parser, Subcommand};

pub use analyze::AnalyzeArgs;
pub use completions::CompletionsArgs;
pub use config::{ConfigArgs, ConfigCommand};
#[cfg(feature = "demo")]
pub use demo::DemoArgs;
pub use devices::DevicesArgs;
pub use doctor::DoctorArgs;
pub use fleet::{
    DiffArgs, FleetArgs, FleetCommand, GetArgs, KeygenArgs, SetArgs, WatchArgs, WhoseArgs,
};
#[cfg(feature = "hub")]
pub use hub::HubArgs;
pub use learn::LearnArgs;
pub use manual::ManualArgs;
pub use monitor::MonitorArgs;
pub use run::RunArgs;
pub use schema::{SchemaArgs, SchemaFormat};
pub use services::{StationArgs, UplinkArgs};
#[cfg(feature = "demo")]
pub use simulate::SimulateArgs;
pub use softphones::SoftphonesArgs;
pub use spokes::{InstallArgs, SpokesArgs, SpokesCommand, UninstallArgs};

/// Knows what the headset of an agent does and how the call really sounds, and tells it over MQTT.
///
/// Sidetone reads the buttons of USB headsets, listens to both sides of a call while it lasts, and
/// publishes events, figures and alerts. It keeps and sends no sound.
#[derive(Debug, Parser)]
#[command(
    name = "sidetone",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  sidetone demo                     simulated agents on a live page, on this machine alone
  sidetone config check             what is wrong with /etc/sidetone/*.toml
  sidetone run -c sidetone.toml     the whole daemon, with this configuration only
  sidetone devices                  which headsets are here, and can they be read
  sidetone doctor                   what is wrong here, and how to mend it
  sidetone monitor                  this workstation's headset and call, live
  sidetone analyze call.wav         what a recorded call is like

`sidetone COMMAND --help` tells more. Exit status: 0 success, 1 failure, 2 wrong usage."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show all of it on this machine: simulated agents, a broker, the live page.
    #[cfg(feature = "demo")]
    Demo(DemoArgs),
    /// Run the whole daemon in one process.
    Run(RunArgs),
    /// Run the system's half of the daemon: identity, outbox, broker.
    Uplink(UplinkArgs),
    /// Run the user's half of the daemon: headset, sound, call.
    Station(StationArgs),
    /// List the headsets that are plugged in: controls, sound card, what is wrong with them.
    Devices(DevicesArgs),
    /// List the softphones found here: what each can do, its calls, what is wrong.
    Softphones(SoftphonesArgs),
    /// Find what is wrong on this workstation, and say what to do about it.
    Doctor(DoctorArgs),
    /// Show what the daemon knows and sends, live in the terminal.
    Monitor(MonitorArgs),
    /// Find out with you what the vendor bits of a headset mean, and write a quirk file.
    Learn(LearnArgs),
    /// Analyse a recorded call as if it were a live one.
    Analyze(AnalyzeArgs),
    /// Check, show and document the configuration.
    Config(ConfigArgs),
    /// Set, compare and watch the settings of many workstations over MQTT, for IT.
    Fleet(FleetArgs),
    /// Let softphones in the browser reach this machine: certificate and browser policies.
    Spokes(SpokesArgs),
    /// Serve the supervisors' board: the whole organisation, live, as a page on this machine.
    #[cfg(feature = "hub")]
    Hub(HubArgs),
    /// Print the contract of the MQTT messages, for programs.
    Schema(SchemaArgs),
    /// Print what a shell needs to complete commands and options.
    Completions(CompletionsArgs),
    /// Write the manual pages, for a package.
    #[command(hide = true)]
    Manual(ManualArgs),
    /// Simulate agents on live recorded speech, for demonstrations and tests.
    #[cfg(feature = "demo")]
    Simulate(SimulateArgs),
}
