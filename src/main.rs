//! The `sidetone` binary.

fn main() {}
