//! A page of the documentation: its blocks, and what their first lines say of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A page.
pub(super) struct Page {
    /// Its path in the repository.
    pub(super) name: String,
    pub(super) text: String,
    path: PathBuf,
}

/// A fenced block.
pub(super) struct Block {
    /// The line of its fence, from 1.
    pub(super) line: usize,
    pub(super) language: String,
    pub(super) directive: Directive,
    /// Its lines, without the indentation of the fence.
    pub(super) lines: Vec<String>,
}

/// What is to be done with a block: what follows the language in the line of its fence.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Directive {
    /// Nothing follows: it runs, and ends with exit code 0.
    Run,
    /// `exits: 3`.
    Exits(i32),
    /// `needs: jq`: it runs where this program is.
    Needs(String),
    /// `written`: what it shows is written by the test, to the letter.
    Written,
    /// `no-run: needs Azure`: it cannot run here, for this reason.
    NoRun(String),
}

impl Directive {
    fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.trim();
        Some(match name {
            "" => Self::Run,
            "written" => Self::Written,
            "exits" => Self::Exits(value.parse().ok()?),
            "needs" if !value.is_empty() => Self::Needs(value.to_owned()),
            "no-run" if !value.is_empty() => Self::NoRun(value.to_owned()),
            _ => return None,
        })
    }
}

impl Block {
    /// What a reader would type or copy: of a console its commands alone.
    pub(super) fn typed(&self) -> String {
        let is_console = self.language == "console";
        let is_typed = |line: &&String| !is_console || line.starts_with("$ ");
        let lines: Vec<&str> = self
            .lines
            .iter()
            .filter(is_typed)
            .map(String::as_str)
            .collect();
        lines.join("\n")
    }
}

impl Page {
    /// `README.md` and each page in `docs/`.
    pub(super) fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = fs::read_dir(root.join("docs")).expect("there is a folder");
        let mut names: Vec<String> = folder
            .map(|entry| entry.expect("it can be read").file_name())
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name.ends_with(".md"))
            .map(|name| format!("docs/{name}"))
            .collect();
        names.push("README.md".to_owned());
        names.sort();
        names
            .into_iter()
            .map(|name| Self::read(&root, name))
            .collect()
    }

    /// One page of `docs/`.
    pub(super) fn of_docs(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Self::read(&root, format!("docs/{name}"))
    }

    fn read(root: &Path, name: String) -> Self {
        let path = root.join(&name);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, text, path }
    }

    /// Its fenced blocks. A first line that says what is not known is an error of the page.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<(usize, Block)> = None;
        for (number, line) in (1..).zip(self.text.lines()) {
            let content = line.trim_start();
            let indentation = line.len() - content.len();
            match (&mut open, content.strip_prefix("```")) {
                (None, None) => {}
                (None, Some(info)) => {
                    let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
                    let directive = Directive::parse(rest.trim())
                        .unwrap_or_else(|| panic!("{}:{number}: `{rest}`?", self.name));
                    let block = Block {
                        line: number,
                        language: language.to_owned(),
                        directive,
                        lines: Vec::new(),
                    };
                    open = Some((indentation, block));
                }
                (Some(_), Some(_)) => blocks.extend(open.take().map(|(_, block)| block)),
                (Some((of_fence, block)), None) => {
                    let line = line.get(*of_fence..).unwrap_or_default();
                    block.lines.push(line.to_owned());
                }
            }
        }
        assert!(open.is_none(), "{}: a block has no end", self.name);
        blocks
    }

    /// What is in backticks outside of blocks.
    pub(super) fn spans(&self) -> Vec<String> {
        let mut inside = false;
        let prose: Vec<&str> = self
            .text
            .lines()
            .filter(|line| {
                let fence = line.trim_start().starts_with("```");
                inside ^= fence;
                !inside && !fence
            })
            .collect();
        let prose = prose.join(" ");
        prose
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    }

    /// Replaces its text.
    pub(super) fn write(&self, text: &str) {
        fs::write(&self.path, text).expect("it can be written");
    }

    /// Holds what is between two markers, `<!-- NAME -->` and `<!-- /NAME -->`, equal to `expected`; or writes it.
    pub(super) fn hold(&self, name: &str, expected: &str) {
        let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
        let (head, rest) = self
            .text
            .split_once(&start)
            .expect("it has the first marker");
        let (found, tail) = rest.split_once(&end).expect("it has the second marker");
        if is_writing() {
            self.write(&format!("{head}{start}{expected}{end}{tail}"));
        } else {
            assert_eq!(found, expected, "{}: `make docs` writes it anew", self.name);
        }
    }
}

/// Whether the pages are to be written, instead of compared: `make docs`.
pub(super) fn is_writing() -> bool {
    std::env::var_os("INTUNE_SYNC_WRITE_DOCS").is_some()
}
