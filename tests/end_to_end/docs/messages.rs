//! The messages of the program: the pages quote those that it has, and `docs/messages.md` lists each of them.
//!
//! They are found in the sources by one rule: the text of `#[error("…")]`, the arms of functions called `about`, what
//! variables called `message` hold, and what is given to what makes an [`intune_sync_settings::Advice`], a failure, a
//! finding, a note, a line of the log or a refusal of a token, where it is a literal or a `format!` of one. What is put
//! together in another way is not found, and what is filled in is shown as `…`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    page::Page,
    source::{Token, tokens},
};

/// Where the program's own messages are.
const SOURCES: [&str; 8] = [
    "host/src",
    "host/egress/src",
    "host/certificate/src",
    "host/files/src",
    "host/sandbox/src",
    "host/history/src",
    "crates",
    "guest/engine/src",
];

/// What makes a message of one argument, by its number, and a hint of the next one.
const MAKERS: [(&[&str], usize); 11] = [
    (&["Advice", "new"], 0),
    (&["Advice", "without_hint"], 0),
    (&["Failure", "failed"], 0),
    (&["Failure", "usage"], 0),
    (&["Failure", "not_authorized"], 0),
    (&["Finding", "new"], 1),
    (&["TokenError", "denied"], 0),
    (&["TokenError", "transient"], 0),
    (&["note"], 0),
    (&["notice"], 0),
    (&["problem"], 0),
];

/// The functions whose arms are messages.
const DESCRIBER: &str = "about";

/// The variables that hold messages until something is made of them.
const HOLDERS: [&str; 4] = ["message", "not_reached", "notice", "over"];

/// The list of all messages is the one that the sources give.
#[test]
fn the_page_of_messages_has_each() {
    let mut list = String::from("\n| Message | Hint |\n|---|---|\n");
    for (message, hint) in messages() {
        list += &format!("| {} | {} |\n", cell(&message), cell(&hint));
    }
    Page::of_docs("messages.md").hold("messages", &(list + "\n"));
}

/// The variables that the reference lists are read by the program.
#[test]
fn the_variables_of_the_reference_are_the_programs() {
    let texts: Vec<String> = texts();
    let page = Page::of_docs("reference.md");
    let (_, section) = page.text.split_once("\n## Variables\n").expect("a section");
    let table = section.lines().take_while(|line| !line.starts_with("## "));
    let names = table.filter_map(|row| row.strip_prefix("| `")?.split(" | ").next());
    let names: Vec<&str> = names
        .flat_map(|cell| cell.trim_end_matches('`').split("`, `"))
        .collect();
    assert!(names.len() > 15, "{names:?}");
    // These two are read by libraries: for the certificates, and for the proxy.
    let of_libraries = ["SSL_CERT_DIR", "NO_PROXY"];
    let unknown = names
        .iter()
        .filter(|name| !of_libraries.contains(name) && !texts.iter().any(|text| text == **name));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&&str>::new());
}

/// Each piece of a message that a page quotes is in a text of the program. What comes from Entra ID has its own codes.
#[test]
fn the_messages_that_troubleshooting_quotes_are_the_programs() {
    let texts = texts();
    let page = Page::of_docs("troubleshooting.md");
    let mut unknown = Vec::new();
    let mut quoted = 0;
    for row in page
        .text
        .lines()
        .skip_while(|line| *line != "## Before anything is sent")
    {
        let Some(first) = row
            .strip_prefix("| ")
            .and_then(|row| row.split(" | ").next())
        else {
            continue;
        };
        for message in quotes(first) {
            quoted += 1;
            let known =
                pieces(&message).all(|piece| texts.iter().any(|text| text.contains(&piece)));
            if !known {
                unknown.push(message);
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "the program has no such message: {unknown:#?}"
    );
    assert!(quoted > 60, "{quoted}: the rows were not found");
}

/// What a cell quotes: text between backticks, single or double.
fn quotes(cell: &str) -> Vec<String> {
    let mut quotes = Vec::new();
    let mut rest = cell;
    while let Some(start) = rest.find('`') {
        let fence = match rest[start..].starts_with("``") {
            true => "``",
            false => "`",
        };
        let inner = &rest[start + fence.len()..];
        let Some(end) = inner.find(fence) else { break };
        quotes.push(plain(inner[..end].trim()));
        rest = &inner[end + fence.len()..];
    }
    quotes
}

/// The pieces between what is filled in, without a number of Entra ID's or a status.
fn pieces(message: &str) -> impl Iterator<Item = String> {
    let pieces = message.split('…').map(|piece| {
        let piece =
            piece.trim_matches(|c: char| c.is_whitespace() || "():,.0123456789".contains(c));
        piece.to_owned()
    });
    pieces.filter(|piece| piece.len() > 1 && !piece.starts_with("AADSTS"))
}

/// Without backticks: a page cannot quote them within its own.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// Every text of the program.
fn texts() -> Vec<String> {
    let sources = sources();
    let tokens = sources.iter().flat_map(|source| tokens(source));
    tokens.filter_map(text).collect()
}

fn text(token: Token) -> Option<String> {
    match token {
        Token::Text(text) => Some(plain(&text)),
        Token::Word(_) | Token::Mark(_) => None,
    }
}

/// Each message with its hint, in the order of the alphabet.
fn messages() -> BTreeMap<String, String> {
    let mut messages = BTreeMap::new();
    for source in sources() {
        let tokens: Vec<Token> = tokens(&source).collect();
        let made = (0..tokens.len()).filter_map(|at| message_at(&tokens[at..]));
        for (message, hint) in made.chain(described(&tokens)).chain(held(&tokens)) {
            let is_word = |word: &&str| word.chars().all(char::is_alphabetic);
            // A single word is a part of something else.
            if message.split_whitespace().filter(is_word).count() > 1 {
                let known = messages.entry(message).or_insert_with(String::new);
                if known.is_empty() {
                    *known = hint;
                }
            }
        }
    }
    messages
}

/// The message that begins here, and its hint if it is next to it.
fn message_at(tokens: &[Token]) -> Option<(String, String)> {
    use Token::{Mark, Text};
    match tokens {
        [Mark('#'), Mark('['), error, Mark('('), Text(text), ..] if *error == "error" => {
            return Some((text.clone(), String::new()));
        }
        // A line of the log.
        [level, Mark(':'), Mark(':'), _, Mark(','), text @ ..] if *level == "Level" => {
            return Some((literal(text)?, String::new()));
        }
        _ => {}
    }
    let mut message = MAKERS.iter().find_map(|(path, number)| {
        let mut rest = tokens;
        for (at, name) in path.iter().enumerate() {
            if at > 0 {
                rest = rest.strip_prefix(&[Mark(':'), Mark(':')])?;
            }
            rest = rest.split_first().filter(|(first, _)| **first == *name)?.1;
        }
        let mut argument = rest.strip_prefix(&[Mark('(')])?;
        for _ in 0..*number {
            argument = next_argument(argument)?;
        }
        Some(argument)
    })?;
    let text = literal(message)?;
    message = next_argument(message)?;
    Some((text, literal(message).unwrap_or_default()))
}

/// The arms of the functions that describe what is wrong.
fn described(tokens: &[Token]) -> impl Iterator<Item = (String, String)> {
    let start = tokens
        .windows(2)
        .position(|pair| pair[0] == "fn" && pair[1] == DESCRIBER);
    let body = start.map_or(&[][..], |start| &tokens[start + 2..]);
    let end = body
        .iter()
        .position(|token| *token == "fn")
        .unwrap_or(body.len());
    let arms = body[..end].windows(2).enumerate();
    let arms = arms.filter(|(_, pair)| *pair == [Token::Mark('='), Token::Mark('>')]);
    let texts = arms.filter_map(|(at, _)| literal(&body[at + 2..]));
    texts.map(|text| (text, String::new()))
}

/// What variables hold that are messages, whichever branch it comes from.
fn held(tokens: &[Token]) -> impl Iterator<Item = (String, String)> {
    let starts = tokens.windows(3).enumerate().filter(|(_, found)| {
        let is_holder = HOLDERS.iter().any(|name| found[1] == *name);
        is_holder && found[0] == "let" && found[2] == Token::Mark('=')
    });
    starts.flat_map(|(start, _)| {
        let rest = &tokens[start + 3..];
        let end = rest.iter().position(|token| *token == Token::Mark(';'));
        let value = &rest[..end.unwrap_or(rest.len())];
        value.iter().filter_map(|token| match token {
            Token::Text(text) => Some((text.clone(), String::new())),
            Token::Word(_) | Token::Mark(_) => None,
        })
    })
}

/// What comes after the argument.
fn next_argument(arguments: &[Token]) -> Option<&[Token]> {
    let mut depth = 0_u32;
    for (at, token) in arguments.iter().enumerate() {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') if depth == 0 => return Some(&[]),
            Token::Mark(')' | ']' | '}') => depth -= 1,
            Token::Mark(',') if depth == 0 => return arguments.get(at + 1..),
            _ => {}
        }
    }
    None
}

/// The literal that an argument is, itself or as the pattern of `format!`.
fn literal(argument: &[Token]) -> Option<String> {
    match argument {
        [Token::Mark('&'), rest @ ..] => literal(rest),
        [Token::Text(text), ..] => Some(text.clone()),
        [
            format,
            Token::Mark('!'),
            Token::Mark('('),
            Token::Text(text),
            ..,
        ] if *format == "format" => Some(text.clone()),
        _ => None,
    }
}

/// A text as a cell of a table shows it: its own backticks are code there too.
fn cell(text: &str) -> String {
    let mut shown = String::new();
    for (number, part) in text.split('`').enumerate() {
        let is_code = number % 2 == 1;
        if number > 0 {
            shown.push('`');
        }
        let part = part.replace('|', "\\|");
        match is_code {
            true => shown += &part,
            false => shown += &part.replace('<', "\\<").replace('*', "\\*"),
        }
    }
    shown
}

/// Each source file without its tests.
fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in SOURCES {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    files
        .iter()
        .map(|path| {
            let source = fs::read_to_string(path).expect("it is text");
            source
                .split_once("\nmod tests {")
                .or_else(|| source.split_once("\npub(crate) mod tests {"))
                .map_or(source.clone(), |(code, _)| code.to_owned())
        })
        .collect()
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
