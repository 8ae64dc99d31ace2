//! The sentences of one language, by the kind of alert and their name.

use super::super::config::Language;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(include_str!("en.toml")));
static CHINESE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(include_str!("zh-CN.toml")));

/// What is filled in for `{name}`.
pub(super) type Filling = (&'static str, String);

/// All sentences, by section and name.
#[derive(Debug, Default)]
pub(super) struct Catalogue(pub(super) BTreeMap<String, BTreeMap<String, String>>);

impl Catalogue {
    /// The catalogue of a language.
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }

    /// That the built-in files can be read is a test's business.
    fn read(text: &str) -> Self {
        Self(toml::from_str(text).unwrap_or_default())
    }

    /// The sentence, filled in. One that is missing (a test sees to it that none is) is named instead.
    pub(super) fn say(&self, section: &str, name: &str, fillings: &[Filling]) -> String {
        let Some(sentence) = self.0.get(section).and_then(|names| names.get(name)) else {
            return format!("{section} {name}").replace('_', " ");
        };
        fillings
            .iter()
            .fold(sentence.clone(), |said, (name, value)| {
                said.replace(&format!("{{{name}}}"), value)
            })
    }
}
