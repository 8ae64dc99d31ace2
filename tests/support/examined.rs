//! A run of `sidetone doctor --json`, and what it found.

use serde_json::Value;
use std::process::Command;
use std::time::Instant;

/// What was found.
#[derive(Debug)]
pub(crate) struct Examined {
    /// Exit status.
    #[allow(dead_code)]
    pub(crate) status: i32,
    pub(crate) json: Value,
    /// How long it took.
    #[allow(dead_code)]
    pub(crate) seconds: f64,
}

#[allow(dead_code)]
impl Examined {
    /// Runs the doctor with `--json`.
    pub(crate) fn by(doctor: &mut Command) -> Self {
        Self::of(doctor.arg("--json"))
    }

    /// Runs a command that ends in the doctor's report.
    pub(crate) fn of(command: &mut Command) -> Self {
        let started = Instant::now();
        let output = command.output().expect("the program starts");
        let seconds = started.elapsed().as_secs_f64();
        let text = String::from_utf8_lossy(&output.stdout);
        let json = serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr))
        });
        Self {
            status: output.status.code().expect("no signal ended it"),
            json,
            seconds,
        }
    }

    /// Everything found with this status.
    pub(crate) fn with_status(&self, status: &str) -> Vec<&Value> {
        let checks = self.json["checks"].as_array().unwrap().iter();
        checks.filter(|entry| entry["status"] == status).collect()
    }

    /// A finding of this check has this status; its sentence and what to do hold these words.
    pub(crate) fn says(&self, id: &str, status: &str, sentence: &str, action: &str) {
        let has = |entry: &&&Value, key: &str, words: &str| {
            entry[key].as_str().unwrap_or_default().contains(words)
        };
        let all = self.with_status(status);
        let mut fitting = all
            .iter()
            .filter(|entry| entry["id"] == id)
            .filter(|entry| has(entry, "summary", sentence) && has(entry, "action", action));
        let fits = fitting.next().is_some();
        assert!(
            fits,
            "{id} {status} {sentence:?} {action:?}: {:#}",
            self.json
        );
    }
}
