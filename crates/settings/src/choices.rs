//! The settings that take one of a few words.

use crate::number::Refused;
use intune_sync_wit as wit;

/// A setting that takes one of a few words.
pub trait Choice: Copy + PartialEq + 'static {
    /// The words, each with what it means.
    const WORDS: &[(&str, Self)];

    /// What the word means, in a few words of help.
    fn help(self) -> &'static str {
        ""
    }

    /// The word that means this.
    fn word(self) -> &'static str {
        let known = Self::WORDS.iter().find(|(_, value)| *value == self);
        known.map_or("", |(word, _)| *word)
    }
}

/// How syncs are put into requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DispatchKind {
    /// JSON batches of 20 syncs.
    #[default]
    Batch,
    /// One request for each device.
    Single,
    /// The bulk action of Graph's beta.
    Bulk,
}

/// What decides when the next device's turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaceKind {
    /// Batch, pause, batch.
    #[default]
    Fixed,
    /// No pause.
    Quota,
}

/// The order of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderKind {
    /// The longest without a check-in first.
    #[default]
    Stalest,
    /// As Graph lists them.
    Listed,
}

impl Choice for DispatchKind {
    const WORDS: &[(&str, Self)] = &[
        ("batch", Self::Batch),
        ("single", Self::Single),
        ("bulk", Self::Bulk),
    ];

    fn help(self) -> &'static str {
        match self {
            Self::Batch => "JSON batches of 20 syncs, Graph v1.0",
            Self::Single => "One request for each device",
            Self::Bulk => {
                "The bulk action of Graph's beta, 100 devices a request; falls back to `batch` where it is refused"
            }
        }
    }
}

impl Choice for PaceKind {
    const WORDS: &[(&str, Self)] = &[("fixed", Self::Fixed), ("quota", Self::Quota)];

    fn help(self) -> &'static str {
        match self {
            Self::Fixed => "Batch, pause, batch",
            Self::Quota => "No pause: only the ceiling on the rate",
        }
    }
}

impl Choice for OrderKind {
    const WORDS: &[(&str, Self)] = &[("stalest", Self::Stalest), ("listed", Self::Listed)];

    fn help(self) -> &'static str {
        match self {
            Self::Stalest => "The longest without a check-in first",
            Self::Listed => "As Graph lists them",
        }
    }
}

impl From<DispatchKind> for wit::Dispatch {
    fn from(kind: DispatchKind) -> Self {
        match kind {
            DispatchKind::Batch => Self::Batch,
            DispatchKind::Single => Self::Single,
            DispatchKind::Bulk => Self::Bulk,
        }
    }
}

impl From<PaceKind> for wit::Pace {
    fn from(kind: PaceKind) -> Self {
        match kind {
            PaceKind::Fixed => Self::Fixed,
            PaceKind::Quota => Self::Quota,
        }
    }
}

impl From<OrderKind> for wit::Order {
    fn from(kind: OrderKind) -> Self {
        match kind {
            OrderKind::Stalest => Self::Stalest,
            OrderKind::Listed => Self::Listed,
        }
    }
}

/// Reads one of the words.
///
/// # Errors
///
/// Naming all of them.
pub fn choice<T: Choice>(text: &str) -> Result<T, Refused> {
    let known = T::WORDS.iter().find(|(word, _)| *word == text);
    known.map(|(_, value)| *value).ok_or_else(|| {
        let all: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
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
        assert_eq!(choice("bulk"), Ok(DispatchKind::Bulk));
        let allowed = "it takes `batch`, `single` or `bulk`";
        for text in ["", "Bulk", "batch ", "all"] {
            let refused = Err(Refused(allowed.into()));
            assert_eq!(choice::<DispatchKind>(text), refused, "{text}");
        }
    }

    /// The command line derives the clouds' words from the names of the variants.
    #[cfg(feature = "clap")]
    #[test]
    fn the_clouds_are_those_of_the_command_line() {
        use clap::ValueEnum;

        let clap = crate::Cloud::value_variants()
            .iter()
            .filter_map(|cloud| Some((cloud.to_possible_value()?.get_name().to_owned(), *cloud)));
        let own = crate::Cloud::WORDS
            .iter()
            .map(|(word, cloud)| ((*word).to_owned(), *cloud));
        assert_eq!(clap.collect::<Vec<_>>(), own.collect::<Vec<_>>());
    }
}
