//! The daemon's own figures, from `/proc/self`.

use crate::station::{Part, Station};
use crate::uplink::OutboxStats;
use sidetone_wire::command::Diagnostics;
use sidetone_wire::telemetry::HealthFigures;
use std::time::Duration;

/// What the daemon uses now.
#[must_use]
pub(super) fn figures(uptime: Duration, outbox: OutboxStats) -> HealthFigures {
    let ticks_per_second = rustix::param::clock_ticks_per_second();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    HealthFigures {
        uptime_s: uptime.as_secs_f64(),
        rss_bytes: resident_pages(&statm).map(|pages| pages * rustix::param::page_size() as u64),
        cpu_s: processor_ticks(&stat).map(|ticks| ticks as f64 / ticks_per_second as f64),
        outbox_records: outbox.records,
        outbox_dropped: outbox.dropped,
    }
}

/// What of the parts goes into diagnostics.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) station: &'a Station,
    pub(super) troubles: usize,
    pub(super) lost_samples: u64,
}

/// The daemon's own figures, and how many of everything there is.
pub(super) fn diagnostics(uptime: Duration, outbox: OutboxStats, known: &Known<'_>) -> Diagnostics {
    let own = figures(uptime, outbox);
    let count = |number: usize| u64::try_from(number).ok();
    let headsets: Vec<_> = known.station.view().collect();
    let read = headsets.iter().filter(|one| one.controls == Part::Present);
    let calls = headsets.iter().filter(|one| one.call.is_some());
    let condition = known.station.condition();
    Diagnostics {
        state: condition.map(|(state, _)| state),
        degraded: condition.and_then(|(_, reason)| reason.map(str::to_owned)),
        uptime_s: Some(own.uptime_s),
        rss_bytes: own.rss_bytes,
        cpu_s: own.cpu_s,
        outbox_records: Some(own.outbox_records),
        outbox_dropped: Some(own.outbox_dropped),
        headsets: count(headsets.len()),
        headsets_read: count(read.count()),
        calls: count(calls.count()),
        alerts: count(known.station.active_alerts().count()),
        troubles: count(known.troubles),
        lost_samples: Some(known.lost_samples),
        config_errors: None,
    }
}

/// `utime` + `stime` of proc(5)'s stat, in clock ticks. The command in parentheses may hold anything.
fn processor_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// The second field of proc(5)'s statm.
fn resident_pages(statm: &str) -> Option<u64> {
    statm.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{processor_ticks, resident_pages};

    #[test]
    fn a_command_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a) b) (c) S 1 42 42 0 -1 4194560 500 0 0 0 7 5 0 0 20 0 1 0 100 0 0";
        assert_eq!(processor_ticks(stat), Some(12));
        assert_eq!(resident_pages("900 321 100 1 0 80 0\n"), Some(321));
        assert_eq!(processor_ticks("nonsense"), None);
    }
}
