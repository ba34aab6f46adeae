//! The messages of the program: the pages quote those that it has, and `docs/messages.md` lists each of them.
//!
//! They are found in the sources by one [rule], and a message that it cannot see fails a test: whatever makes a message
//! gets a text, a `format!` of one, or what leads to these by a variable, a `match` or a function.

mod expression;
mod rule;
mod sources;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use self::sources::Source;
use super::{page::Page, source::Token};

/// The list of all messages is the one that the sources give.
#[test]
fn the_page_of_messages_has_each() {
    let mut list = String::from("\n| Message | Hint |\n|---|---|\n");
    for (message, hint) in messages() {
        list += &format!("| {} | {} |\n", cell(&message), cell(&hint));
    }
    Page::of_docs("messages.md").hold("messages", &(list + "\n"));
}

/// Each message is written in the source so that the rule finds it.
#[test]
fn the_rule_sees_each_message() {
    let sources = Source::all();
    let found = sources.iter().flat_map(rule::found_in);
    let unseen = found.filter(|found| found.texts.is_none());
    let unseen: Vec<String> = unseen.map(|found| found.place).collect();
    assert!(
        unseen.is_empty(),
        "what messages are made here? Write them as texts or as the arms of a `match`: {unseen:#?}"
    );
}

/// Each line of the snapshots is a message of the list: nothing is printed that the rule passes over.
#[test]
fn the_list_has_what_the_program_prints() {
    let messages: Vec<String> = messages().into_keys().collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/end_to_end/snapshots");
    let (mut unknown, mut known) = (Vec::new(), 0);
    for file in fs::read_dir(folder).expect("it is a folder") {
        let path = file.expect("it can be read").path();
        let snapshot = fs::read_to_string(path).expect("it is text");
        let printed = snapshot.lines().filter_map(|line| {
            let kinds = ["error: ", "warning: ", "note: "];
            kinds.iter().find_map(|kind| line.strip_prefix(kind))
        });
        for line in printed {
            match messages.iter().any(|message| is_form(message, line)) {
                true => known += 1,
                false => unknown.push(line.to_owned()),
            }
        }
    }
    assert!(unknown.is_empty(), "the list has no {unknown:#?}");
    assert!(known > 100, "{known}: the lines were not found");
}

/// Whether a line is what a message becomes when something is filled in.
fn is_form(message: &str, line: &str) -> bool {
    let pieces: Vec<&str> = message.split('…').collect();
    let [first, middle @ .., last] = pieces.as_slice() else {
        return message == line;
    };
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    for piece in middle {
        let Some((_, after)) = rest.split_once(piece) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
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
    let sources = Source::all();
    let tokens = sources.iter().flat_map(|source| &source.tokens);
    let texts = tokens.filter_map(|token| match token {
        Token::Text(text) => Some(plain(text)),
        Token::Word(_) | Token::Mark(_) => None,
    });
    texts.collect()
}

/// Each message with its hint, if it has the same one everywhere, in the order of the alphabet.
fn messages() -> BTreeMap<String, String> {
    let mut hints: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for found in Source::all().iter().flat_map(rule::found_in) {
        for message in found.texts.unwrap_or_default() {
            let is_word = |word: &str| word.chars().all(char::is_alphabetic);
            // What has no words holds another message; what is indented is a command.
            if message.split_whitespace().any(is_word) && !message.starts_with(' ') {
                let hint = Some(found.hint.clone()).filter(|hint| !hint.is_empty());
                hints.entry(message).or_default().extend(hint);
            }
        }
    }
    let only = |mut hints: BTreeSet<String>| match hints.len() {
        1 => hints.pop_first().unwrap_or_default(),
        _ => String::new(),
    };
    let messages = hints.into_iter();
    messages
        .map(|(message, hints)| (message, only(hints)))
        .collect()
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
