//! The kinds of settings: how each is read, held, compared and written.

use core::ops::RangeInclusive;

use intune_sync_ids::Guid;

use crate::{
    Choice, Given, choice,
    duration::{self, seconds_text},
    number::{self, Refused, rate_text},
    terms, words,
};

/// A setting's place in [`Given`].
pub(crate) struct Field<T: 'static> {
    pub(crate) get: fn(&Given) -> &T,
    pub(crate) get_mut: fn(&mut Given) -> &mut T,
}

/// What kind of value a setting takes, within which range, and where it is held.
pub(crate) enum Kind {
    /// Given or not: `true` or `false`.
    Switch(Field<Option<bool>>),
    /// A whole number of something.
    Count {
        range: RangeInclusive<u32>,
        unit: &'static str,
        field: Field<Option<u32>>,
    },
    /// A length of time in milliseconds.
    Duration {
        range: RangeInclusive<u64>,
        field: Field<Option<u64>>,
    },
    /// Syncs in 1,000 seconds, written as syncs per second.
    Rate(Field<Option<u64>>),
    /// One of a few words.
    Choice(&'static dyn ChoiceField),
    /// Texts. With `commas`, one value can hold several.
    Texts {
        commas: bool,
        field: Field<Vec<String>>,
    },
    /// Some words of a list, in any letter case.
    Words {
        words: &'static [&'static str],
        field: Field<Vec<String>>,
    },
    /// Ids of devices.
    Devices(Field<Vec<Guid>>),
    /// A setting that is not part of a job, and is read where it is used.
    Elsewhere,
}

/// How often a setting can be given, and whether it needs a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// It needs no value: alone it means `true`.
    Switch,
    /// It takes one value.
    One,
    /// It takes one or more values; with `commas`, one text can hold several.
    List {
        /// Whether a comma separates two values.
        commas: bool,
    },
}

/// What a setting is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// On or off.
    Switch(bool),
    /// A count, milliseconds, or syncs in 1,000 seconds.
    Number(u64),
    /// One of a few words.
    Word(&'static str),
    /// The values of a list.
    List(Vec<String>),
}

/// Why a setting is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSet {
    /// A job has no such setting.
    Unknown,
    /// This value is not allowed.
    Refused {
        /// The value, or the part of it.
        value: String,
        /// What is allowed.
        allowed: Refused,
    },
}

impl Kind {
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Switch(_) => Shape::Switch,
            Self::Count { .. }
            | Self::Duration { .. }
            | Self::Rate(_)
            | Self::Choice(_)
            | Self::Elsewhere => Shape::One,
            Self::Texts { commas, .. } => Shape::List { commas: *commas },
            Self::Words { .. } | Self::Devices(_) => Shape::List { commas: true },
        }
    }

    /// The words that are allowed, where these are few, each with what it means.
    pub(crate) fn words(&self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Choice(field) => field.words(),
            Self::Words { words, .. } => words.iter().map(|word| (*word, "")).collect(),
            _ => Vec::new(),
        }
    }

    /// The range of a number: `1 to 10000`, `0s to 1d`.
    pub(crate) fn range(&self) -> Option<String> {
        match self {
            Self::Count { range, .. } if *range.end() == u32::MAX => {
                Some(format!("{} or more", range.start()))
            }
            Self::Count { range, .. } => Some(format!("{} to {}", range.start(), range.end())),
            Self::Duration { range, .. } => {
                let (least, most) = (range.start(), range.end());
                Some(format!(
                    "{} to {}",
                    duration::display(*least),
                    duration::display(*most)
                ))
            }
            Self::Rate(_) => Some("0.001 to 1000000".to_owned()),
            _ => None,
        }
    }

    /// Sets the field, instead of what it was.
    pub(crate) fn set(&self, given: &mut Given, values: &[String]) -> Result<(), NotSet> {
        match self {
            Self::Switch(field) => field.put(given, one(values, boolean)?),
            Self::Count { range, unit, field } => {
                field.put(given, one(values, number::whole(range.clone(), unit))?);
            }
            Self::Duration { range, field } => {
                field.put(given, one(values, duration::within(range.clone()))?);
            }
            Self::Rate(field) => field.put(given, one(values, number::rate)?),
            Self::Choice(field) => field.set(given, values)?,
            Self::Texts { commas, field } => {
                field.put(given, list(values, *commas, terms::text)?);
            }
            Self::Words { words, field } => {
                field.put(
                    given,
                    list(values, true, |text| terms::one_of(words, text))?,
                );
            }
            Self::Devices(field) => field.put(given, list(values, true, terms::guid)?),
            Self::Elsewhere => return Err(NotSet::Unknown),
        }
        Ok(())
    }

    /// Takes the value of `other` if `given` has none.
    pub(crate) fn fill(&self, given: &mut Given, other: &mut Given) {
        match self {
            Self::Switch(field) => field.fill(given, other),
            Self::Count { field, .. } => field.fill(given, other),
            Self::Duration { field, .. } | Self::Rate(field) => field.fill(given, other),
            Self::Choice(field) => field.fill(given, other),
            Self::Texts { field, .. } | Self::Words { field, .. } => field.fill(given, other),
            Self::Devices(field) => field.fill(given, other),
            Self::Elsewhere => {}
        }
    }

    /// What `given` has.
    pub(crate) fn value(&self, given: &Given) -> Option<Value> {
        match self {
            Self::Switch(field) => (field.get)(given).map(Value::Switch),
            Self::Count { field, .. } => {
                (field.get)(given).map(|count| Value::Number(count.into()))
            }
            Self::Duration { field, .. } | Self::Rate(field) => {
                (field.get)(given).map(Value::Number)
            }
            Self::Choice(field) => field.word(given).map(Value::Word),
            Self::Texts { field, .. } | Self::Words { field, .. } => {
                list_value((field.get)(given), String::clone)
            }
            Self::Devices(field) => list_value((field.get)(given), ToString::to_string),
            Self::Elsewhere => None,
        }
    }

    /// A number as it is written on the command line; `people` prefer `1h30m` to `5400`.
    pub(crate) fn number(&self, number: u64, people: bool) -> String {
        match self {
            Self::Duration { .. } if people => duration::display(number),
            Self::Duration { .. } => seconds_text(number),
            Self::Rate(_) => rate_text(number),
            _ => number.to_string(),
        }
    }
}

impl<T: Default + PartialEq> Field<T> {
    fn put(&self, given: &mut Given, value: T) {
        *(self.get_mut)(given) = value;
    }

    fn fill(&self, given: &mut Given, other: &mut Given) {
        let this = (self.get_mut)(given);
        if *this == T::default() {
            *this = core::mem::take((self.get_mut)(other));
        }
    }
}

/// A field that holds one of a few words, whichever enum it is.
pub(crate) trait ChoiceField: Sync {
    fn words(&self) -> Vec<(&'static str, &'static str)>;
    fn set(&self, given: &mut Given, values: &[String]) -> Result<(), NotSet>;
    fn fill(&self, given: &mut Given, other: &mut Given);
    fn word(&self, given: &Given) -> Option<&'static str>;
}

impl<T: Choice + PartialEq> ChoiceField for Field<Option<T>> {
    fn words(&self) -> Vec<(&'static str, &'static str)> {
        let words = T::WORDS.iter();
        words.map(|(word, value)| (*word, value.help())).collect()
    }

    fn set(&self, given: &mut Given, values: &[String]) -> Result<(), NotSet> {
        self.put(given, one(values, choice)?);
        Ok(())
    }

    fn fill(&self, given: &mut Given, other: &mut Given) {
        Field::fill(self, given, other);
    }

    fn word(&self, given: &Given) -> Option<&'static str> {
        (self.get)(given).map(Choice::word)
    }
}

fn list_value<T>(values: &[T], text: impl Fn(&T) -> String) -> Option<Value> {
    (!values.is_empty()).then(|| Value::List(values.iter().map(text).collect()))
}

/// The values of a list. An empty list would not be a criterion, so that a caller who computed it would get the whole
/// fleet: it is refused.
fn list<T>(
    values: &[String],
    commas: bool,
    parse: impl Fn(&str) -> Result<T, Refused>,
) -> Result<Vec<T>, NotSet> {
    if values.is_empty() {
        return Err(refused("[]", "it takes at least one value"));
    }
    let parts = values.iter().flat_map(|value| {
        let separator = move |c: char| commas && c == ',';
        value.split(separator)
    });
    parts
        .map(|part| {
            parse(part).map_err(|allowed| NotSet::Refused {
                value: part.to_owned(),
                allowed,
            })
        })
        .collect()
}

fn one<T>(
    values: &[String],
    parse: impl Fn(&str) -> Result<T, Refused>,
) -> Result<Option<T>, NotSet> {
    match values {
        [value] => parse(value).map(Some).map_err(|allowed| NotSet::Refused {
            value: value.clone(),
            allowed,
        }),
        several => {
            let value = format!("[{}]", several.join(", "));
            Err(refused(&value, "it takes one value"))
        }
    }
}

fn refused(value: &str, allowed: &str) -> NotSet {
    NotSet::Refused {
        value: value.to_owned(),
        allowed: Refused(allowed.to_owned()),
    }
}

fn boolean(text: &str) -> Result<bool, Refused> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Refused(format!("it takes {}", words(&["true", "false"])))),
    }
}
