//! All quirk files that are in force.

use super::error::{Problem, QuirkError};
use super::{DEFAULT_DEBOUNCE, LARGEST_FILE, Model, Quirk, file};
use crate::headset::{ProductId, VendorId};
use std::fs;
use std::io::Read;
use std::path::Path;

/// The files that come with the program.
const BUILT_IN: [(&str, &str); 6] = [
    (
        "plantronics.toml",
        include_str!("../../../quirks/plantronics.toml"),
    ),
    ("jabra.toml", include_str!("../../../quirks/jabra.toml")),
    ("epos.toml", include_str!("../../../quirks/epos.toml")),
    (
        "logitech.toml",
        include_str!("../../../quirks/logitech.toml"),
    ),
    ("yealink.toml", include_str!("../../../quirks/yealink.toml")),
    ("google.toml", include_str!("../../../quirks/google.toml")),
];

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuirkFile {
    /// Its name without `.toml`.
    pub name: String,
    /// What it says.
    pub models: Vec<Model>,
}

impl QuirkFile {
    /// Reads the text of a file called `name`.
    ///
    /// # Errors
    /// The first thing wrong in it, with its line.
    pub fn parse(name: &str, text: &str) -> Result<Self, QuirkError> {
        let models = file::parse(name, text)?;
        let name = Path::new(name)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        Ok(Self {
            name: name.unwrap_or_default(),
            models,
        })
    }
}

/// All files in force, most important first.
#[derive(Debug, Clone, Default)]
pub struct QuirkBook {
    files: Vec<QuirkFile>,
}

impl QuirkBook {
    /// No file at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The files that come with the program. (That each of them is valid is a test of this crate; one
    /// that were not would be left out and said in the log.)
    #[must_use]
    pub fn built_in() -> Self {
        let parsed = BUILT_IN.iter().filter_map(|(name, text)| {
            QuirkFile::parse(name, text)
                .inspect_err(|error| tracing::error!(%error, "built-in quirk file left out"))
                .ok()
        });
        Self {
            files: parsed.collect(),
        }
    }

    /// Adds a file, before all others.
    pub fn add(&mut self, file: QuirkFile) {
        self.files.insert(0, file);
    }

    /// Adds every `*.toml` of a directory, in the order of their names, before all others. A directory
    /// that is not there holds no files. What is wrong with single files is returned; the rest applies.
    pub fn add_directory(&mut self, directory: &Path) -> Vec<QuirkError> {
        let Ok(entries) = fs::read_dir(directory) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "toml")
            })
            .collect();
        paths.sort();
        let mut errors = Vec::new();
        let mut files = Vec::new();
        for path in paths {
            match read(&path) {
                Ok(file) => files.push(file),
                Err(error) => errors.push(error),
            }
        }
        files.append(&mut self.files);
        self.files = files;
        errors
    }

    /// What the files say about a product; `None` if nothing. Models that name the product come before
    /// models of its whole make.
    #[must_use]
    pub fn find(&self, vendor: VendorId, product: ProductId) -> Option<Quirk> {
        let mut quirk = Quirk {
            name: String::new(),
            rules: Vec::new(),
            debounce: DEFAULT_DEBOUNCE,
            names_product: false,
        };
        let mut names: Vec<&str> = Vec::new();
        let mut debounce = None;
        for by_name in [true, false] {
            for file in &self.files {
                let of_this_kind = |model: &&Model| {
                    let covers = model
                        .matches
                        .iter()
                        .filter(|entry| entry.covers(vendor, product));
                    covers.map(|entry| entry.products.is_some()).max() == Some(by_name)
                };
                for model in file.models.iter().filter(of_this_kind) {
                    quirk.rules.extend_from_slice(&model.rules);
                    quirk.names_product |= by_name;
                    debounce = debounce.or(model.debounce);
                    if !names.contains(&file.name.as_str()) {
                        names.push(&file.name);
                    }
                }
            }
        }
        quirk.name = names.join("+");
        quirk.debounce = debounce.unwrap_or(DEFAULT_DEBOUNCE);
        (!names.is_empty()).then_some(quirk)
    }

    /// The files, most important first.
    #[must_use]
    pub fn files(&self) -> &[QuirkFile] {
        &self.files
    }
}

/// Reads one file, and no more than a quirk file can be.
fn read(path: &Path) -> Result<QuirkFile, QuirkError> {
    let name = path.display().to_string();
    let refused = |problem| QuirkError {
        file: name.clone(),
        line: 1,
        problem,
    };
    let unreadable = |error: std::io::Error| refused(Problem::Unreadable(error.to_string()));
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST_FILE as u64 + 1).read_to_string(&mut text))
        .map_err(unreadable)?;
    QuirkFile::parse(&name, &text)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
