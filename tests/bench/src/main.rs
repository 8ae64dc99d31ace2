//! The emulated headset.

fn main() {}
