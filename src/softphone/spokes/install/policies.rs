//! What browsers are told by their managed policies: to trust the authority of this machine, and to let
//! the configured sites reach this machine without asking the agent.

use crate::config::WebOrigin;
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::path::Path;

/// Where Chromium and its kin look for policies: every file of these directories.
pub const CHROMIUM_KIN: [&str; 4] = [
    "/etc/chromium/policies/managed",
    "/etc/opt/chrome/policies/managed",
    "/etc/opt/edge/policies/managed",
    "/etc/brave/policies/managed",
];

/// The one file Firefox reads.
pub const FIREFOX: &str = "/etc/firefox/policies/policies.json";

/// The keys of [`chromium`]. A browser takes each from one file only.
const KEYS: [&str; 3] = [
    "CACertificates",
    "LocalNetworkAccessAllowedForUrls",
    "LoopbackNetworkAllowedForUrls",
];

/// For Chromium and its kin. The newer two keys are the same permission before and after its division.
pub(super) fn chromium(sites: &[WebOrigin], authority_der: &[u8]) -> String {
    let policy = json!({
        "CACertificates": [BASE64.encode(authority_der)],
        "LocalNetworkAccessAllowedForUrls": sites,
        "LoopbackNetworkAllowedForUrls": sites,
    });
    format!("{policy:#}\n")
}

/// For Firefox, which takes the authority from a file.
pub(super) fn firefox(authority: &Path) -> String {
    let policy = json!({"policies": {"Certificates": {"Install": [authority]}}});
    format!("{policy:#}\n")
}

/// Which of our keys this policy file of somebody else sets, so that one of both is not heeded.
pub(super) fn conflicts(text: &str) -> Vec<&'static str> {
    let policy: Value = serde_json::from_str(text).unwrap_or_default();
    let keys = KEYS.into_iter();
    keys.filter(|key| policy.get(key).is_some()).collect()
}
