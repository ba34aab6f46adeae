//! The sources that messages are looked for in, without their tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::docs::source::{Token, line, tokens};

/// Where the texts are that the program prints, and those of the components that run without it.
const FOLDERS: [&str; 16] = [
    "crates",
    "guest/engine/src",
    "guest/job/src",
    "guest/managed-identity/src",
    "guest/notify/src",
    "guest/reporter/src",
    "guest/service/src",
    "guest/wasi-http/src",
    "host/certificate/src",
    "host/egress/src",
    "host/files/src",
    "host/history/src",
    "host/python/src",
    "host/rehearsal/src",
    "host/sandbox/src",
    "host/src",
];

/// A source file.
pub(super) struct Source {
    path: String,
    text: String,
    pub(super) tokens: Vec<Token>,
}

impl Source {
    /// Each of them.
    pub(super) fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        for folder in FOLDERS {
            collect(&root.join(folder), &mut files);
        }
        files.sort();
        let sources = files.iter().map(|file| {
            let path = file.strip_prefix(&root).expect("it is below");
            let text = fs::read_to_string(file).expect("it is text");
            Self::new(path.display().to_string(), &text)
        });
        sources.collect()
    }

    pub(super) fn new(path: String, text: &str) -> Self {
        let tests = ["\nmod tests {", "\npub(crate) mod tests {"];
        let end = tests.iter().filter_map(|tests| text.find(tests)).min();
        let text = &text[..end.unwrap_or(text.len())];
        Self {
            path,
            text: text.to_owned(),
            tokens: tokens(text).collect(),
        }
    }

    /// The file, and the line of a token.
    pub(super) fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, line(&self.text, at))
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it is a folder") {
        let path = entry.expect("it can be read").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        match name {
            "tests" | "tests.rs" | "benches" | "examples" => {}
            _ if path.is_dir() => collect(&path, files),
            _ if name.ends_with(".rs") => files.push(path),
            _ => {}
        }
    }
}
