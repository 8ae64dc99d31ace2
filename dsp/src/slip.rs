//! A frame of one stream too many or too few: how two clocks that drift apart are kept in step.
//!
//! Whoever compares the two sides must know of it. Otherwise the customer's leakage is suddenly 10 ms away from
//! where it was learnt, and is taken for the agent until it has been learnt again.

use crate::measurement::Side;

/// What was done to one stream to follow its clock, before the frame at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// The frame at hand is the one before it once more: the stream's clock is slow.
    Repeated,
    /// The frame before the one at hand was left out: the stream's clock is fast.
    Skipped,
}

/// What a slip does to the delay of the customer's voice in the agent's microphone, by one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DelayChange {
    Longer,
    Shorter,
}

impl Slip {
    pub(crate) fn delay_change(self, side: Side) -> DelayChange {
        match (side, self) {
            (Side::Customer, Self::Skipped) | (Side::Agent, Self::Repeated) => DelayChange::Longer,
            (Side::Customer, Self::Repeated) | (Side::Agent, Self::Skipped) => DelayChange::Shorter,
        }
    }
}
