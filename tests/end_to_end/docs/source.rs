//! The tokens of a Rust source, as far as its texts are concerned.

use std::{iter::Peekable, str::Chars};

/// A word, a text or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a keyword or a number.
    Word(String),
    /// A literal: what it is when it is printed, with `…` for what `format!` fills in.
    Text(String),
    Mark(char),
}

impl PartialEq<&str> for Token {
    fn eq(&self, other: &&str) -> bool {
        matches!(self, Self::Word(word) if word == other)
    }
}

impl PartialEq<str> for Token {
    fn eq(&self, other: &str) -> bool {
        matches!(self, Self::Word(word) if word == other)
    }
}

/// The tokens of a source, without comments and characters.
pub(super) fn tokens(source: &str) -> impl Iterator<Item = Token> {
    let mut rest = source.chars().peekable();
    std::iter::from_fn(move || next(&mut rest))
}

/// The line that a token of a source is in, by its number; the first is 1.
pub(super) fn line(source: &str, number: usize) -> usize {
    let mut rest = source.chars().peekable();
    for _ in 0..=number {
        next(&mut rest);
    }
    let after = rest.filter(|c| *c == '\n').count();
    let all = source.chars().filter(|c| *c == '\n').count();
    all - after + 1
}

fn next(rest: &mut Peekable<Chars<'_>>) -> Option<Token> {
    loop {
        let c = rest.next()?;
        return Some(match c {
            c if c.is_whitespace() => continue,
            '/' if rest.peek() == Some(&'/') => {
                rest.find(|c| *c == '\n');
                continue;
            }
            '"' => Token::Text(filled_in(&text(rest))),
            '\'' => {
                character(rest);
                continue;
            }
            'r' if matches!(rest.peek(), Some('"' | '#')) => Token::Text(raw(rest)),
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                Token::Word(word)
            }
            c => Token::Mark(c),
        });
    }
}

/// The rest of a literal, with its escapes replaced. A line that ends with `\` goes on with the next one's text.
fn text(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => match rest.next() {
                Some('\n') => while rest.next_if(|c| c.is_whitespace()).is_some() {},
                Some('n') => text.push('\n'),
                Some(c) => text.push(c),
                None => break,
            },
            c => text.push(c),
        }
    }
    text
}

/// The rest of `r"…"` or `r#"…"#`.
fn raw(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut end = String::from('"');
    while rest.next_if_eq(&'#').is_some() {
        end.push('#');
    }
    rest.next();
    let mut text = String::new();
    for c in rest.by_ref() {
        text.push(c);
        if text.ends_with(&end) {
            text.truncate(text.len() - end.len());
            break;
        }
    }
    text
}

/// The rest of a character; of a lifetime nothing.
fn character(rest: &mut Peekable<Chars<'_>>) {
    let mut ahead = rest.clone();
    let first = ahead.next();
    if first == Some('\\') {
        rest.next();
        rest.next();
        rest.find(|c| *c == '\'');
    } else if ahead.next() == Some('\'') {
        rest.next();
        rest.next();
    }
}

/// The text, with `…` for `{…}`.
fn filled_in(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.next_if_eq(&c).is_some() => shown.push(c),
            '{' => {
                rest.find(|c| *c == '}');
                shown.push('…');
            }
            c => shown.push(c),
        }
    }
    shown
}

#[test]
fn texts_are_what_is_printed() {
    let source = r##"f('"', &'a x, "a {b:?} \"c\" \
        d", r#"e "f""#) // "g""##;
    let texts: Vec<Token> = tokens(source)
        .filter(|token| matches!(token, Token::Text(_)))
        .collect();
    let expected = ["a … \"c\" d", "e \"f\""].map(|text| Token::Text(text.to_owned()));
    assert_eq!(texts, expected);
}
