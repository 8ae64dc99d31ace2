//! A report in the words of RFC 6035 (`vq-rtcpxr`), for programs that read voice quality that way.
//!
//! *Local* is what arrives here (the customer's voice), *remote* what leaves (the agent's), as the
//! RFC has it. Levels are dBm0, which is 6.15 dB over dBov (G.711 A-law).
//!
//! *Never* writes a field that was not measured: no `RERL` (the softphone's echo canceller is
//! behind us), no jitter buffer, no bursts, and no `QualityEst`, whose estimates are of the packet
//! stream and which a `quality_score` is not.

use super::quality::DBM0_OVER_DBOV;
use sidetone_wire::call_report::CallReport;

/// What one direction has.
struct Direction {
    level_dbov: Option<f64>,
    noise_dbov: Option<f64>,
    loss_ratio: Option<f64>,
    jitter_ms: Option<u32>,
    round_trip_ms: Option<u32>,
}

/// The body of a session report, as far as it was measured; lines end in CR LF.
#[must_use]
pub fn vq_rtcpxr(report: &CallReport) -> String {
    let received = Direction {
        level_dbov: report.customer_active_speech_level_dbov,
        noise_dbov: report.customer_noise_dbov,
        loss_ratio: report.downlink_loss_ratio,
        jitter_ms: report.downlink_jitter_ms,
        round_trip_ms: report.round_trip_ms,
    };
    let sent = Direction {
        level_dbov: report.agent_active_speech_level_dbov,
        noise_dbov: report.agent_noise_dbov,
        loss_ratio: report.uplink_loss_ratio,
        jitter_ms: report.uplink_jitter_ms,
        round_trip_ms: report.round_trip_ms,
    };
    let mut lines = vec!["VQSessionReport: CallTerm".to_owned()];
    for (name, direction) in [("LocalMetrics:", received), ("RemoteMetrics:", sent)] {
        let measured = direction.lines();
        if !measured.is_empty() {
            lines.push(name.to_owned());
            lines.extend(measured);
        }
    }
    lines.push(String::new());
    lines.join("\r\n")
}

impl Direction {
    fn lines(&self) -> Vec<String> {
        let dbm0 = |name, dbov: Option<f64>| Some(format!("{name}={:.0}", dbov? + DBM0_OVER_DBOV));
        let whole = |name, value: Option<u32>| Some(format!("{name}={}", value?));
        let loss = self.loss_ratio.map(|share| share.clamp(0.0, 1.0) * 100.0);
        [
            line("PacketLoss", [loss.map(|l| format!("NLR={l:.2}")), None]),
            line(
                "Delay",
                [
                    whole("RTD", self.round_trip_ms),
                    whole("IAJ", self.jitter_ms),
                ],
            ),
            line(
                "Signal",
                [dbm0("SL", self.level_dbov), dbm0("NL", self.noise_dbov)],
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A line of what is known; none, if nothing is.
fn line(name: &str, fields: [Option<String>; 2]) -> Option<String> {
    let known: Vec<String> = fields.into_iter().flatten().collect();
    (!known.is_empty()).then(|| format!("{name}:{}", known.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_measured_is_written() {
        let report = CallReport {
            customer_active_speech_level_dbov: Some(-26.0),
            agent_active_speech_level_dbov: Some(-24.2),
            agent_noise_dbov: Some(-60.0),
            ..CallReport::default()
        };
        assert_eq!(
            vq_rtcpxr(&report),
            "VQSessionReport: CallTerm\r\nLocalMetrics:\r\nSignal:SL=-20\r\nRemoteMetrics:\r\nSignal:SL=-18 NL=-54\r\n"
        );
        let network = CallReport {
            uplink_loss_ratio: Some(0.0213),
            uplink_jitter_ms: Some(12),
            round_trip_ms: Some(80),
            ..CallReport::default()
        };
        assert_eq!(
            vq_rtcpxr(&network),
            "VQSessionReport: CallTerm\r\nLocalMetrics:\r\nDelay:RTD=80\r\nRemoteMetrics:\r\nPacketLoss:NLR=2.13\r\nDelay:RTD=80 IAJ=12\r\n"
        );
    }
}
