//! The command line.
//!
//! *Promises*: what a program reads (`--json`, `schema`, `config …`) goes to standard output alone;
//! an error is one sentence on standard error that says what to do; exit status 0 success, 1 failure,
//! 2 usage. A reader that goes away (`| head`) is not an error.
//!
//! *Never* holds logic of its own: each command reads its arguments, calls the library and prints.

pub mod analyze;
mod args;
pub mod completions;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod devices;
pub mod doctor;
mod failure;
pub mod fleet;
#[cfg(feature = "hub")]
pub mod hub;
pub mod learn;
pub mod manual;
pub mod monitor;
mod output;
pub mod run;
pub mod schema;
pub mod services;
#[cfg(feature = "demo")]
pub mod simulate;
pub mod softphones;
pub mod spokes;
mod whole_file;

#[cfg(feature = "demo")]
pub use args::DemoArgs;
#[cfg(feature = "hub")]
pub use args::HubArgs;
#[cfg(feature = "demo")]
pub use args::SimulateArgs;
pub use args::{
    AnalyzeArgs, Cli, Command, CompletionsArgs, ConfigArgs, ConfigCommand, DevicesArgs, DiffArgs,
    DoctorArgs, FleetArgs, FleetCommand, GetArgs, InstallArgs, KeygenArgs, LearnArgs, ManualArgs,
    MonitorArgs, RunArgs, SchemaArgs, SchemaFormat, SetArgs, SoftphonesArgs, SpokesArgs,
    SpokesCommand, StationArgs, UninstallArgs, UplinkArgs, WatchArgs, WhoseArgs,
};
pub use failure::{Failure, finish, refuse};
