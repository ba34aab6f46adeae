//! A config file: TOML in which a key is the name of a long flag.

use intune_sync_settings::Advice;
use toml::Value as Toml;

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

/// The keys of a file with their values. `name` is what messages call it.
///
/// # Errors
///
/// When it is not TOML: the message names the line.
pub fn parse(text: &str, name: &str) -> Result<Vec<(String, Value)>, Advice> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            text.as_bytes()[..span.start.min(text.len())]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1
        });
        let message = error.message().lines().next().unwrap_or_default();
        Advice::new(
            format!("{name}, line {line}: this is not TOML: {message}"),
            "a line is `batch-size = 100`, `pace = \"quota\"` or `os = [\"Windows\", \"iOS\"]`",
        )
    })?;
    let entries = table.into_iter().map(|(key, value)| (key, read(value)));
    Ok(entries.collect())
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
        let expected = expected.map(|(key, value)| (key.to_owned(), value));
        assert_eq!(parse(text, "`x`"), Ok(expected.into()));
        let tables = parse("a = [{b = 1}]\n", "`x`");
        assert_eq!(tables, Ok(vec![("a".to_owned(), Value::Other("a list"))]));
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
