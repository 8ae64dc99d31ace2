//! What happens to settings, a line each.

use sidetone_wire::config::{ConfigDesired, ConfigReported};
use sidetone_wire::{NodePlace, Place, Stamped, Topic};
use std::fmt::Write;

/// The line of a message; `None` if it is about no settings.
#[must_use]
pub fn line(topic: &str, payload: &[u8]) -> Option<String> {
    let whom = match Topic::parse(topic)?.place {
        Place::FleetConfig => "fleet".to_owned(),
        Place::GroupConfig(group) => format!("group {group}"),
        Place::Node(node, NodePlace::ConfigDesired) => format!("node {node}"),
        Place::Node(node, NodePlace::ConfigReported) => {
            let said = match Stamped::<ConfigReported>::from_json(payload) {
                Ok(report) => report_line(&report.body),
                Err(error) => format!("no report: {error}"),
            };
            return Some(format!("{node} reports {said}"));
        }
        _ => return None,
    };
    if payload.is_empty() {
        return Some(format!("{whom} desired: taken away"));
    }
    Some(match ConfigDesired::from_json(payload) {
        Ok(document) => {
            let signed = document.signature.map_or("", |_| ", signed");
            let keys = super::dotted(&document.set).len();
            format!(
                "{whom} desired: version {} ({keys} keys{signed})",
                document.version
            )
        }
        Err(error) => format!("{whom} desired: no document: {error}"),
    })
}

fn report_line(report: &ConfigReported) -> String {
    let mut text = String::new();
    let mut layer = |name: &str, version: Option<u64>| {
        let version = version.map_or("-".to_owned(), |version| version.to_string());
        let _ = write!(text, "{name} {version}, ");
    };
    layer("fleet", report.fleet_version);
    for group in &report.group_versions {
        layer(&group.group, group.version);
    }
    layer("node", report.node_version);
    for error in &report.errors {
        let _ = write!(text, "refused {}: {}; ", error.layer, error.message);
    }
    for key in &report.restart {
        let _ = write!(text, "{} waits for a restart; ", key.key);
    }
    text.trim_end_matches([' ', ',', ';']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_says_who_desires_or_reports_what() {
        let of = |below: &str, payload: &str| {
            line(&format!("sidetone/v1/acme/{below}"), payload.as_bytes())
        };
        let document =
            r#"{"v":1,"version":3,"issued_ms":1,"set":{"a":{"b":1,"c":2}},"signature":"x"}"#;
        let told = of("fleet/group/late/config/desired", document);
        assert_eq!(
            told.as_deref(),
            Some("group late desired: version 3 (2 keys, signed)")
        );
        let report = r#"{"v":1,"boot":1,"node":"a","applied":false,"names_agent":true,"fleet_version":3,"restart":[{"key":"audio.backend"}]}"#;
        let told = of("node/a/config/reported", report);
        let expected = "a reports fleet 3, node -, audio.backend waits for a restart";
        assert_eq!(told.as_deref(), Some(expected));
        assert_eq!(
            of("fleet/config/desired", "").as_deref(),
            Some("fleet desired: taken away")
        );
        assert_eq!(of("node/a/status", "{}"), None);
    }
}
