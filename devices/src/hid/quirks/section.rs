//! One table of a quirk file, read key by key, with the line of everything that is wrong.

use super::error::{Problem, QuirkError};
use std::ops::RangeInclusive;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How unlike a word may be and still be offered (Damerau–Levenshtein distance).
const NEAR: usize = 3;

/// The file being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn error(&self, offset: usize, problem: Problem) -> QuirkError {
        let before = self
            .text
            .as_bytes()
            .get(..offset)
            .unwrap_or(self.text.as_bytes());
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        QuirkError {
            file: self.name.to_owned(),
            line,
            problem,
        }
    }
}

/// One table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'a> {
    source: Source<'a>,
    table: &'a DeTable<'a>,
    offset: usize,
}

impl<'a> Section<'a> {
    /// Takes the table at `offset`, in which nothing but `keys` may stand.
    pub(super) fn new(
        source: Source<'a>,
        table: &'a DeTable<'a>,
        offset: usize,
        keys: &[&str],
    ) -> Result<Self, QuirkError> {
        for (key, _) in table {
            let word = key.get_ref().as_ref();
            if !keys.contains(&word) {
                let (nearest, allowed) = suggest(word, keys);
                let problem = Problem::UnknownKey {
                    key: shorten(word),
                    nearest,
                    allowed,
                };
                return Err(source.error(key.span().start, problem));
            }
        }
        Ok(Self {
            source,
            table,
            offset,
        })
    }

    pub(super) fn error(&self, problem: Problem) -> QuirkError {
        self.source.error(self.offset, problem)
    }

    fn find(&self, wanted: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table
            .iter()
            .find(|(key, _)| key.get_ref().as_ref() == wanted)
            .map(|(_, value)| value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The value under `key` as `convert` understands it; `expected` says what that is.
    fn read<T>(
        &self,
        key: &'static str,
        expected: &str,
        convert: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<T>, QuirkError> {
        let Some(value) = self.find(key) else {
            return Ok(None);
        };
        let problem = || Problem::Value {
            key,
            expected: expected.to_owned(),
        };
        convert(value.get_ref())
            .map(Some)
            .ok_or_else(|| self.source.error(value.span().start, problem()))
    }

    /// Non-empty text.
    pub(super) fn text(&self, key: &'static str) -> Result<Option<&'a str>, QuirkError> {
        self.read(key, "text in quotes, and not empty", |value| {
            value.as_str().filter(|text| !text.trim().is_empty())
        })
    }

    pub(super) fn boolean(&self, key: &'static str) -> Result<Option<bool>, QuirkError> {
        self.read(key, "true or false", DeValue::as_bool)
    }

    pub(super) fn integer(
        &self,
        key: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, QuirkError> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(key, &expected, |value| {
            let number = value.as_integer()?;
            let number = i64::from_str_radix(number.as_str(), number.radix()).ok()?;
            range.contains(&number).then_some(number)
        })
    }

    /// Text that `parse` understands.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, QuirkError> {
        self.read(key, expected, |value| parse(value.as_str()?))
    }

    /// A non-empty list of texts that `parse` understands.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<Vec<T>>, QuirkError> {
        self.read(key, expected, |value| {
            let entries = value.as_array()?.iter();
            let list: Vec<T> = entries
                .map(|entry| parse(entry.get_ref().as_str()?))
                .collect::<Option<_>>()?;
            (!list.is_empty()).then_some(list)
        })
    }

    /// One of the words.
    pub(super) fn word<T: Copy>(
        &self,
        key: &'static str,
        what: &'static str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, QuirkError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*meaning));
        }
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let (nearest, allowed) = suggest(text, &all);
        let at = self
            .find(key)
            .map_or(self.offset, |value| value.span().start);
        let problem = Problem::Word {
            word: shorten(text),
            what,
            nearest,
            allowed,
        };
        Err(self.source.error(at, problem))
    }

    /// A list of tables, each with these keys; empty if the key is absent.
    pub(super) fn tables(
        &self,
        key: &'static str,
        expected: &str,
        keys: &[&str],
    ) -> Result<Vec<Section<'a>>, QuirkError> {
        let tables = self.read(key, expected, |value| {
            let entries = value.as_array()?.iter();
            entries
                .map(|entry| Some((entry.get_ref().as_table()?, entry.span().start)))
                .collect::<Option<Vec<_>>>()
        })?;
        tables
            .unwrap_or_default()
            .into_iter()
            .map(|(table, offset)| Section::new(self.source, table, offset, keys))
            .collect()
    }
}

/// What was asked for, or the error that it is missing.
pub(super) fn required<T>(
    section: &Section<'_>,
    key: &'static str,
    value: Option<T>,
) -> Result<T, QuirkError> {
    value.ok_or_else(|| section.error(Problem::Missing(key)))
}

fn suggest(word: &str, all: &[&str]) -> (Option<String>, String) {
    let word = shorten(word);
    let nearest = all
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= NEAR && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| (*candidate).to_owned());
    (nearest, all.join(", "))
}

/// Words of a hostile file do not fill the log.
fn shorten(word: &str) -> String {
    word.chars().take(40).collect()
}
