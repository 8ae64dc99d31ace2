//! One test per recorded descriptor and per capture: `tests/descriptors/NAME.toml` and
//! `tests/captures/NAME.capture` become tests called `NAME`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    generate("tests/descriptors", "toml", "descriptor_tests.rs")?;
    generate("tests/captures", "capture", "capture_tests.rs")
}

/// A test for each file of `directory` with this `ending`, calling `check` with its name.
fn generate(directory: &str, ending: &str, tests_file: &str) -> io::Result<()> {
    let place = |name| env::var_os(name).map(PathBuf::from).unwrap_or_default();
    let directory = place("CARGO_MANIFEST_DIR").join(directory);
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            names.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort();
    let mut tests = String::new();
    for name in names {
        let function: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        // A name may begin with a digit (`047f-c056`), a function may not.
        let function = if function.starts_with(|c: char| c.is_ascii_digit()) {
            format!("headset_{function}")
        } else {
            function
        };
        let _ = write!(
            tests,
            "#[test]\nfn {function}() {{\n    check(\"{name}\");\n}}\n\n"
        );
    }
    fs::write(Path::new(&place("OUT_DIR")).join(tests_file), tests)
}
