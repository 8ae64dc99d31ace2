//! The daemon's own figures in the text format of Prometheus, for monitoring on this machine.
//!
//! Off unless `metrics.listen` names a Unix socket or a port of the loopback interface. `GET /metrics` is all that
//! is served.
//!
//! *Promises*: names, units and types by the conventions of Prometheus; the same families at each scrape, except that
//! what is unknown has no sample. The figures are put together when somebody asks, and cost nothing otherwise.
//!
//! *Fails* to one line in the log: a daemon without metrics works as well.
//!
//! *Never* says who the agent is, names a call, or carries a serial number or a hash of one.

mod figures;
mod server;
mod text;

pub use figures::{Figures, render};
pub use server::{Ask, ListenError, listen};
