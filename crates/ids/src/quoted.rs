//! Text from outside, made safe to print.

use std::fmt;

use crate::user_info;

/// How much of a text is shown, in characters of the escaped form.
const SHOWN: usize = 160;

/// A text from outside, to be shown in a message between backticks.
///
/// It shows as printable ASCII only, whatever it contains (control characters, backticks, backslashes and all beyond
/// ASCII are escaped), and shortened, so that it can neither break out of its quotes nor flood a log nor drive a
/// terminal.
#[derive(Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Quotes `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Quotes an address: what precedes its host, a user name and a password, does not show.
    #[must_use]
    pub fn address(text: &str) -> Self {
        Self::new(user_info::hidden(text))
    }

    /// Takes `secret` out of the text.
    pub fn hide(&mut self, secret: &str) {
        if self.0.contains(secret) {
            self.0 = self.0.replace(secret, "[token]");
        }
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = String::new();
        for c in self.0.chars() {
            match c {
                '\'' | '"' => shown.push(c),
                '`' => shown.push_str("\\`"),
                _ => shown.extend(c.escape_default()),
            }
            if shown.len() > SHOWN {
                // All of it is ASCII: every place is a character's boundary.
                shown.truncate(SHOWN);
                shown.push('…');
                break;
            }
        }
        f.write_str(&shown)
    }
}

impl fmt::Debug for Quoted {
    /// As it is shown: bounded and escaped as well.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_printable_ascii_only() {
        let cases = [
            ("/v1.0/me", "/v1.0/me"),
            ("it's \"x\"", "it's \"x\""),
            ("a\nb\u{1b}[2J", "a\\nb\\u{1b}[2J"),
            ("`x` \\", "\\`x\\` \\\\"),
            ("gr\u{e4}ph\u{202e}", "gr\\u{e4}ph\\u{202e}"),
        ];
        for (text, shown) in cases {
            assert_eq!(Quoted::new(text).to_string(), shown, "{text:?}");
        }
    }

    #[test]
    fn is_bounded() {
        let long = Quoted::new("\u{1b}".repeat(100_000)).to_string();
        assert_eq!(long.chars().count(), SHOWN + 1);
    }

    #[test]
    fn hides_a_secret_that_the_bound_would_cut() {
        let mut text = Quoted::new(format!("{}surrogate-0123456789", "x".repeat(SHOWN - 5)));
        text.hide("surrogate-0123456789");
        assert!(text.to_string().ends_with("x[toke…"), "{text}");
    }
}
