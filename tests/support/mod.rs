//! Running the built program.

#![allow(clippy::expect_used)]

use std::ffi::OsStr;
use std::process::Command;

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Run {
    /// Exit status.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

/// Runs `sidetone` with these arguments to its end.
pub(crate) fn sidetone<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_sidetone"))
        .args(args)
        .env("COLUMNS", "100")
        .env_remove("RUST_LOG")
        .output()
        .expect("the program starts");
    Run {
        status: output.status.code().expect("no signal ended it"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}
