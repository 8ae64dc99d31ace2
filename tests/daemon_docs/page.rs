//! A Markdown page as far as these tests need it: headings, fenced blocks, links, inline code.

use std::fs;
use std::path::{Path, PathBuf};

/// The pages whose commands and links are checked.
const PAGES: [&str; 4] = [
    "README.md",
    "README.zh-CN.md",
    "ARCHITECTURE.md",
    "examples/README.md",
];

/// A fenced block.
#[derive(Debug, PartialEq)]
pub(crate) struct Fence {
    /// What stands after the opening fence.
    pub(crate) info: String,
    pub(crate) text: String,
    /// Number of its first line.
    pub(crate) line: usize,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    /// Relative to the repository.
    pub(crate) name: String,
    /// Level and text.
    pub(crate) headings: Vec<(usize, String)>,
    pub(crate) fences: Vec<Fence>,
    /// Target of each link and image, in order.
    pub(crate) links: Vec<String>,
    /// Inline code, in order.
    pub(crate) code: Vec<String>,
    /// Everything outside fenced blocks.
    pub(crate) prose: String,
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every page.
pub(crate) fn pages() -> Vec<Page> {
    let mut names: Vec<String> = PAGES.map(str::to_owned).to_vec();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            names.push(format!("docs/{}", path.file_name().unwrap().display()));
        }
    }
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

impl Page {
    /// Reads one page of the repository.
    pub(crate) fn read(name: &str) -> Self {
        let text =
            fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self::parse(name, &text)
    }

    fn parse(name: &str, text: &str) -> Self {
        let mut page = Self {
            name: name.to_owned(),
            headings: Vec::new(),
            fences: Vec::new(),
            links: Vec::new(),
            code: Vec::new(),
            prose: String::new(),
        };
        let mut open: Option<(usize, Fence)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            if let Some(info) = line.trim_start().strip_prefix("```") {
                if let Some((_, fence)) = open.take() {
                    page.fences.push(fence);
                } else {
                    let (info, text) = (info.to_owned(), String::new());
                    let line = number + 2;
                    open = Some((indent, Fence { info, text, line }));
                }
            } else if let Some((indent, fence)) = &mut open {
                fence.text += line.get(*indent..).unwrap_or_default();
                fence.text.push('\n');
            } else {
                page.prose_line(line);
            }
        }
        assert!(open.is_none(), "{name}: a fenced block does not end");
        let prose = std::mem::take(&mut page.prose);
        page.inline(&prose);
        page.prose = prose;
        page
    }

    fn prose_line(&mut self, line: &str) {
        let level = line.bytes().take_while(|b| *b == b'#').count();
        if level > 0 && line[level..].starts_with(' ') {
            self.headings.push((level, line[level..].trim().to_owned()));
        }
        self.prose += line;
        self.prose.push('\n');
    }

    fn inline(&mut self, prose: &str) {
        for (index, part) in prose.split('`').enumerate() {
            if index % 2 == 1 {
                self.code.push(part.to_owned());
            }
        }
        let mut rest = prose;
        while let Some((_, after)) = rest.split_once("](") {
            let (target, after) = after.split_once(')').unwrap();
            self.links.push(target.to_owned());
            rest = after;
        }
    }

    /// As GitHub makes an anchor of a heading.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let anchor = |text: &String| -> String {
            let kept = text.to_lowercase().replace(' ', "-");
            let keep = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
            kept.chars().filter(keep).collect()
        };
        self.headings.iter().map(|(_, text)| anchor(text)).collect()
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> PathBuf {
        let path = root().join(&self.name);
        path.parent().map(Path::to_path_buf).unwrap_or_default()
    }
}

#[test]
fn a_page_is_read_as_it_is_shown() {
    let page = Page::parse(
        "a.md",
        "# One `x`\n[a](b.md#c)\n```sh make\nmake a\n```\n1. x\n   ```sh\n   a\n     b\n   ```\n## Two, 2\n",
    );
    assert_eq!(page.anchors(), ["one-x", "two-2"]);
    assert_eq!(page.links, ["b.md#c"]);
    assert_eq!(page.code, ["x"]);
    let fences: Vec<_> = page
        .fences
        .iter()
        .map(|f| (f.info.as_str(), f.text.as_str(), f.line))
        .collect();
    assert_eq!(fences, [("sh make", "make a\n", 4), ("sh", "a\n  b\n", 8)]);
}
