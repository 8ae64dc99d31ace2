//! The language of what alerts say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The language of the sentences in `text` and `action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    Chinese,
}
