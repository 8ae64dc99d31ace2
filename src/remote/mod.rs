//! Settings over MQTT: what of them is in force on this node, and why not the rest (CONTRACT §5).
//!
//! ```text
//! defaults < files of the workstation < fleet < group, in the order of node.groups < node
//! ```
//!
//! *Promises*: sans-IO: documents with their time in, the configuration in force out. A document is taken whole
//! or not at all; what was taken last stays in force until a newer one of its layer is taken, also over a restart
//! without a broker. A document after which the broker is away for [`guard::PATIENCE`] is taken back.
//!
//! *Fails* towards the workstation's own files: what cannot be used is left out, and said in `config/reported`.
//!
//! *Never* reads a clock or a file, and never believes a topic for a document's layer if `config.signing_key` is
//! set: the signature covers the topic.

pub mod canonical;
mod commands;
mod document;
mod guard;
mod kept;
mod layer;
mod node;
mod refusal;
pub mod signature;
#[cfg(test)]
mod tests;

pub use commands::{Asked, CommandDesk};
pub use document::{Document, sign};
pub use guard::PATIENCE;
pub use kept::Kept;
pub use layer::Layer;
pub use node::{Remote, Told, Verdict, needs_restart};
pub use refusal::{Reason, Refusal};
