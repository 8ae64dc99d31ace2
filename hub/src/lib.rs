//! The supervisors' side of Sidetone: what the fleet's messages add up to.
//!
//! *Promises*: [`FleetState`] is a pure fold: the same messages in the same order give the same
//! state, however often the broker repeats some of them. *Never* does I/O or reads a clock: the time
//! of arrival comes with each message. What is no message of the contract is refused and counted.
//! With the feature `board`, [`board`] subscribes to a broker and serves the fold as a page.

#[cfg(feature = "board")]
pub mod board;
mod fleet;
mod live;
mod node;
mod refusal;
mod room;

pub use fleet::{Applied, FleetState, NODES_MAX};
pub use live::{CallView, FIGURES_STALE_MS, Live, Switches};
pub use node::{AlertView, NodeView, Standing};
pub use refusal::{Refusal, RefusalCounts};
