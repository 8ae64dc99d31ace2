//! What was found, in sentences.

use super::analysis::{Finding, Outcome};
use super::words::{place_text, title};
use sidetone_devices::hid::quirks::Rule;

/// One sentence about a step.
pub(super) fn sentence(finding: &Finding) -> String {
    let about = title(finding.step);
    match &finding.outcome {
        Outcome::Skipped => format!("{about}: not tried"),
        Outcome::NothingMoved => format!("{about}: nothing moved; the headset does not report it"),
        Outcome::Unplugs => format!(
            "{about}: the whole headset leaves the USB bus, which Sidetone tells as `headset_gone`; no rule \
             is needed"
        ),
        Outcome::CardLeaves => format!(
            "{about}: the sound card leaves and the controls stay, which Sidetone tells as a quick \
             disconnect; no rule is needed"
        ),
        Outcome::Explained(by) => format!("{about}: told by {by}; no rule is needed"),
        Outcome::Learned(rules) => {
            let rules: Vec<String> = rules.iter().map(rule_text).collect();
            format!("{about}: learned, {}", rules.join("; "))
        }
        Outcome::Unclear(why) => format!("{about}: not clear: {why}"),
    }
}

fn rule_text(rule: &Rule) -> String {
    let kind = if rule.each {
        "each report is a press"
    } else if rule.meaning.is_press() {
        "pressed and let go"
    } else if rule.inverted {
        "a state, 0 while it is done"
    } else {
        "a state"
    };
    let verified = if rule.verified { "" } else { ", not verified" };
    format!(
        "{} = {} ({kind}{verified})",
        place_text(&rule.place),
        rule.meaning.word()
    )
}
