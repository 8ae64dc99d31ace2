//! Stretches of a call in which something holds: how many, how long in all, and the first of them.

use sidetone_wire::call_report::LIST_MAX;
use std::time::Duration;

/// One stretch that is over, since the call's start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span<T> {
    pub(super) start: Duration,
    pub(super) end: Duration,
    pub(super) about: T,
}

impl<T> Span<T> {
    pub(super) fn start_s(&self) -> f64 {
        seconds(self.start)
    }

    pub(super) fn duration_s(&self) -> f64 {
        seconds(self.end.saturating_sub(self.start))
    }
}

/// Seconds to the hundredth: a frame.
fn seconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 100.0).round() / 100.0
}

/// Stretches of one kind, at most one of them open.
#[derive(Debug)]
pub(super) struct Spans<T> {
    open: Option<(Duration, T)>,
    /// Where the latest one ended: what was concluded afterwards may seem to begin before.
    ended: Duration,
    first: Vec<Span<T>>,
    count: u32,
    total: Duration,
}

impl<T> Default for Spans<T> {
    fn default() -> Self {
        Self {
            open: None,
            ended: Duration::ZERO,
            first: Vec::new(),
            count: 0,
            total: Duration::ZERO,
        }
    }
}

impl<T> Spans<T> {
    /// It holds from here on; a stretch that is open goes on.
    pub(super) fn begin(&mut self, start: Duration, about: T) {
        let start = start.max(self.ended);
        // What begins where the one before ended has gone on.
        let all_listed = self.first.len() == self.count as usize;
        let goes_on = self.open.is_none() && all_listed;
        if let Some(last) = self.first.pop_if(|last| goes_on && last.end == start) {
            self.count -= 1;
            self.total = self
                .total
                .saturating_sub(last.end.saturating_sub(last.start));
            self.open = Some((last.start, last.about));
        }
        self.open.get_or_insert((start, about));
    }

    /// What begins from here on counts from here at the earliest.
    pub(super) fn not_before(&mut self, at: Duration) {
        self.ended = self.ended.max(at);
    }

    /// It holds no more.
    pub(super) fn end(&mut self, end: Duration) {
        if let Some((start, about)) = self.open.take() {
            self.ended = end;
            self.add(start, end, about);
        }
    }

    /// A whole stretch.
    pub(super) fn add(&mut self, start: Duration, end: Duration, about: T) {
        self.count = self.count.saturating_add(1);
        self.total += end.saturating_sub(start);
        if self.first.len() < LIST_MAX {
            self.first.push(Span { start, end, about });
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// What the open stretch, or the latest listed one, is about.
    pub(super) fn latest_mut(&mut self) -> Option<&mut T> {
        match &mut self.open {
            Some((_, about)) => Some(about),
            None => self.first.last_mut().map(|span| &mut span.about),
        }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn total(&self) -> Duration {
        self.total
    }

    /// The sum in seconds, to the hundredth.
    pub(super) fn total_s(&self) -> f64 {
        seconds(self.total)
    }

    /// The first stretches, in the order in which they ended.
    pub(super) fn list(&self) -> impl Iterator<Item = &Span<T>> {
        self.first.iter()
    }
}
