//! Do both sides speak? One probability per frame from the two speech scores.
//!
//! *Promises*: a continuous, rankable score, and a decision per frame that is lengthened by no more
//! than the stops and weak ends of words (60 ms), not by the hangover.
//!
//! *Never* judges leakage: the agent's score and decision that come in have it weighed already.

/// Over this score the customer counts as speaking, and the agent's score decides alone.
const CUSTOMER_SURE: f32 = 0.5;

/// What one frame says about both sides together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DoubleTalk {
    /// Probability in 0..1 that both speak.
    pub score: f32,
    /// Both speak: decided.
    pub both: bool,
}

/// Judges one frame.
#[must_use]
pub fn judge(
    agent_score: f32,
    customer_score: f32,
    agent_on: bool,
    customer_on: bool,
) -> DoubleTalk {
    // A weak frame within the customer's words says nothing against the agent.
    let score = agent_score * (customer_score / CUSTOMER_SURE).min(1.0);
    DoubleTalk {
        score,
        both: agent_on && customer_on,
    }
}
