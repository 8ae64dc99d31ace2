//! What the softphone told of the network over the whole call: means of its figures.

use super::rounded;
use crate::softphone::{LineFigures, PathFigures};
use sidetone_wire::call_report::CallReport;

/// A mean of what was told.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        if value.is_finite() && value >= 0.0 {
            self.sum += value;
            self.count += 1;
        }
    }

    fn get(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

/// One direction.
#[derive(Debug, Clone, Copy, Default)]
struct Path {
    loss: Mean,
    jitter_ms: Mean,
}

impl Path {
    fn add(&mut self, figures: Option<PathFigures>) {
        if let Some(figures) = figures {
            self.loss.add(figures.loss_ratio.min(1.0));
            self.jitter_ms.add(figures.jitter_ms);
        }
    }
}

/// Sums over what was told.
#[derive(Debug, Default)]
pub(super) struct Line {
    uplink: Path,
    downlink: Path,
    round_trip_ms: Mean,
}

impl Line {
    pub(super) fn figures(&mut self, figures: &LineFigures) {
        self.uplink.add(figures.uplink);
        self.downlink.add(figures.downlink);
        if let Some(round_trip) = figures.round_trip_ms {
            self.round_trip_ms.add(round_trip);
        }
    }

    /// Share of packets lost on the way to the customer.
    pub(super) fn uplink_loss(&self) -> Option<f64> {
        self.uplink.loss.get()
    }

    /// Share of packets lost on the way from the customer.
    pub(super) fn downlink_loss(&self) -> Option<f64> {
        self.downlink.loss.get()
    }

    /// Half the way there and back.
    pub(super) fn one_way_ms(&self) -> Option<f64> {
        self.round_trip_ms
            .get()
            .map(|there_and_back| there_and_back / 2.0)
    }

    /// Writes the figures.
    pub(super) fn put(&self, report: &mut CallReport) {
        let whole = |mean: Mean| mean.get().map(|ms| ms.round().min(1e9) as u32);
        let share = |mean: Mean| rounded(mean.get()?, 4);
        report.uplink_loss_ratio = share(self.uplink.loss);
        report.uplink_jitter_ms = whole(self.uplink.jitter_ms);
        report.downlink_loss_ratio = share(self.downlink.loss);
        report.downlink_jitter_ms = whole(self.downlink.jitter_ms);
        report.round_trip_ms = whole(self.round_trip_ms);
    }
}
