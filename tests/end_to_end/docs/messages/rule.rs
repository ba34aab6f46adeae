//! The rule that finds the messages in the sources.

use super::{
    expression::{Expression, block, closes, find},
    sources::Source,
};
use crate::docs::source::Token::{self, Mark, Text, Word};

/// What makes a message or a part of one, and the number of the argument that is it. The next argument is a hint.
const MAKERS: [(&[&str], usize); 25] = [
    (&["Advice", "new"], 0),
    (&["Advice", "without_hint"], 0),
    (&["ClientError", "variable"], 1),
    (&["Error", "Transport"], 0),
    (&["Failure", "failed"], 0),
    (&["Failure", "not_authorized"], 0),
    (&["Failure", "usage"], 0),
    (&["Finding", "new"], 1),
    (&["PyRuntimeError", "new_err"], 0),
    (&["Refusal", "new"], 1),
    (&["TokenError", "denied"], 0),
    (&["TokenError", "new"], 1),
    (&["TokenError", "transient"], 0),
    (&["Unreadable", "NoToken"], 0),
    (&["Unreadable", "Over"], 0),
    (&["Unreadable", "Unusable"], 0),
    (&["fall_back"], 1),
    (&["io", "Error", "new"], 1),
    (&["not_resumable"], 0),
    (&["note"], 0),
    (&["notice"], 0),
    (&["problem"], 0),
    (&["unknown"], 1),
    (&["unsent"], 0),
    (&["unusable_response"], 0),
];

/// The types whose first field is a message or a part of one.
const HOLDERS: [(&str, &str); 4] = [
    ("Advice", "message"),
    ("Endpoint", "name"),
    ("Problem", "message"),
    ("TokenError", "message"),
];

/// The functions that return messages or parts of them.
const DESCRIBERS: [&str; 3] = ["about", "blocked", "shortfall"];

/// What is given the end of a sentence, if it is given a text.
const ENDS: [&str; 2] = ["Err", "Refused"];

/// The fields that hold the end of a sentence, if they hold a text.
const END_FIELDS: [&str; 2] = ["problem", "reason"];

/// A message of the program, and what goes with it.
pub(super) struct Found {
    /// The file and the line.
    pub(super) place: String,
    /// What it can be; `None` if the rule cannot see that.
    pub(super) texts: Option<Vec<String>>,
    /// The hint, if it is one whatever happens.
    pub(super) hint: String,
}

/// Each place of a source where a message is made.
pub(super) fn found_in(source: &Source) -> Vec<Found> {
    let places = (0..source.tokens.len()).filter_map(|at| {
        let expression = message_at(source, at)?;
        let hint = expression.next.and_then(Expression::texts);
        Some(Found {
            place: source.place(at),
            texts: expression.message.texts(),
            hint: match hint.as_deref() {
                Some([hint]) => hint.clone(),
                _ => String::new(),
            },
        })
    });
    places.collect()
}

/// Whether functions of this name make messages.
pub(super) fn is_maker(name: &Token) -> bool {
    let mut paths = MAKERS.iter().filter_map(|(path, _)| path.last());
    paths.any(|last| name == last)
}

/// Whether functions of this name return messages.
pub(super) fn is_describer(name: &Token) -> bool {
    DESCRIBERS.iter().any(|known| name == known)
}

struct Made<'a> {
    message: Expression<'a>,
    next: Option<Expression<'a>>,
}

/// The message that is made here.
fn message_at(source: &Source, at: usize) -> Option<Made<'_>> {
    let tokens = &source.tokens;
    let alone = |range| Made {
        message: Expression::new(source, range),
        next: None,
    };
    match &tokens[at..] {
        [Mark('#'), Mark('['), error, Mark('('), Text(_), ..] if *error == "error" => {
            return Some(alone(at + 4..at + 5));
        }
        [Word(name), Mark('('), text @ ..] if ENDS.contains(&name.as_str()) && is_text(text) => {
            return Some(alone(at + 2..argument_end(tokens, at + 2)));
        }
        [Word(name), Mark(':'), text @ ..]
            if END_FIELDS.contains(&name.as_str()) && is_text(text) =>
        {
            return Some(alone(at + 2..argument_end(tokens, at + 2)));
        }
        // Another error in words: `.map_err(|error| format!("…"))`.
        [first, Mark('('), Mark('|'), Word(_), Mark('|'), text @ ..]
            if *first == "map_err" && is_text(text) =>
        {
            return Some(alone(at + 5..argument_end(tokens, at + 5)));
        }
        [first, name, ..] if *first == "fn" && is_describer(name) => {
            let body = block(tokens, at, tokens.len())?;
            let returns_text = tokens[at..body]
                .iter()
                .rev()
                .take(2)
                .any(|token| *token == "String" || *token == "str");
            return returns_text.then(|| alone(body..closes(tokens, body)));
        }
        [Word(of), Mark('{'), Word(field), Mark(':'), ..]
            if HOLDERS.contains(&(of.as_str(), field.as_str())) =>
        {
            return Some(alone(at + 4..argument_end(tokens, at + 4)));
        }
        // A line of the log.
        [level, Mark(':'), Mark(':'), _, Mark(','), ..] if *level == "Level" => {
            return Some(alone(at + 5..argument_end(tokens, at + 5)));
        }
        _ => {}
    }
    if at > 0 && tokens[at - 1] == "fn" {
        return None;
    }
    let (open, number) = MAKERS.iter().find_map(|(path, number)| {
        let open = called(tokens, at, path)?;
        Some((open, *number))
    })?;
    // A pattern.
    if let Some(Mark('=' | '|')) = tokens.get(closes(tokens, open)) {
        return None;
    }
    let end = closes(tokens, open) - 1;
    let mut start = open + 1;
    for _ in 0..number {
        start = argument_end(tokens, start) + 1;
    }
    // Another function of this name, with fewer arguments.
    if start >= end {
        return None;
    }
    let comma = argument_end(tokens, start);
    Some(Made {
        message: Expression::new(source, start..comma),
        next: (comma + 1 < end).then(|| {
            let next = comma + 1;
            Expression::new(source, next..argument_end(tokens, next))
        }),
    })
}

/// Where the arguments of a call open, if what this path names is called here.
fn called(tokens: &[Token], at: usize, path: &[&str]) -> Option<usize> {
    let mut open = at;
    for (number, name) in path.iter().enumerate() {
        if number > 0 {
            tokens[open..].strip_prefix(&[Mark(':'), Mark(':')])?;
            open += 2;
        }
        let token = tokens.get(open)?;
        let own = || *token == "Self" && implemented(tokens, open).is_some_and(|of| of == name);
        (token == name || own()).then_some(())?;
        open += 1;
    }
    (tokens.get(open) == Some(&Mark('('))).then_some(open)
}

/// The type that the `impl` is of which this is in.
fn implemented(tokens: &[Token], at: usize) -> Option<&Token> {
    let mut items = tokens[..at].windows(2);
    let is_item = |pair: &[Token]| pair[1] == "impl" && matches!(pair[0], Mark(']' | '}' | ';'));
    let start = items.rposition(is_item)?;
    let open = block(tokens, start + 1, at)?;
    tokens[..open].last()
}

/// Whether a text begins here.
fn is_text(tokens: &[Token]) -> bool {
    match tokens {
        [Text(_), ..] => true,
        [format, Mark('!'), ..] => *format == "format",
        _ => false,
    }
}

/// Where an argument or a field ends that begins here.
fn argument_end(tokens: &[Token], start: usize) -> usize {
    let is_end = |rest: &[Token]| matches!(rest, [Mark(',' | ')' | ']' | '}'), ..]);
    find(tokens, start, tokens.len(), is_end).unwrap_or(tokens.len())
}

#[test]
fn what_leads_to_a_text_is_followed_and_the_rest_is_not() {
    let source = r#"
        const LAST: &str = "the last";
        fn made(kind: Kind, given: &str) {
            let message = match kind {
                Kind::A { .. } => "of one kind",
                Kind::B if given.is_empty() => {
                    let number = 1;
                    format!("of another {number}")
                }
                _ => other(),
            };
            note(&message);
            note(given);
            note(&(String::from("a ") + given));
            let why = error.to_string();
            Advice::new(why, "correct it");
            let (both, hint) = given;
            Advice::new(both, hint);
        }
        fn other() -> String {
            if now() { return "passed over".into(); }
            if later() { "a branch".to_owned() } else { LAST.to_owned() }
        }
    "#;
    let found = found_in(&Source::new("a.rs".to_owned(), source));
    let found: Vec<_> = found
        .iter()
        .map(|found| {
            (
                found.place.as_str(),
                found.texts.as_ref().map(|texts| texts.join(", ")),
            )
        })
        .collect();
    let of_kinds = "of one kind, of another …, a branch, the last".to_owned();
    let expected = [
        ("a.rs:12", Some(of_kinds)),
        ("a.rs:13", None),
        ("a.rs:14", None),
        ("a.rs:16", Some(String::new())),
        ("a.rs:18", None),
    ];
    assert_eq!(found, expected);
}
