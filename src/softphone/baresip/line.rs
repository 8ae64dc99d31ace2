//! RTCP figures of baresip as ratios since the last ones.
//!
//! baresip counts from the call's start, and gives jitter and round trip in microseconds: 875 is seven
//! samples at 8 kHz. `tx` is what the other end reports about us, `rx` what arrived here.

use crate::softphone::{LineFigures, PathFigures};
use serde::Deserialize;

/// The member `rtcp_stats` of a `CALL_RTCP` event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct RtcpStats {
    tx: Path,
    rx: Path,
    /// Microseconds; 0 = nothing was reported by the other end.
    rtt: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Path {
    /// Packets: sent (`tx`), received (`rx`).
    sent: u32,
    /// Packets that never came.
    lost: i32,
    /// Microseconds.
    jit: u32,
}

/// What the line did between `before` and `now`; `None` if nothing was carried.
pub(super) fn since(before: &RtcpStats, now: &RtcpStats) -> Option<LineFigures> {
    // Without a report of the other end its figures are all zero, which would look perfect.
    let reported = now.rtt > 0 || now.tx.lost != 0 || now.tx.jit > 0;
    let sent = now.tx.sent.saturating_sub(before.tx.sent);
    let uplink = (reported && sent > 0).then(|| path(lost(&before.tx, &now.tx), sent, now.tx.jit));
    let received = now.rx.sent.saturating_sub(before.rx.sent);
    let missing = lost(&before.rx, &now.rx);
    let expected = received.saturating_add(missing);
    let downlink = (expected > 0).then(|| path(missing, expected, now.rx.jit));
    (uplink.is_some() || downlink.is_some()).then(|| LineFigures {
        uplink,
        downlink,
        round_trip_ms: (now.rtt > 0).then(|| f64::from(now.rtt) / 1000.0),
    })
}

/// Packets that came late lower the count; that is no loss.
fn lost(before: &Path, now: &Path) -> u32 {
    u32::try_from(now.lost.saturating_sub(before.lost)).unwrap_or(0)
}

fn path(lost: u32, packets: u32, jitter_us: u32) -> PathFigures {
    PathFigures {
        loss_ratio: (f64::from(lost) / f64::from(packets)).min(1.0),
        jitter_ms: f64::from(jitter_us) / 1000.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(json: &str) -> RtcpStats {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn real_figures_of_a_call_on_loopback() {
        // Two events, five seconds apart, as 1.0.0 sent them.
        let first = stats(
            r#"{"tx":{"sent":594,"lost":0,"jit":875},"rx":{"sent":593,"lost":0,"jit":875},"rtt":0}"#,
        );
        let second = stats(
            r#"{"tx":{"sent":844,"lost":0,"jit":875},"rx":{"sent":843,"lost":0,"jit":1000},"rtt":259}"#,
        );
        let figures = since(&first, &second).unwrap();
        let good = |jitter_ms| {
            Some(PathFigures {
                loss_ratio: 0.0,
                jitter_ms,
            })
        };
        assert_eq!(figures.uplink, good(0.875));
        assert_eq!(figures.downlink, good(1.0));
        assert_eq!(figures.round_trip_ms, Some(0.259));
    }

    #[test]
    fn loss_counts_since_the_last_figures_and_each_way_by_itself() {
        let first =
            stats(r#"{"tx":{"sent":100,"lost":50,"jit":1},"rx":{"sent":100,"lost":-2,"jit":0}}"#);
        let second =
            stats(r#"{"tx":{"sent":300,"lost":60,"jit":1},"rx":{"sent":250,"lost":48,"jit":0}}"#);
        let figures = since(&first, &second).unwrap();
        assert_eq!(figures.uplink.map(|p| p.loss_ratio), Some(10.0 / 200.0));
        assert_eq!(figures.downlink.map(|p| p.loss_ratio), Some(50.0 / 200.0));
    }

    #[test]
    fn what_nobody_reported_or_carried_is_unknown() {
        let none = RtcpStats::default();
        assert_eq!(since(&none, &none), None);
        let alone = stats(r#"{"tx":{"sent":250},"rx":{"sent":250,"jit":5}}"#);
        let figures = since(&none, &alone).unwrap();
        assert_eq!((figures.uplink, figures.round_trip_ms), (None, None));
        assert!(figures.downlink.is_some());
        // On hold nothing moves.
        assert_eq!(since(&alone, &alone), None);
    }
}
