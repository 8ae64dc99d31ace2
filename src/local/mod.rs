//! The daemon's window: a local Unix socket on which programs of the same user see what the daemon
//! knows now and what it has sent, word for word.
//!
//! # Where
//! `status.sock` in [`place::directory`]: `$RUNTIME_DIRECTORY` (a systemd unit with
//! `RuntimeDirectory=`), else `$XDG_RUNTIME_DIR/sidetone`, else the state directory (of `sidetone station`:
//! its user's own, whatever `node.state_dir` says). The directory is its owner's alone (0700, made if
//! missing), the socket too (0600).
//!
//! # Protocol, `sidetone.monitor/1`
//! The daemon writes lines of JSON ([`line::Line`]); the reader writes nothing.
//! ```text
//! {"line":"snapshot","schema":"sidetone.monitor/1","ts":…,"node":{…},"headsets":[…],…,"sent":{…}}
//! {"line":"state","ts":…,"node":{…},"headsets":[…],…}      everything but the messages, again
//! {"line":"sent","counts":{…},"messages":[…]}              messages since the line before
//! ```
//! First a `snapshot`; then a `state` when something has changed, ten times a second at most and once a
//! second at least (so that silence means a daemon that hangs), and `sent` after messages. A daemon that
//! takes no further reader says `{"line":"refused","reason":"…"}` and closes. Readers ignore keys they
//! do not know; what is unknown is absent. A change that breaks readers gets another schema name.
//!
//! *Promises*: only the same user or root is served, checked by the kernel's word on the peer; at most
//! [`server::READERS`] readers; one that is slow misses states in between, and one that does not read
//! for [`server::PATIENCE`] is dropped. The daemon never waits for any of them, and does nothing while
//! there is none. A killed daemon's socket is replaced; a living one's never.
//!
//! *Fails* to one line in the log: a daemon without its window works as well.
//!
//! *Never* carries a sample, a serial number or a key.

pub mod client;
pub mod line;
pub mod place;
pub mod server;
pub mod state;

pub use client::{ClientError, Connection};
pub use line::{Line, SCHEMA, Snapshot};
pub use server::Server;
