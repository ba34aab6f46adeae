//! A config file: TOML in which a key is the name of a long flag, and a table in `profile` is a set of these.

use intune_sync_settings::Advice;
use toml::{Value as Toml, de::DeTable};

/// The key of the profiles.
pub const PROFILE: &str = "profile";

/// What a config file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// What holds whichever profile is chosen, in the order of the file.
    pub entries: Vec<Entry>,
    /// The profiles, in the order of the file.
    pub profiles: Vec<Profile>,
}

/// Settings under a name: they win over those of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it says, in the order of the file.
    pub entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The line that it is on, from 1.
    pub line: usize,
    /// The value.
    pub value: Value,
}

/// The value of a key, as it would be written on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, a number or a boolean.
    One(String),
    /// A list of these.
    List(Vec<String>),
    /// What no flag takes, with its article: "a table".
    Other(&'static str),
}

/// What a file says. `name` is what messages call it.
///
/// # Errors
///
/// When it is not TOML, or `profile` holds something else than tables: the message names the line.
pub fn parse(text: &str, name: &str) -> Result<Config, Advice> {
    let not_toml = |error: toml::de::Error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let message = error.message().lines().next().unwrap_or_default();
        Advice::new(
            format!("{name}, line {line}: this is not TOML: {message}"),
            "a line is `batch-size = 100`, `pace = \"quota\"` or `os = [\"Windows\", \"iOS\"]`",
        )
    };
    let mut values: toml::Table = toml::from_str(text).map_err(not_toml)?;
    // The same again, for where each key is.
    let places = DeTable::parse(text).map_err(not_toml)?;
    let places = places.get_ref();
    let mut config = Config {
        entries: Vec::new(),
        profiles: Vec::new(),
    };
    if let Some(profiles) = values.remove(PROFILE) {
        let line = line_in(text, places, PROFILE);
        let Toml::Table(profiles) = profiles else {
            return Err(not_a_profile(name, line, PROFILE));
        };
        let within = places
            .get(PROFILE)
            .and_then(|profiles| profiles.get_ref().as_table());
        for (profile, values) in profiles {
            let line = within.map_or(line, |within| line_in(text, within, &profile));
            let Toml::Table(values) = values else {
                return Err(not_a_profile(name, line, &format!("{PROFILE}.{profile}")));
            };
            let within = within.and_then(|within| within.get(&*profile)?.get_ref().as_table());
            let entries = entries(text, values, within);
            config.profiles.push(Profile {
                name: profile,
                entries,
            });
        }
    }
    config.entries = entries(text, values, Some(places));
    Ok(config)
}

/// The entries of a table, in the order of the file.
fn entries(text: &str, values: toml::Table, places: Option<&DeTable<'_>>) -> Vec<Entry> {
    let entry = |(key, value): (String, Toml)| Entry {
        line: places.map_or(1, |places| line_in(text, places, &key)),
        key,
        value: read(value),
    };
    let mut entries: Vec<Entry> = values.into_iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.line);
    entries
}

fn not_a_profile(name: &str, line: usize, key: &str) -> Advice {
    Advice::new(
        format!("{name}, line {line}: `{key}` is not a table"),
        "a profile is a table of keys under a heading such as `[profile.nightly]`",
    )
}

/// The line of a key of a table, from 1.
fn line_in(text: &str, places: &DeTable<'_>, key: &str) -> usize {
    let place = places.get_key_value(key).map(|(key, _)| key.span().start);
    place.map_or(1, |place| line_of(text, place))
}

/// The line of a byte of the text, from 1.
fn line_of(text: &str, byte: usize) -> usize {
    let before = &text.as_bytes()[..byte.min(text.len())];
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

fn read(value: Toml) -> Value {
    let Toml::Array(values) = value else {
        return one(&value).map_or_else(Value::Other, Value::One);
    };
    let texts: Result<Vec<String>, &str> = values.iter().map(one).collect();
    match texts {
        Ok(texts) => Value::List(texts),
        Err(_) if values.iter().any(Toml::is_array) => Value::Other("a list in a list"),
        Err(_) => Value::Other("a list"),
    }
}

/// A single value; the error is what it is instead. A number with a point is written in the fewest digits that mean it,
/// which are those of the file.
fn one(value: &Toml) -> Result<String, &'static str> {
    match value {
        Toml::String(text) => Ok(text.clone()),
        Toml::Integer(number) => Ok(number.to_string()),
        Toml::Float(number) => Ok(number.to_string()),
        Toml::Boolean(value) => Ok(value.to_string()),
        Toml::Array(_) => Err("a list"),
        Toml::Datetime(date) => Ok(date.to_string()),
        Toml::Table(_) => Err("a table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_on_the_command_line() {
        let text = "a = 1\nb = 0.25\nc = true\nd = \"x\"\ne = [\"iOS\", 7]\nf = [[1]]\ng = 2026-11-23\n[h]\n";
        let value = |text: &str| Value::One(text.to_owned());
        let expected = [
            ("a", value("1")),
            ("b", value("0.25")),
            ("c", value("true")),
            ("d", value("x")),
            ("e", Value::List(vec!["iOS".to_owned(), "7".to_owned()])),
            ("f", Value::Other("a list in a list")),
            ("g", value("2026-11-23")),
            ("h", Value::Other("a table")),
        ];
        let config = parse(text, "`x`").expect("TOML");
        let found = config.entries.into_iter();
        let found: Vec<_> = found.map(|entry| (entry.key, entry.value)).collect();
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value)));
        let tables = parse("a = [{b = 1}]\n", "`x`").expect("TOML");
        assert_eq!(tables.entries[0].value, Value::Other("a list"));
    }

    #[test]
    fn each_key_has_its_line_and_each_profile_its_keys() {
        let text = "# Ours\n\nz = 1\na = [\n  1,\n]\nm = 2\n\n[profile.nightly]\nz = 3\n\n[profile]\nweekly.z = 4\n";
        let config = parse(text, "`x`").expect("TOML");
        let lines = |entries: &[Entry]| -> Vec<(String, usize)> {
            let lines = entries.iter();
            lines.map(|entry| (entry.key.clone(), entry.line)).collect()
        };
        let named = |(key, line): (&str, usize)| (key.to_owned(), line);
        let expected = [("z", 3), ("a", 4), ("m", 7)].map(named);
        assert_eq!(lines(&config.entries), expected);
        let profiles = config.profiles.iter();
        let profiles: Vec<_> = profiles
            .map(|profile| (&*profile.name, lines(&profile.entries)))
            .collect();
        assert_eq!(
            profiles,
            [
                ("nightly", vec![named(("z", 10))]),
                ("weekly", vec![named(("z", 13))])
            ]
        );
    }

    #[test]
    fn a_profile_that_is_no_table_is_refused_with_its_line() {
        for (text, message) in [
            (
                "a = 1\nprofile = 5\n",
                "`x`, line 2: `profile` is not a table",
            ),
            (
                "[profile]\nnightly = true\n",
                "`x`, line 2: `profile.nightly` is not a table",
            ),
        ] {
            let error = parse(text, "`x`").expect_err("no table");
            assert_eq!(error.message, message);
        }
    }

    #[test]
    fn what_is_not_toml_is_named_with_its_line() {
        let error = parse("a = 1\nb 2\n", "`job.toml`").expect_err("no TOML");
        assert!(
            error
                .message
                .starts_with("`job.toml`, line 2: this is not TOML: "),
            "{error}"
        );
    }
}
