//! What can be wrong with a quirk file.

/// A quirk file that is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {problem}")]
pub struct QuirkError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It cannot be read.
    #[error(
        "the file cannot be read ({0}); check that it exists and that its permissions allow it"
    )]
    Unreadable(String),
    /// It is no quirk file.
    #[error("the file is larger than {max} bytes, which no quirk file is", max = super::LARGEST_FILE)]
    TooLarge,
    /// It is not TOML.
    #[error("not valid TOML: {0}")]
    Syntax(String),
    /// A key that means nothing here.
    #[error("unknown key `{key}`; {}", hint(nearest.as_deref(), allowed))]
    UnknownKey {
        /// The key.
        key: String,
        /// The valid key nearest to it, if one is near.
        nearest: Option<String>,
        /// The valid keys, joined.
        allowed: String,
    },
    /// A key that has to be there.
    #[error("the key `{0}` is missing")]
    Missing(&'static str),
    /// A value of the wrong kind or out of range.
    #[error("`{key}` has to be {expected}")]
    Value {
        /// Its key.
        key: &'static str,
        /// What is allowed.
        expected: String,
    },
    /// A word that means nothing here.
    #[error("`{word}` is not a {what}; {}", hint(nearest.as_deref(), allowed))]
    Word {
        /// The word.
        word: String,
        /// What it should be.
        what: &'static str,
        /// The valid word nearest to it, if one is near.
        nearest: Option<String>,
        /// The valid words, joined.
        allowed: String,
    },
    /// Neither or both places.
    #[error("a rule needs either `usage`, or `report` with `byte`")]
    Place,
}

fn hint(nearest: Option<&str>, allowed: &str) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("valid are {allowed}"),
    }
}
