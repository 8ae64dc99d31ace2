//! The figures of the quick measurement as they were, and the comparison with them.

use crate::Outcome;
use crate::document::root;
use crate::row::Row;
use std::path::PathBuf;

fn path() -> PathBuf {
    root().join("benches/accuracy/baseline.txt")
}

/// A line for each figure: row, condition, figure.
fn lines(rows: &[Row]) -> impl Iterator<Item = (String, f64, &Row)> {
    // Meetings are not on every machine.
    let everywhere = rows.iter().filter(|row| row.key != "speech-meetings");
    everywhere.flat_map(|row| {
        row.figures
            .iter()
            .map(move |(name, figure)| (format!("{}\t{name}", row.key), *figure, row))
    })
}

/// Takes these figures for the ones to compare with from now on.
pub(crate) fn bless(rows: &[Row]) -> Outcome<()> {
    let mut text = String::from(
        "# Figures of `make accuracy-quick`; `sidetone-accuracy quick bless` writes them anew.\n",
    );
    for (name, figure, _) in lines(rows) {
        text.push_str(&format!("{name}\t{figure:.4}\n"));
    }
    Ok(std::fs::write(path(), text)?)
}

/// Prints what has changed beyond chance; an error if anything has become worse.
pub(crate) fn compare(rows: &[Row]) -> Outcome<()> {
    let text = std::fs::read_to_string(path())?;
    let before = |name: &str| -> Option<f64> {
        let line = text
            .lines()
            .find_map(|l| l.strip_prefix(name)?.strip_prefix('\t'))?;
        line.parse().ok()
    };
    let (mut worse, mut same) = (0, 0);
    for (name, now, row) in lines(rows) {
        let Some(before) = before(&name) else {
            println!("new: {name}: {now:.4}");
            continue;
        };
        let by = row.worse_by(before, now);
        if by.abs() <= row.noise + 1e-9 {
            same += 1;
        } else {
            let how = if by > 0.0 { "WORSE" } else { "better" };
            println!("{how}: {name}: {before:.4} before, {now:.4} now");
            worse += u32::from(by > 0.0);
        }
    }
    println!("accuracy: {same} figures as before, {worse} worse");
    if worse > 0 {
        return Err("the analyser judges worse than before; mend it, or, if it is meant so, bless the baseline and say why".into());
    }
    Ok(())
}
