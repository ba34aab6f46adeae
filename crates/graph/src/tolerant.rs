//! Reads JSON in which any part can be of another type than documented: such parts are skipped, the rest is kept.

use core::{fmt, marker::PhantomData};
use std::borrow::Cow;

use intune_sync_ids::without_bom;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Reads a body, behind a byte order mark too. What no JSON string may contain, but a device's name or a message does
/// (bytes that are not UTF-8, control characters, half a surrogate pair), becomes U+FFFD.
///
/// # Errors
///
/// When it is not JSON, or not what `T` requires.
pub fn read_json<'de, T: Deserialize<'de>>(body: &'de [u8]) -> serde_json::Result<T> {
    let body = without_bom(body);
    let strict = match core::str::from_utf8(body) {
        // UTF-8 is checked once and not for each string.
        Ok(text) => serde_json::from_str(text),
        // Only the strings that are read need to be UTF-8.
        Err(_) => serde_json::from_slice(body),
    };
    strict.or_else(|_| {
        let repaired = repaired(body);
        // A reader's strings are copied: what is returned does not borrow the repaired text.
        let mut reader = serde_json::Deserializer::from_reader(repaired.as_bytes());
        let read = T::deserialize(&mut reader)?;
        reader.end()?;
        Ok(read)
    })
}

/// The text with U+FFFD for whatever no JSON string may contain.
fn repaired(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut repaired = String::with_capacity(text.len());
    let (mut rest, mut in_string) = (&*text, false);
    while let Some(first) = rest.chars().next() {
        let (good, length) = match first {
            '\\' if in_string => escape(rest),
            '\0'..='\x1f' if in_string => (false, 1),
            _ => (true, first.len_utf8()),
        };
        in_string ^= first == '"';
        let (head, tail) = rest.split_at(length);
        repaired.push_str(if good { head } else { "\u{fffd}" });
        rest = tail;
    }
    repaired
}

/// Whether the escape at the beginning of a text is one that JSON has and that names a whole character; and its length.
fn escape(text: &str) -> (bool, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| hex)
    };
    match (unit(0), unit(6)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (true, 12),
        (Some(0xd800..=0xdfff), _) => (false, 6),
        (Some(_), _) => (true, 6),
        (None, _) if text[1..].starts_with(['"', '\\', '/', 'b', 'f', 'n', 'r', 't']) => (true, 2),
        (None, _) => (false, 1),
    }
}

/// What is read from JSON of any type, in one pass: the default, unless the type is one that is looked for. A key that
/// comes twice counts as it does last.
pub(crate) trait Tolerant<'de>: Default {
    /// From a string.
    fn text(_: Cow<'de, str>) -> Self {
        Self::default()
    }

    /// From a number that is not negative.
    fn number(_: u64) -> Self {
        Self::default()
    }

    /// From an array.
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    /// From an object.
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// A [`Tolerant`] type as one that serde can deserialize.
pub(crate) struct Read<T>(pub(crate) T);

impl<'de, T: Tolerant<'de>> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData)).map(Self)
    }
}

/// A string, empty where the JSON has anything else.
#[derive(Debug, Clone, Default)]
pub struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_owned(self) -> Text<'static> {
        Text(self.0.into_owned().into())
    }
}

impl<'de: 'a, 'a> Tolerant<'de> for Text<'a> {
    fn text(text: Cow<'de, str>) -> Self {
        Self(text)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read::deserialize(deserializer).map(|Read(text)| text)
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Tolerant<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<T, E> {
        Ok(T::text(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text.to_owned().into()))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<T, A::Error> {
        T::array(array)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::object(object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_no_string_may_contain_is_replaced() {
        for (body, read) in [
            (&br#"["Jane's iPad \ud83d"]"#[..], "Jane's iPad \u{fffd}"),
            (br#"["\ud83d\ud83d\ude00"]"#, "\u{fffd}\u{1f600}"),
            (br#"["\ude00\ud83d\n"]"#, "\u{fffd}\u{fffd}\n"),
            (br#"["\ud83dx\u0041\uDE0"]"#, "\u{fffd}xA\u{fffd}uDE0"),
            (b"[\"K\xfcche\"]", "K\u{fffd}che"),
            (b"[\"a\tb\nc\0\"]", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            (
                br#"["C:\temp\x \\ud83d \"\ud83d"]"#,
                "C:\temp\u{fffd}x \\ud83d \"\u{fffd}",
            ),
        ] {
            let array: Value = read_json(body).expect("an array");
            assert_eq!(array, json!([read]), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let read: Value = read_json("\u{feff}{\"a\":1}".as_bytes()).expect("an object");
        assert_eq!(read, json!({"a": 1}));
    }

    #[test]
    fn what_is_not_json_stays_so() {
        for body in [
            &b""[..],
            b"\xef\xbb\xbf",
            b"<html>\xff",
            b"[\"x]",
            b"[\"\\",
            br#"["\ud83d"] x"#,
            b"\x01[]",
        ] {
            assert!(read_json::<Value>(body).is_err(), "{body:?}");
        }
    }
}
