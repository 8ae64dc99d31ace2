//! The call report in words: turns and answers, dead air, and the quality score with its parts.

use super::figures::term;
use super::markup::Markup;
use super::words::{counted, length, number};
use sidetone_wire::call_report::CallReport;

/// The section; nothing, if the recording is too short for any of it.
pub(super) fn draw(m: &mut Markup, report: &CallReport) {
    if report.heard_s.is_none() {
        return;
    }
    m.node("section", &[("aria-labelledby", &"report")], |m| {
        m.words("h2", &[("id", &"report")], &"What the call came to");
        m.node("dl", &[], |m| {
            answers(
                m,
                "The agent answers after",
                report.agent_response_count,
                report.agent_response_median_s,
                report.agent_response_p90_s,
            );
            answers(
                m,
                "The customer answers after",
                report.customer_response_count,
                report.customer_response_median_s,
                report.customer_response_p90_s,
            );
            dead_air(m, report);
            quality(m, report);
        });
    });
}

fn answers(m: &mut Markup, name: &str, count: Option<u32>, median: Option<f64>, p90: Option<f64>) {
    let (Some(count), Some(median), Some(p90)) = (count, median, p90) else {
        return;
    };
    let seconds = |s: f64| (s, format!("{} s", number(s, 2)));
    let words = format!(
        "(median; one in ten takes longer than the second), of {}",
        counted(count.into(), "answer")
    );
    term(m, name, &[seconds(median), seconds(p90)], &words);
}

fn dead_air(m: &mut Markup, report: &CallReport) {
    let (Some(count), Some(seconds)) = (report.dead_air_count, report.dead_air_s) else {
        return;
    };
    let figures = [
        (
            f64::from(count),
            counted(count.into(), "stretch").replace("stretchs", "stretches"),
        ),
        (seconds, length(seconds)),
    ];
    let words = "of 5 s or more in which nobody speaks";
    term(m, "Dead air", &figures, words);
}

fn quality(m: &mut Markup, report: &CallReport) {
    let (Some(score), Some(side)) = (report.quality_score, report.quality_side) else {
        return;
    };
    let parts = [
        ("level", report.quality_level_penalty),
        ("noise", report.quality_noise_penalty),
        ("lost packets", report.quality_loss_penalty),
        ("delay", report.quality_delay_penalty),
        ("dropouts", report.quality_dropout_penalty),
        ("clipping", report.quality_clipping_penalty),
        ("crackle", report.quality_crackle_penalty),
    ];
    let taken: Vec<String> = parts
        .into_iter()
        .filter_map(|(name, points)| Some((name, points?)))
        .filter(|(_, points)| *points >= 0.05)
        .map(|(name, points)| format!("{name} {}", number(points, 1)))
        .collect();
    let taken = match taken.is_empty() {
        true => "nothing was found that takes from it".to_owned(),
        false => format!("taken off: {}", taken.join(", ")),
    };
    let words = format!(
        "of 93.2, for the {side}'s voice, the worse one; {taken}. Transmission rating after ITU-T G.107, with defaults for what a recording does not show: lost packets and delay. It is not a MOS."
    );
    term(m, "Quality", &[(score, number(score, 1))], &words);
}
