//! What of a report may leave the workstation when a signal is switched off (CONTRACT §9.3).

use sidetone_wire::call_report::CallReport;

/// Takes out what tells of mutes.
pub(crate) fn without_mute(report: &mut CallReport) {
    report.mute_count = None;
    report.muted_s = None;
    report.muted_speech_s = None;
    report.mute_drift_s = None;
    report.mutes.clear();
}

/// Takes out what tells who talked over whom.
pub(crate) fn without_overtalk(report: &mut CallReport) {
    report.double_talk_ratio = None;
    report.overtalk_count = None;
    report.overtalk_s = None;
    report.overtalk_by_agent_count = None;
    report.overtalk_by_agent_s = None;
    report.overtalk_by_customer_count = None;
    report.overtalk_by_customer_s = None;
    report.overtalks.clear();
}

/// Takes out everything made of sound: only what is named here stays.
pub(crate) fn without_sound(report: &mut CallReport) {
    let all = std::mem::take(report);
    *report = CallReport {
        ring_s: all.ring_s,
        dial_s: all.dial_s,
        talk_s: all.talk_s,
        overtalk_count: all.overtalk_count,
        overtalk_s: all.overtalk_s,
        overtalk_by_agent_count: all.overtalk_by_agent_count,
        overtalk_by_agent_s: all.overtalk_by_agent_s,
        overtalk_by_customer_count: all.overtalk_by_customer_count,
        overtalk_by_customer_s: all.overtalk_by_customer_s,
        hold_count: all.hold_count,
        held_s: all.held_s,
        mute_count: all.mute_count,
        muted_s: all.muted_s,
        mute_drift_s: all.mute_drift_s,
        live_under_mute: all.live_under_mute,
        qd_count: all.qd_count,
        qd_open_s: all.qd_open_s,
        uplink_loss_ratio: all.uplink_loss_ratio,
        uplink_jitter_ms: all.uplink_jitter_ms,
        downlink_loss_ratio: all.downlink_loss_ratio,
        downlink_jitter_ms: all.downlink_jitter_ms,
        round_trip_ms: all.round_trip_ms,
        overtalks: all.overtalks,
        holds: all.holds,
        mutes: all.mutes,
        qd_opens: all.qd_opens,
        ..CallReport::default()
    };
}
