//! The query of the list of devices: what may be requested of it, and how that is written.
//!
//! ```text
//! query    = option *( "&" option )          ; each option once
//! option   = "$select=" property *( "," property )
//!          / "$filter=" clause *( " and " clause )
//!          / "$top=" 1 to 1000
//!          / "$count=true"
//! clause   = property " eq '" text "'"
//!          / property ( " le " / " ge " ) time
//!          / "startswith(" property ",'" text "')"
//! text     = 1*64( ALPHA / DIGIT / "-" / "." / "_" )
//! time     = 2026-11-22T00:00:00Z
//! ```
//!
//! The value of `$filter` is percent-encoded, all but letters, digits and `-._:,()`: a space is `%20` and a quote
//! `%27`.

use core::fmt;

use intune_sync_ids::Quoted;
use percent_encoding::percent_decode_str;

use crate::{Properties, Property};

/// The most devices on a page.
pub const TOP_MAX: u16 = 1_000;
/// The most characters of a text in a filter.
pub const FILTER_TEXT_MAX: usize = 64;

/// A query of the list. An empty one is for whole devices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// The properties to return; all if there are none.
    pub select: Properties,
    /// What each device must meet.
    pub filter: Vec<Clause>,
    /// How many devices on a page, up to [`TOP_MAX`].
    pub top: Option<u16>,
    /// Whether the list is to say how many devices it has.
    pub count: bool,
}

/// A part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clause {
    /// The property is this text.
    Is(Property, FilterText),
    /// The property begins with this text.
    Begins(Property, FilterText),
    /// The property is this time or an earlier one.
    Until(Property, FilterTime),
    /// The property is this time or a later one.
    Since(Property, FilterTime),
}

/// A text that a filter may compare with: it needs no escaping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterText(String);

/// A time that a filter may compare with, in UTC and whole seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterTime(String);

/// Why a text is not a query of the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListQueryError {
    /// An option that it does not have.
    #[error("`{0}` is not an option of the list: `$select`, `$filter`, `$top` and `$count` are")]
    Option(Quoted),
    /// An option given twice.
    #[error("`{0}` is given twice")]
    Twice(Quoted),
    /// A property that is never read.
    #[error("`{0}` is not a property that is read")]
    Property(Quoted),
    /// A part of a filter that is not a comparison.
    #[error("`{0}` is not a comparison that a filter may have")]
    Clause(Quoted),
    /// A value out of range.
    #[error("`{0}` is not a value that `{1}` may have")]
    Value(Quoted, &'static str),
}

impl ListQueryError {
    /// The text of the query that it shows.
    pub fn shown(&mut self) -> &mut Quoted {
        match self {
            Self::Option(text)
            | Self::Twice(text)
            | Self::Property(text)
            | Self::Clause(text)
            | Self::Value(text, _) => text,
        }
    }
}

impl FilterText {
    /// The text, if it needs no escaping.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        ((1..=FILTER_TEXT_MAX).contains(&text.len()) && text.bytes().all(plain))
            .then(|| Self(text.to_owned()))
    }
}

impl FilterTime {
    /// The time, if it is written as `2026-11-22T00:00:00Z` is.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        const FORM: &[u8] = b"0000-00-00T00:00:00Z";
        let like = |(byte, form): (u8, &u8)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == *form,
        };
        (text.len() == FORM.len() && text.bytes().zip(FORM).all(like))
            .then(|| Self(text.to_owned()))
    }
}

impl Clause {
    /// Reads one comparison.
    fn read(text: &str) -> Option<Self> {
        if let Some(call) = text.strip_prefix("startswith(") {
            let (property, start) = call.strip_suffix(')')?.split_once(',')?;
            return Some(Self::Begins(Property::named(property)?, quoted(start)?));
        }
        let (property, rest) = text.split_once(' ')?;
        let property = Property::named(property)?;
        match rest.split_once(' ')? {
            ("eq", value) => Some(Self::Is(property, quoted(value)?)),
            ("le", value) => Some(Self::Until(property, FilterTime::new(value)?)),
            ("ge", value) => Some(Self::Since(property, FilterTime::new(value)?)),
            _ => None,
        }
    }
}

fn quoted(text: &str) -> Option<FilterText> {
    FilterText::new(text.strip_prefix('\'')?.strip_suffix('\'')?)
}

impl ListQuery {
    /// Reads a query, without the question mark in front.
    ///
    /// # Errors
    ///
    /// When it has anything that the grammar does not.
    pub fn read(text: &str) -> Result<Self, ListQueryError> {
        let mut query = Self::default();
        let mut seen = Vec::new();
        for part in text.split('&').filter(|_| !text.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if seen.contains(&name) {
                return Err(ListQueryError::Twice(Quoted::new(name)));
            }
            match name {
                "$select" => query.select = read_select(value)?,
                "$filter" => query.filter = read_filter(value)?,
                "$top" => query.top = Some(read_top(value)?),
                "$count" if value == "true" => query.count = true,
                "$count" => return Err(ListQueryError::Value(Quoted::new(value), "$count")),
                other => return Err(ListQueryError::Option(Quoted::new(other))),
            }
            seen.push(name);
        }
        Ok(query)
    }
}

fn read_select(value: &str) -> Result<Properties, ListQueryError> {
    let property = |name: &str| {
        Property::named(name).ok_or_else(|| ListQueryError::Property(Quoted::new(name)))
    };
    value.split(',').map(property).collect()
}

fn read_filter(value: &str) -> Result<Vec<Clause>, ListQueryError> {
    // What is written encoded is read encoded: one reading, and no second one.
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:,()%".contains(&byte);
    let text = percent_decode_str(value).decode_utf8();
    let (true, Ok(text)) = (value.bytes().all(bare), text) else {
        return Err(ListQueryError::Clause(Quoted::new(value)));
    };
    let clause =
        |part: &str| Clause::read(part).ok_or_else(|| ListQueryError::Clause(Quoted::new(part)));
    text.split(" and ").map(clause).collect()
}

fn read_top(value: &str) -> Result<u16, ListQueryError> {
    let wrong = || ListQueryError::Value(Quoted::new(value), "$top");
    let plain = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    let top = value.parse().ok().filter(|top| plain && *top <= TOP_MAX);
    top.ok_or_else(wrong)
}

impl fmt::Display for Clause {
    /// As a filter has it, percent-encoded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(property, FilterText(text)) => {
                write!(f, "{}%20eq%20%27{text}%27", property.name())
            }
            Self::Begins(property, FilterText(text)) => {
                write!(f, "startswith({},%27{text}%27)", property.name())
            }
            Self::Until(property, FilterTime(time)) => {
                write!(f, "{}%20le%20{time}", property.name())
            }
            Self::Since(property, FilterTime(time)) => {
                write!(f, "{}%20ge%20{time}", property.name())
            }
        }
    }
}

impl fmt::Display for ListQuery {
    /// Without the question mark in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (option, value) in [
            (
                "$select",
                joined(self.select.iter().map(Property::name), ","),
            ),
            ("$filter", joined(self.filter.iter(), "%20and%20")),
            ("$top", joined(self.top.iter(), "")),
            ("$count", joined(self.count.then_some("true").iter(), "")),
        ] {
            if !value.is_empty() {
                write!(f, "{separator}{option}={value}")?;
                separator = "&";
            }
        }
        Ok(())
    }
}

fn joined(parts: impl Iterator<Item = impl fmt::Display>, separator: &str) -> String {
    let parts: Vec<String> = parts.map(|part| part.to_string()).collect();
    parts.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_as_it_was() {
        for text in [
            "",
            "$select=id",
            "$select=id,deviceName,complianceState&$filter=startswith(operatingSystem,%27Windows%27)%20and%20\
             complianceState%20eq%20%27noncompliant%27%20and%20lastSyncDateTime%20le%202026-11-22T00:00:00Z",
            "$filter=enrolledDateTime%20ge%202026-11-22T00:00:00Z",
            "$filter=id%20eq%20%2700112233-4455-6677-8899-aabbccddeeff%27",
            "$select=id&$top=1000&$count=true",
            "$top=1",
        ] {
            let query = ListQuery::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(query.to_string(), text);
        }
    }

    #[test]
    fn another_order_and_encoding_is_written_anew() {
        let query =
            ListQuery::read("$count=true&$filter=id%20%65q%20%27a%27&$select=deviceName,id,id");
        let query = query.expect("it is in the grammar").to_string();
        assert_eq!(
            query,
            "$select=id,deviceName&$filter=id%20eq%20%27a%27&$count=true"
        );
    }

    #[test]
    fn nothing_else_is_a_query() {
        let long = format!(
            "$filter=id%20eq%20%27{}%27",
            "x".repeat(FILTER_TEXT_MAX + 1)
        );
        for (text, reason) in [
            ("$expand=users", "`$expand` is not an option of the list"),
            ("$Select=id", "`$Select` is not an option"),
            ("%24select=id", "`%24select` is not an option"),
            ("$skiptoken=x", "`$skiptoken` is not an option"),
            ("x", "`x` is not an option"),
            ("&", "`` is not an option"),
            ("$select=id&", "`` is not an option"),
            ("$select=id&$select=id", "`$select` is given twice"),
            ("$select=id,phoneNumber", "`phoneNumber` is not a property"),
            ("$select=", "`` is not a property"),
            ("$select=ID", "`ID` is not a property"),
            (
                "$select=id%2CdeviceName",
                "`id%2CdeviceName` is not a property",
            ),
            (
                "$filter=id%20eq%20%27a%27%20or%20id%20eq%20%27b%27",
                "is not a comparison",
            ),
            ("$filter=id%20ne%20%27a%27", "is not a comparison"),
            ("$filter=phoneNumber%20eq%20%27a%27", "is not a comparison"),
            ("$filter=id%20eq%20%27a%27%27b%27", "is not a comparison"),
            ("$filter=id%20eq%20%27a", "is not a comparison"),
            ("$filter=id%20eq%20%27%27", "is not a comparison"),
            ("$filter=id%20eq%20%27a%25b%27", "is not a comparison"),
            ("$filter=id+eq+%27a%27", "is not a comparison"),
            ("$filter=id%20eq%20'a'", "is not a comparison"),
            (
                "$filter=lastSyncDateTime%20le%202026-11-22",
                "is not a comparison",
            ),
            ("$filter=contains(id,%27a%27)", "is not a comparison"),
            ("$filter=%ff", "is not a comparison"),
            (long.as_str(), "is not a comparison"),
            ("$top=0", "`0` is not a value that `$top` may have"),
            ("$top=01", "`01` is not a value"),
            ("$top=1001", "`1001` is not a value"),
            ("$top=+1", "`+1` is not a value"),
            ("$top", "`` is not a value"),
            (
                "$count=false",
                "`false` is not a value that `$count` may have",
            ),
        ] {
            let error = ListQuery::read(text).expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
