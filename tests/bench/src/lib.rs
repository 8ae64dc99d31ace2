//! The test bench's programs.
