//! The examination itself; the checks are in `situations`.

mod situations;
mod tree;

use super::*;
use crate::config::Source;
use std::path::Path;

fn desk() -> Desk {
    Desk::new(
        Roots::below(Path::new("/nowhere")),
        Source::File(Path::new("/dev/null")),
    )
}

#[test]
fn a_check_that_hangs_or_breaks_off_does_not_keep_the_others() {
    let hangs = Check {
        id: "hangs",
        about: "",
        run: |_| loop {
            std::thread::park();
        },
    };
    let breaks = Check {
        id: "breaks",
        about: "",
        run: |_| panic!("as it should in this test"),
    };
    let works = Check {
        id: "works",
        about: "",
        run: |_| vec![Finding::ok("Fine.")],
    };
    let report = examine_with(desk(), &[hangs, breaks, works], Duration::from_millis(300));
    let said: Vec<_> = report
        .checks
        .iter()
        .map(|entry| (entry.id, entry.finding.status))
        .collect();
    assert_eq!(
        said,
        [
            ("works", Status::Ok),
            ("hangs", Status::Skipped),
            ("breaks", Status::Skipped),
        ]
    );
    assert!(report.ok);
}

#[test]
fn names_are_unique_and_each_has_its_line() {
    let mut names: Vec<_> = checks().iter().map(|check| check.id).collect();
    assert_eq!(list().lines().count(), names.len());
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), checks().len());
}
