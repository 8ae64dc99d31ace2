//! The command line.
//!
//! *Promises*: what a program reads (`--json`, `schema`, `config …`) goes to standard output alone;
//! an error is one sentence on standard error that says what to do; exit status 0 success, 1 failure,
//! 2 usage. A reader that goes away (`| head`) is not an error.
//!
//! *Never* holds logic of its own: each command reads its arguments, calls the library and prints.

mod args;
pub mod config;
mod failure;
mod output;
pub mod run;

pub use args::{Cli, Command, ConfigArgs, ConfigCommand, RunArgs};
pub use failure::{Failure, finish, refuse};
