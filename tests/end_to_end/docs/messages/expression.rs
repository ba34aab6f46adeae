//! The texts that an expression can be: its own, those of its branches, and those of the variable or constant that it
//! names, or of the function that it calls.

use std::ops::Range;

use super::{
    rule::{is_describer, is_maker},
    sources::Source,
};
use crate::docs::source::Token::{self, Mark, Text, Word};

/// What makes one kind of text of another.
const CONVERSIONS: [&str; 6] = [
    "as_str",
    "clone",
    "into",
    "to_debug_string",
    "to_owned",
    "to_string",
];

/// What errors are called: their texts are those of `#[error("…")]`, or from elsewhere.
const ERRORS: [&str; 5] = ["error", "exceeded", "lost", "refusal", "self"];

/// What a field that holds a message is called, and a variable that a pattern takes out of it.
const MESSAGE: &str = "message";

/// The most variables and functions that are followed one after another.
const DEEPEST: usize = 8;

/// A part of a source.
#[derive(Clone, Copy)]
pub(super) struct Expression<'a> {
    source: &'a Source,
    start: usize,
    end: usize,
}

impl<'a> Expression<'a> {
    pub(super) fn new(source: &'a Source, range: Range<usize>) -> Self {
        let Range { start, end } = range;
        Self { source, start, end }
    }

    /// The texts, with `…` for what is filled in; none where a message is passed on that was made elsewhere. `None` if
    /// that cannot be seen.
    pub(super) fn texts(self) -> Option<Vec<String>> {
        self.followed(DEEPEST)
    }

    fn followed(self, deep: usize) -> Option<Vec<String>> {
        let expression = self.bare();
        let deep = deep.checked_sub(1)?;
        match expression.tokens() {
            [Text(text)] => Some(vec![text.clone()]),
            [format, Mark('!'), Mark('('), Text(text), ..]
                if (*format == "format" || *format == "format_args")
                    && expression.closes(2) == expression.end =>
            {
                Some(vec![text.clone()])
            }
            [first, ..] if *first == "match" => all(expression.arms(), deep),
            [first, ..] if *first == "if" => all(expression.branches()?, deep),
            // It has no value.
            [first, ..] if *first == "return" || *first == "continue" => Some(Vec::new()),
            [Mark('{'), ..] => expression.last().followed(deep),
            [Word(name)] if is_constant(name) => expression.constant(name)?.followed(deep),
            [Word(name)] if ERRORS.contains(&name.as_str()) => Some(Vec::new()),
            [Word(name)] => match expression.variable(name) {
                Some(value) => value.followed(deep),
                None => expression.is_passed_on(name).then(Vec::new),
            },
            [.., Mark('.'), Word(field)] if field == MESSAGE => Some(Vec::new()),
            _ if expression.is_described() => Some(Vec::new()),
            [first, Mark('.'), Word(name), Mark('('), ..] if *first == "self" => {
                expression.function(name, 3)?.followed(deep)
            }
            [Word(name), Mark('('), ..] => expression.function(name, 1)?.followed(deep),
            _ => None,
        }
    }

    fn tokens(self) -> &'a [Token] {
        &self.source.tokens[self.start..self.end]
    }

    fn within(self, start: usize, end: usize) -> Self {
        Self { start, end, ..self }
    }

    /// Without references and conversions.
    fn bare(self) -> Self {
        match self.tokens() {
            [Mark('&' | '*'), ..] => self.within(self.start + 1, self.end).bare(),
            [.., Mark('.'), Word(name), Mark('('), Mark(')')]
                if CONVERSIONS.contains(&name.as_str()) =>
            {
                self.within(self.start, self.end - 4).bare()
            }
            _ => self,
        }
    }

    /// Where what opens at a place of this expression is closed: the number of the next token.
    fn closes(self, at: usize) -> usize {
        closes(&self.source.tokens, self.start + at)
    }

    /// The values of the arms of a `match`.
    fn arms(self) -> Vec<Self> {
        let tokens = &self.source.tokens;
        let Some(open) = block(tokens, self.start, self.end) else {
            return Vec::new();
        };
        let (mut at, end) = (open + 1, closes(tokens, open) - 1);
        let mut arms = Vec::new();
        while let Some(arrow) = find(tokens, at, end, |rest| {
            matches!(rest, [Mark('='), Mark('>'), ..])
        }) {
            let start = arrow + 2;
            let comma = |rest: &[Token]| matches!(rest, [Mark(','), ..]);
            at = match tokens[start] {
                Mark('{') => closes(tokens, start),
                _ => find(tokens, start, end, comma).unwrap_or(end),
            };
            arms.push(self.within(start, at));
        }
        arms
    }

    /// The blocks of an `if` that has an `else`.
    fn branches(self) -> Option<Vec<Self>> {
        let tokens = &self.source.tokens;
        let open = block(tokens, self.start, self.end)?;
        let end = closes(tokens, open);
        let then = self.within(open, end);
        let rest = self.within(end, self.end);
        let [first, ..] = rest.tokens() else {
            return None;
        };
        (*first == "else").then(|| vec![then, self.within(end + 1, self.end)])
    }

    /// The value of a block: what comes after its last statement.
    fn last(self) -> Self {
        let tokens = &self.source.tokens;
        let end = self.closes(0) - 1;
        let mut start = self.start + 1;
        let mut at = start;
        while at < end {
            let next = match tokens[at] {
                Mark('(' | '[' | '{') => closes(tokens, at),
                _ => at + 1,
            };
            let ends = match (&tokens[at], tokens.get(next)) {
                (Mark(';'), _) => true,
                // A statement such as `if … { … }`.
                (Mark('{'), Some(Word(word))) => !["as", "else", "in"].contains(&word.as_str()),
                _ => false,
            };
            if ends && next < end {
                start = next;
            }
            at = next;
        }
        self.within(start, end)
    }

    /// What the variable is set to in this function.
    fn variable(self, name: &str) -> Option<Self> {
        let tokens = &self.source.tokens;
        let function = self.enclosing()?;
        let at = (function..self.start).rev().find(|at| {
            let names = |at: usize| tokens[at] == *name;
            tokens[*at] == "let" && (names(at + 1) || tokens[at + 1] == "mut" && names(at + 2))
        })?;
        self.assigned(at)
    }

    fn constant(self, name: &str) -> Option<Self> {
        let tokens = &self.source.tokens;
        let mut starts = tokens.windows(2).enumerate();
        let (at, _) = starts.find(|(_, pair)| pair[0] == "const" && pair[1] == *name)?;
        self.assigned(at)
    }

    /// What comes after `=` in the statement that begins here.
    fn assigned(self, at: usize) -> Option<Self> {
        let tokens = &self.source.tokens;
        let is_end = |rest: &[Token]| matches!(rest, [Mark(';'), ..]);
        let end = find(tokens, at, tokens.len(), is_end)?;
        let equals = find(tokens, at, end, |rest| matches!(rest, [Mark('='), ..]))?;
        Some(self.within(equals + 1, end))
    }

    /// The body of a function of this file whose call this expression is; the call's arguments open at a place of it.
    fn function(self, name: &str, open: usize) -> Option<Self> {
        if self.closes(open) != self.end {
            return None;
        }
        let tokens = &self.source.tokens;
        let mut starts = tokens.windows(2).enumerate();
        let (at, _) = starts.find(|(_, pair)| pair[0] == "fn" && pair[1] == *name)?;
        let open = block(tokens, at, tokens.len())?;
        Some(self.within(open, closes(tokens, open)))
    }

    /// Where the function begins that this is in.
    fn enclosing(self) -> Option<usize> {
        let before = &self.source.tokens[..self.start];
        before.iter().rposition(|token| *token == "fn")
    }

    /// Whether this is a call of a function that returns messages, and is looked at as such.
    fn is_described(self) -> bool {
        let opens = |rest: &[Token]| matches!(rest, [Mark('('), ..]);
        let Some(open) = find(&self.source.tokens, self.start, self.end, opens) else {
            return false;
        };
        let path = &self.source.tokens[self.start..open];
        let is_path = |token: &Token| matches!(token, Word(_) | Mark(':'));
        let name = path.last();
        path.iter().all(is_path) && name.is_some_and(is_describer)
    }

    /// Whether a variable that is not set here holds a message nevertheless: as a parameter of a function whose calls
    /// are looked at, or taken by a pattern out of what was made before.
    fn is_passed_on(self, name: &str) -> bool {
        let Some(start) = self.enclosing() else {
            return false;
        };
        let before = &self.source.tokens[start..self.start];
        let is_parameter = before
            .windows(2)
            .any(|pair| pair[0] == *name && pair[1] == Mark(':'));
        // A parameter of a closure, or set together with another variable.
        let is_other = before.windows(4).any(|four| match four {
            [Word(first), Mark('('), Word(set), Mark(',')] => first == "let" && set == name,
            [Mark('|'), Word(taken), Mark('|' | ','), _] => taken == name,
            [Mark(','), Word(taken), Mark('|'), _] => taken == name,
            _ => false,
        });
        match is_parameter {
            true => is_maker(&before[1]),
            false => name == MESSAGE && !is_other,
        }
    }
}

/// The texts of each of them, if all can be seen.
fn all(expressions: Vec<Expression<'_>>, deep: usize) -> Option<Vec<String>> {
    let texts = expressions.into_iter().map(|one| one.followed(deep));
    texts
        .collect::<Option<Vec<_>>>()
        .map(|texts| texts.concat())
}

fn is_constant(name: &str) -> bool {
    name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// The first place outside of brackets where `is` holds for the tokens from there on.
pub(super) fn find(
    tokens: &[Token],
    start: usize,
    end: usize,
    is: impl Fn(&[Token]) -> bool,
) -> Option<usize> {
    let mut at = start;
    while at < end {
        if is(&tokens[at..end]) {
            return Some(at);
        }
        at = match tokens[at] {
            Mark('(' | '[' | '{') => closes(tokens, at),
            _ => at + 1,
        };
    }
    None
}

/// Where the block of what begins here opens; the braces of a pattern are passed over.
pub(super) fn block(tokens: &[Token], start: usize, end: usize) -> Option<usize> {
    let open = find(tokens, start, end, |rest| matches!(rest, [Mark('{'), ..]))?;
    let after = closes(tokens, open);
    match tokens.get(after) {
        Some(Mark('=' | '|')) => block(tokens, after, end),
        _ => Some(open),
    }
}

/// The number of the token after the bracket that closes the one that opens here.
pub(super) fn closes(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_u32;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Mark('(' | '[' | '{') => depth += 1,
            Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}
