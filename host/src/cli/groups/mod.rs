//! Groups of flags that several commands share.

pub(super) mod component;
pub(super) mod config;
pub(super) mod connection;
pub(super) mod devices_file;
pub(super) mod entra;
pub(super) mod history;
pub(super) mod identity;
pub(super) mod notification;
pub(super) mod output;
pub(super) mod report_files;
pub(super) mod settings;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use intune_sync_settings::{Choice, Setting, choice};

/// What the table says of a setting that the program reads in its own way.
pub(super) fn help(key: &str) -> &'static str {
    Setting::find(key).map_or("", |setting| setting.help)
}

/// A parser of the words of `T`, each with its help.
pub(super) fn choices<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let words = T::WORDS.iter();
    parser(words.map(|(word, _, help)| (*word, *help))).try_map(|word| choice(&word))
}

/// A parser of these words, each with what it means, where that is not empty.
fn parser(words: impl IntoIterator<Item = (&'static str, &'static str)>) -> PossibleValuesParser {
    PossibleValuesParser::new(words.into_iter().map(|(word, help)| match help {
        "" => PossibleValue::new(word),
        help => PossibleValue::new(word).help(help),
    }))
}
