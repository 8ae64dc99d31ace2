//! Waiting for real processes (the sound server's harness waits with it too).

use super::broker::PATIENCE;
use std::time::{Duration, Instant};

/// Polls until `condition` gives something.
///
/// # Panics
/// If it never does.
pub(crate) fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
