//! The one way samples travel: a single-producer single-consumer ring of interleaved samples, with
//! the arrival time of every chunk.

/// The reading end of a tap.
#[derive(Debug)]
pub struct TapReader;
