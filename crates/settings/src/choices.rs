//! The settings that take one of a few words.

use intune_sync_wit::{Dispatch, Order, Pace};

use crate::number::Refused;

/// A setting that takes one of a few words.
pub trait Choice: Copy + PartialEq + 'static {
    /// The words, what each means, and the same in a few words of help.
    const WORDS: &[(&str, Self, &str)];

    /// The word that means this.
    fn word(self) -> &'static str {
        let known = Self::WORDS.iter().find(|(_, value, _)| *value == self);
        known.map_or("", |(word, ..)| *word)
    }
}

impl Choice for Dispatch {
    const WORDS: &[(&str, Self, &str)] = &[
        ("batch", Self::Batch, "JSON batches of 20 syncs, Graph v1.0"),
        ("single", Self::Single, "One request for each device"),
        (
            "bulk",
            Self::Bulk,
            "The bulk action of Graph's beta, 100 devices a request; falls back to `batch` where it is refused",
        ),
    ];
}

impl Choice for Pace {
    const WORDS: &[(&str, Self, &str)] = &[
        ("fixed", Self::Fixed, "Batch, pause, batch"),
        (
            "quota",
            Self::Quota,
            "No pause: only the ceiling on the rate",
        ),
    ];
}

impl Choice for Order {
    const WORDS: &[(&str, Self, &str)] = &[
        (
            "stalest",
            Self::Stalest,
            "The longest without a check-in first",
        ),
        ("listed", Self::Listed, "As Graph lists them"),
    ];
}

/// Reads one of the words.
///
/// # Errors
///
/// Naming all of them.
pub fn choice<T: Choice>(text: &str) -> Result<T, Refused> {
    let known = T::WORDS.iter().find(|(word, ..)| *word == text);
    known.map(|(_, value, _)| *value).ok_or_else(|| {
        let all: Vec<&str> = T::WORDS.iter().map(|(word, ..)| *word).collect();
        Refused(format!("it takes {}", words(&all)))
    })
}

/// `a`, `b` or `c`.
pub fn words(words: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("`{}`", word.as_ref()))
        .collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_takes_its_words_and_names_them() {
        assert_eq!(choice("bulk"), Ok(Dispatch::Bulk));
        let allowed = "it takes `batch`, `single` or `bulk`";
        for text in ["", "Bulk", "batch ", "all"] {
            let refused = Err(Refused(allowed.into()));
            assert_eq!(choice::<Dispatch>(text), refused, "{text}");
        }
    }
}
