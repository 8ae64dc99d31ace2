//! How long something took, many times: printed for `docs/measurements.md`.

#![allow(dead_code, clippy::unwrap_used)]

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, as a page counts them.
pub(crate) fn utc_ms(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1e3
}

/// Milliseconds that one thing took, again and again.
pub(crate) struct Times {
    what: &'static str,
    values: Vec<f64>,
}

impl Times {
    pub(crate) fn of(what: &'static str) -> Self {
        let values = Vec::new();
        Self { what, values }
    }

    pub(crate) fn add(&mut self, ms: f64) {
        self.values.push(ms);
        self.values.sort_by(f64::total_cmp);
    }

    /// The value below which this share of them is.
    fn at(&self, share: f64) -> f64 {
        self.values[((self.values.len() - 1) as f64 * share).round() as usize]
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }

    pub(crate) fn print(&self) {
        println!(
            "{}: n {}, median {:.1} ms, p95 {:.1} ms, max {:.1} ms",
            self.what,
            self.values.len(),
            self.median(),
            self.at(0.95),
            self.at(1.0)
        );
    }
}
