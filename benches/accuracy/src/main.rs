//! How well the analyser judges: calls of real voices with exact truth, every row of the accuracy table.
//!
//! ```text
//! sidetone-accuracy all [tuning|test] [ROW…]   every row (or those whose names begin so), as a table
//! sidetone-accuracy write                      … of the test part, into docs/measurements.md and docs/images/
//! sidetone-accuracy quick [bless]              a tenth of the calls against baseline.txt; fails on a regression
//! sidetone-accuracy export FOLDER [quick]      the calls for other programs to judge
//! sidetone-accuracy peers FOLDER [quick|write] … beside what those programs said (`make peers`)
//! sidetone-accuracy cost PROGRAM CALL SECONDS  one program's work on a call, to be counted from outside
//! ```
//!
//! Everything follows from seeds: the same calls on every machine. The speakers of the *test* part were
//! never used to choose a constant.

mod baseline;
#[path = "../../../dsp/tests/call/mod.rs"]
mod call;
mod clip;
mod codec;
mod conversation;
mod document;
mod gain;
mod material;
mod path;
mod peers;
mod plot;
mod row;
mod rows;
mod score;
mod side_call;

use material::{Material, Part};
use row::Row;
use std::error::Error;
use std::path::{Path, PathBuf};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["all", rest @ ..] => {
            let part = if rest.first() == Some(&"tuning") { Part::Tuning } else { Part::Test };
            let named = |row: &&&str| **row != "tuning" && **row != "test";
            let names: Vec<&str> = rest.iter().filter(named).copied().collect();
            let material = Material::new(part, false);
            println!("the {} part", part.name());
            measure(&material, &names, |row| println!("{}", row.line()))?;
        }
        ["write"] => write()?,
        ["quick"] => baseline::compare(&quick()?)?,
        ["quick", "bless"] => baseline::bless(&quick()?)?,
        ["export", folder] => peers::export(Path::new(folder), false)?,
        ["export", folder, "quick"] => peers::export(Path::new(folder), true)?,
        ["peers", folder] => print(&peers::judge(Path::new(folder), false)?),
        ["peers", folder, "quick"] => print(&peers::judge(Path::new(folder), true)?),
        ["peers", folder, "write"] => {
            let tables = peers::judge(Path::new(folder), false)?;
            peers::write(&tables)?;
            print(&tables);
        }
        ["cost", program, call, seconds] => peers::cost::run(program, call, seconds.parse()?)?,
        _ => return Err("usage: sidetone-accuracy all [tuning|test] [ROW…] | write | quick [bless] | export FOLDER [quick] | peers FOLDER [quick|write] | cost PROGRAM CALL SECONDS".into()),
    }
    Ok(())
}

fn print(tables: &[(&str, String)]) {
    tables.iter().for_each(|(_, table)| println!("{table}"));
}

/// Every row whose group is named (all, if none is), each told as soon as it is known.
fn measure(material: &Material, names: &[&str], mut each: impl FnMut(&Row)) -> Outcome<Vec<Row>> {
    let wanted = |group: &str| names.is_empty() || names.iter().any(|name| group.starts_with(name));
    let mut all = Vec::new();
    let mut take = |rows: Vec<Row>| {
        rows.iter().for_each(&mut each);
        all.extend(rows);
    };
    if wanted("p56") {
        take(rows::p56::measure()?);
    }
    if wanted("speech") {
        take(rows::speech::measure(material));
    }
    if wanted("meetings") {
        take(meetings());
    }
    if wanted("double-talk") {
        take(rows::double_talk::measure(material));
    }
    if wanted("leakage") {
        take(rows::leakage::measure(material));
    }
    if wanted("overtalk") {
        take(rows::overtalk::measure(material));
    }
    if wanted("noise") {
        take(rows::noise::measure(material)?);
    }
    if wanted("steps") {
        take(rows::steps::measure(material)?);
    }
    if wanted("hum") {
        take(rows::hum::measure(material)?);
    }
    if wanted("crackle") {
        take(rows::crackle::measure(material)?);
    }
    if wanted("lost") {
        take(rows::lost::measure(material)?);
    }
    if wanted("weighting") {
        take(rows::weighting::measure()?);
    }
    Ok(all)
}

fn quick() -> Outcome<Vec<Row>> {
    let material = Material::new(Part::Test, true);
    measure(&material, &[], |_| {})
}

/// Real meetings, where somebody has them.
fn meetings() -> Vec<Row> {
    let judged: Vec<_> = corpus_clips()
        .into_iter()
        .map(rows::speech::judge)
        .collect();
    if judged.is_empty() {
        eprintln!(
            "no meetings: set SIDETONE_CORPUS to a folder with overlap/turns.rttm and its WAV files"
        );
        return Vec::new();
    }
    vec![rows::speech::row(
        &judged,
        "speech-meetings",
        "speech activity, real meetings (AMI)",
    )]
}

fn corpus_clips() -> Vec<clip::Clip> {
    let beside = || document::root().join("../shared/corpus");
    let corpus = std::env::var_os("SIDETONE_CORPUS").map_or_else(beside, PathBuf::from);
    rows::speech::meetings(&corpus)
}

/// The whole measurement of the test part into the documents.
fn write() -> Outcome<()> {
    let material = Material::new(Part::Test, false);
    let all = measure(&material, &[], |row| println!("{}", row.line()))?;
    let mut table = String::from("| what | measured | target |\n| --- | --- | --- |\n");
    all.iter()
        .for_each(|row| table.push_str(&(row.line() + "\n")));
    document::replace("accuracy", &table)?;
    document::picture(
        "accuracy-double-talk.svg",
        &plot::double_talk_curves(&material),
    )?;
    document::picture("accuracy-noise.svg", &plot::errors_by_ratio(&all))?;
    Ok(())
}
