//! `sidetone analyze`

use super::args::AnalyzeArgs;
use super::whole_file::WholeFile;
use super::{Failure, output};
use crate::alerts::config::AlertConfig;
use crate::analyze::html::{Call, Curves, Pictures, page};
use crate::analyze::wav::{WavError, WavFile};
use crate::analyze::{self, Analysis, HEADER, Problem};
use crate::config;
use crate::report::vq_rtcpxr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Analyses the file and prints the report.
///
/// # Errors
/// [`Failure`], if the file cannot be analysed or something cannot be written.
pub fn run(args: &AnalyzeArgs) -> Result<(), Failure> {
    let limits = match &args.config {
        Some(file) => config::load(config::Source::File(file))?.config.alerts,
        None => AlertConfig::default(),
    };
    let analysis = analyze_file(args, &limits)?;
    if args.json {
        output::print_json(&analysis)
    } else if args.vq_rtcpxr {
        output::print(&vq_rtcpxr(&analysis.report))
    } else {
        output::print(&analyze::text(&analysis))
    }
}

fn analyze_file(args: &AnalyzeArgs, limits: &AlertConfig) -> Result<Analysis, Failure> {
    let (file, frames) = (&args.file, args.frames.as_ref());
    let wav = WavFile::open(file).map_err(Failure::Wav)?;
    for path in [frames, args.html.as_ref()].into_iter().flatten() {
        refuse_the_recording(file, path)?;
    }
    let html = args.html.as_deref().map(WholeFile::at).transpose()?;
    let mut curves = html.is_some().then(|| Curves::of(&wav));
    let mut rows = frames.map(|path| Rows::create(path)).transpose()?;
    let done = analyze::analyze(wav, limits, |row| {
        if let Some(curves) = &mut curves {
            curves.push(row);
        }
        match &mut rows {
            Some(rows) => writeln!(rows.out, "{row}"),
            None => Ok(()),
        }
    });
    let analysis = done.map_err(|problem| match (problem, frames) {
        (Problem::Rows(source), Some(path)) => Rows::failure(path, source),
        (Problem::Rows(source), None) => Failure::Output(source),
        (Problem::Wav(fault), _) => Failure::Wav(WavError {
            path: file.clone(),
            fault,
        }),
    })?;
    if let Some(rows) = rows {
        rows.finish()?;
    }
    if let Some((html, curves)) = html.zip(curves) {
        let name = file.file_name().unwrap_or(file.as_os_str());
        let again = WavFile::open(file).map_err(Failure::Wav)?;
        let pictures = Pictures::of(again, &analysis, &curves).map_err(|fault| {
            Failure::Wav(WavError {
                path: file.clone(),
                fault,
            })
        })?;
        html.write(&page(&Call {
            file: &name.to_string_lossy(),
            analysis: &analysis,
            curves: &curves,
            pictures: &pictures,
            limits,
        }))?;
    }
    Ok(analysis)
}

/// What is written must not be what is read.
fn refuse_the_recording(recording: &Path, written: &Path) -> Result<(), Failure> {
    let place = |path: &Path| fs::metadata(path).map(|there| (there.dev(), there.ino()));
    match (place(recording), place(written)) {
        (Ok(one), Ok(other)) if one == other => Err(Failure::OverRecording(written.to_owned())),
        _ => Ok(()),
    }
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
