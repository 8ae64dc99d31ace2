//! `sidetone analyze`

use super::args::AnalyzeArgs;
use super::{Failure, output};
use crate::alerts::config::AlertConfig;
use crate::analyze::wav::{WavError, WavFile};
use crate::analyze::{self, Analysis, HEADER, Problem};
use crate::config;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Analyses the file and prints the report.
///
/// # Errors
/// [`Failure`], if the file cannot be analysed or something cannot be written.
pub fn run(args: &AnalyzeArgs) -> Result<(), Failure> {
    let limits = match &args.config {
        Some(file) => config::load(config::Source::File(file))?.config.alerts,
        None => AlertConfig::default(),
    };
    let analysis = analyze_file(&args.file, &limits, args.frames.as_ref())?;
    if args.json {
        output::print_json(&analysis)
    } else {
        output::print(&analyze::text(&analysis))
    }
}

fn analyze_file(
    file: &Path,
    limits: &AlertConfig,
    frames: Option<&PathBuf>,
) -> Result<Analysis, Failure> {
    let wav = WavFile::open(file).map_err(Failure::Wav)?;
    let mut rows = frames.map(|path| Rows::create(path)).transpose()?;
    let done = analyze::analyze(wav, limits, |row| match &mut rows {
        Some(rows) => writeln!(rows.out, "{row}"),
        None => Ok(()),
    });
    let analysis = done.map_err(|problem| match (problem, frames) {
        (Problem::Rows(source), Some(path)) => Rows::failure(path, source),
        (Problem::Rows(source), None) => Failure::Output(source),
        (Problem::Wav(fault), _) => Failure::Wav(WavError {
            path: file.to_owned(),
            fault,
        }),
    })?;
    if let Some(rows) = rows {
        rows.finish()?;
    }
    Ok(analysis)
}

/// The CSV file being written.
struct Rows<'p> {
    path: &'p Path,
    out: BufWriter<File>,
}

impl<'p> Rows<'p> {
    fn create(path: &'p Path) -> Result<Self, Failure> {
        let mut out = File::create(path)
            .map(BufWriter::new)
            .map_err(|source| Self::failure(path, source))?;
        writeln!(out, "{HEADER}").map_err(|source| Self::failure(path, source))?;
        Ok(Self { path, out })
    }

    fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.out.flush();
        flushed.map_err(|source| Self::failure(self.path, source))
    }

    fn failure(path: &Path, source: io::Error) -> Failure {
        Failure::Write {
            path: path.to_owned(),
            source,
        }
    }
}
