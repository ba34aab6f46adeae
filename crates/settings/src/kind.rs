//! The kinds of settings: how each is read, held, compared and written.

use core::ops::RangeInclusive;

use intune_sync_ids::{Guid, without_user_info};
use intune_sync_ranges::RATE;

use crate::{
    Advice, Choice, Given, Setting, choice, duration, moment,
    number::{self, Refused, thousandths},
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
    /// A whole number within a range, of what the text says.
    Count(RangeInclusive<u32>, &'static str, Field<Option<u32>>),
    /// A length of time within a range, in milliseconds.
    Duration(RangeInclusive<u64>, Field<Option<u64>>),
    /// The same, where a number alone is in seconds: the runbook's parameters.
    Seconds(RangeInclusive<u64>, Field<Option<u64>>),
    /// A moment, in milliseconds since 1970.
    Moment(Field<Option<u64>>),
    /// Syncs in 1,000 seconds, written as syncs per second.
    Rate(Field<Option<u64>>),
    /// One of a few words.
    Choice(&'static dyn ChoiceField),
    /// Texts; if one can hold several, with commas between them.
    Texts(bool, Field<Vec<String>>),
    /// Some words of a list, in any letter case.
    Words(&'static [&'static str], Field<Vec<String>>),
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

/// What form the values of a setting have in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// `true` or `false`.
    Boolean,
    /// A whole number within a range.
    Integer(RangeInclusive<u32>),
    /// A number that is more than 0.
    Number,
    /// A length of time with a unit.
    Duration,
    /// The same, or a number of seconds.
    Seconds,
    /// Any text, or one of [`Setting::words`], if it has some.
    Text,
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
        /// The value, or the part of it, as a message may show it.
        value: String,
        /// What is allowed.
        allowed: Refused,
    },
}

impl Refused {
    /// That this value is refused.
    pub fn of(self, value: impl Into<String>) -> NotSet {
        let value: String = value.into();
        NotSet::Refused {
            value: without_user_info(&value),
            allowed: self,
        }
    }
}

impl NotSet {
    /// What is wrong with what is written at `place`, a flag or a variable.
    #[must_use]
    pub fn at(self, place: &str) -> Advice {
        match self {
            Self::Unknown => Advice::new(format!("`{place}` is not a setting"), "remove it"),
            Self::Refused { value, allowed } => Advice::new(
                format!("`{value}` is not allowed for `{place}`: {allowed}"),
                "correct it, or remove it",
            ),
        }
    }
}

impl Setting {
    /// How often it can be given, and whether it needs a value.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match &self.kind {
            Kind::Switch(_) => Shape::Switch,
            Kind::Count(..)
            | Kind::Duration(..)
            | Kind::Seconds(..)
            | Kind::Moment(_)
            | Kind::Rate(_)
            | Kind::Choice(_)
            | Kind::Elsewhere => Shape::One,
            Kind::Texts(commas, _) => Shape::List { commas: *commas },
            Kind::Words(..) | Kind::Devices(_) => Shape::List { commas: true },
        }
    }

    /// What form its values have in a file.
    #[must_use]
    pub fn form(&self) -> Form {
        match &self.kind {
            Kind::Switch(_) => Form::Boolean,
            Kind::Count(range, ..) => Form::Integer(range.clone()),
            Kind::Rate(_) => Form::Number,
            Kind::Duration(..) => Form::Duration,
            Kind::Seconds(..) => Form::Seconds,
            Kind::Moment(_)
            | Kind::Choice(_)
            | Kind::Texts(..)
            | Kind::Words(..)
            | Kind::Devices(_)
            | Kind::Elsewhere => Form::Text,
        }
    }

    /// The words that it takes, where these are few, each with what it means.
    #[must_use]
    pub fn words(&self) -> Vec<(&'static str, &'static str)> {
        match &self.kind {
            Kind::Choice(field) => field.words(),
            Kind::Words(words, _) => words.iter().map(|word| (*word, "")).collect(),
            _ => Vec::new(),
        }
    }

    /// The range of a number: `1 to 10000`, `0s to 1d`.
    #[must_use]
    pub fn range(&self) -> Option<String> {
        match &self.kind {
            Kind::Count(range, ..) if *range.end() == u32::MAX => {
                Some(format!("{} or more", range.start()))
            }
            Kind::Count(range, ..) => Some(format!("{} to {}", range.start(), range.end())),
            Kind::Duration(range, _) | Kind::Seconds(range, _) => {
                let (least, most) = (range.start(), range.end());
                Some(format!(
                    "{} to {}",
                    duration::display(*least),
                    duration::display(*most)
                ))
            }
            Kind::Moment(_) => Some(moment::FORM.to_owned()),
            Kind::Rate(_) => {
                let (least, most) = (thousandths(*RATE.start()), thousandths(*RATE.end()));
                Some(format!("{least} to {most}"))
            }
            _ => None,
        }
    }

    /// Sets it in `given`, instead of what it was.
    ///
    /// # Errors
    ///
    /// When it is not of a job, or one of the values is not allowed.
    pub fn set(&self, given: &mut Given, values: &[String]) -> Result<(), NotSet> {
        match &self.kind {
            Kind::Switch(field) => field.put(given, one(values, boolean)?),
            Kind::Count(range, unit, field) => {
                field.put(given, one(values, number::whole(range.clone(), unit))?);
            }
            Kind::Duration(range, field) => {
                field.put(given, one(values, duration::within(range.clone()))?);
            }
            Kind::Seconds(range, field) => {
                field.put(given, one(values, duration::seconds_within(range.clone()))?);
            }
            Kind::Moment(field) => field.put(given, one(values, moment::moment)?),
            Kind::Rate(field) => field.put(given, one(values, number::rate)?),
            Kind::Choice(field) => field.set(given, values)?,
            Kind::Texts(commas, field) => {
                field.put(given, list(values, *commas, terms::text)?);
            }
            Kind::Words(words, field) => {
                field.put(
                    given,
                    list(values, true, |text| terms::one_of(words, text))?,
                );
            }
            Kind::Devices(field) => field.put(given, list(values, true, terms::guid)?),
            Kind::Elsewhere => return Err(NotSet::Unknown),
        }
        Ok(())
    }

    /// Takes the value of `other` if `given` has none.
    pub(crate) fn fill(&self, given: &mut Given, other: &mut Given) {
        match &self.kind {
            Kind::Switch(field) => field.fill(given, other),
            Kind::Count(.., field) => field.fill(given, other),
            Kind::Duration(_, field)
            | Kind::Seconds(_, field)
            | Kind::Moment(field)
            | Kind::Rate(field) => field.fill(given, other),
            Kind::Choice(field) => field.fill(given, other),
            Kind::Texts(_, field) | Kind::Words(_, field) => field.fill(given, other),
            Kind::Devices(field) => field.fill(given, other),
            Kind::Elsewhere => {}
        }
    }

    /// Takes it out of `given`.
    pub(crate) fn clear(&self, given: &mut Given) {
        match &self.kind {
            Kind::Switch(field) => field.put(given, None),
            Kind::Count(.., field) => field.put(given, None),
            Kind::Duration(_, field)
            | Kind::Seconds(_, field)
            | Kind::Moment(field)
            | Kind::Rate(field) => field.put(given, None),
            Kind::Choice(field) => field.clear(given),
            Kind::Texts(_, field) | Kind::Words(_, field) => field.put(given, Vec::new()),
            Kind::Devices(field) => field.put(given, Vec::new()),
            Kind::Elsewhere => {}
        }
    }

    /// Adds the values that it has in `other`, where it is a list.
    pub fn extend(&self, given: &mut Given, other: &Given) {
        match &self.kind {
            Kind::Texts(_, field) | Kind::Words(_, field) => field.extend(given, other),
            Kind::Devices(field) => field.extend(given, other),
            _ => {}
        }
    }

    /// What it is in `given`.
    #[must_use]
    pub fn value(&self, given: &Given) -> Option<Value> {
        match &self.kind {
            Kind::Switch(field) => (field.get)(given).map(Value::Switch),
            Kind::Count(.., field) => (field.get)(given).map(|count| Value::Number(count.into())),
            Kind::Duration(_, field)
            | Kind::Seconds(_, field)
            | Kind::Moment(field)
            | Kind::Rate(field) => (field.get)(given).map(Value::Number),
            Kind::Choice(field) => field.word(given).map(Value::Word),
            Kind::Texts(_, field) | Kind::Words(_, field) => {
                list_value((field.get)(given), String::clone)
            }
            Kind::Devices(field) => list_value((field.get)(given), ToString::to_string),
            Kind::Elsewhere => None,
        }
    }

    /// A number of this setting for people: a duration as `1h30m`.
    #[must_use]
    pub fn shown(&self, number: u64) -> String {
        match &self.kind {
            Kind::Duration(..) | Kind::Seconds(..) => duration::display(number),
            _ => self.exact(number),
        }
    }

    /// The values as they are written on the command line, exactly.
    #[must_use]
    pub fn written(&self, value: &Value) -> Vec<String> {
        match value {
            Value::Switch(on) => vec![on.to_string()],
            Value::Number(number) => vec![self.exact(*number)],
            Value::Word(word) => vec![(*word).to_owned()],
            Value::List(values) => values.clone(),
        }
    }

    fn exact(&self, number: u64) -> String {
        match &self.kind {
            Kind::Duration(..) => duration::exact(number),
            Kind::Moment(_) => moment::written(number),
            Kind::Seconds(..) | Kind::Rate(_) => thousandths(number),
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

impl<T: Clone> Field<Vec<T>> {
    fn extend(&self, given: &mut Given, other: &Given) {
        (self.get_mut)(given).extend_from_slice((self.get)(other));
    }
}

/// A field that holds one of a few words, whichever enum it is.
pub(crate) trait ChoiceField: Sync {
    fn words(&self) -> Vec<(&'static str, &'static str)>;
    fn set(&self, given: &mut Given, values: &[String]) -> Result<(), NotSet>;
    fn fill(&self, given: &mut Given, other: &mut Given);
    fn word(&self, given: &Given) -> Option<&'static str>;
    fn clear(&self, given: &mut Given);
}

impl<T: Choice + PartialEq> ChoiceField for Field<Option<T>> {
    fn words(&self) -> Vec<(&'static str, &'static str)> {
        let words = T::WORDS.iter();
        words.map(|(word, _, help)| (*word, *help)).collect()
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

    fn clear(&self, given: &mut Given) {
        self.put(given, None);
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
        return Err(Refused("it takes at least one value".into()).of("[]"));
    }
    let parts = values.iter().flat_map(|value| {
        let separator = move |c: char| commas && c == ',';
        value.split(separator)
    });
    parts
        .map(|part| parse(part).map_err(|allowed| allowed.of(part)))
        .collect()
}

fn one<T>(
    values: &[String],
    parse: impl Fn(&str) -> Result<T, Refused>,
) -> Result<Option<T>, NotSet> {
    match values {
        [value] => parse(value).map(Some).map_err(|allowed| allowed.of(value)),
        several => {
            let value = format!("[{}]", several.join(", "));
            Err(Refused("it takes one value".into()).of(&value))
        }
    }
}

fn boolean(text: &str) -> Result<bool, Refused> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Refused(format!("it takes {}", words(&["true", "false"])))),
    }
}
