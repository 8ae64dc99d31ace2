//! One test per recorded descriptor: `tests/descriptors/NAME.toml` becomes the test `NAME`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    let directory = manifest.join("tests/descriptors");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
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
        let function = name.replace('-', "_");
        let _ = write!(
            tests,
            "#[test]\nfn {function}() {{\n    check(\"{name}\");\n}}\n\n"
        );
    }
    let out = env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    fs::write(Path::new(&out).join("descriptor_tests.rs"), tests)
}
