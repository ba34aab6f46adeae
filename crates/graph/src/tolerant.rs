//! Reads JSON in which any part can be of another type than documented: such parts are skipped, the rest is kept.

use core::{fmt, marker::PhantomData};
use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// What is read from JSON of any type, in one pass: the default, unless the type is one that is looked for.
///
/// Graph's responses do not always have the documented types, and one malformed part must not cost the rest.
pub(crate) trait Tolerant<'de>: Default {
    /// From a string.
    fn text(_: Cow<'de, str>) -> Self {
        Self::default()
    }

    /// From a whole number that is not negative.
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

/// Reads a body. Where all of it is UTF-8, that is checked once and not for each string.
///
/// # Errors
///
/// When it is not JSON, or not what `T` requires.
pub fn read_json<'de, T: Deserialize<'de>>(body: &'de [u8]) -> serde_json::Result<T> {
    match core::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        // Only the strings that are read need to be UTF-8.
        Err(_) => serde_json::from_slice(body),
    }
}

/// Reads whatever JSON comes next.
///
/// # Errors
///
/// When it is not JSON.
pub(crate) fn tolerant<'de, T: Tolerant<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(Any(PhantomData))
}

/// A string, empty where the JSON has anything else.
#[derive(Debug, Default)]
pub struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Tolerant<'de> for Text<'a> {
    fn text(text: Cow<'de, str>) -> Self {
        Self(text)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tolerant(deserializer)
    }
}

/// A [`Tolerant`] type as one that serde can deserialize.
pub(crate) struct Read<T>(pub(crate) T);

impl<'de, T: Tolerant<'de>> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tolerant(deserializer).map(Self)
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Tolerant<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<T, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
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
