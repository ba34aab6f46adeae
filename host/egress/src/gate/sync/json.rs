//! JSON bodies, read strictly.

use std::{fmt, marker::PhantomData};

use intune_sync_ids::Quoted;
use serde::{
    Serialize,
    de::{Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::Refusal;

/// A JSON object, and nothing else, read into `T`.
///
/// Serde reads a derived struct from an array of its fields' values too; here only an object will do. With
/// `deny_unknown_fields` on `T`, unknown keys are refused too; keys given twice always are, however they are escaped,
/// since keys are compared once decoded.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// Reads a body that is one JSON object.
pub(super) fn read<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Refusal> {
    serde_json::from_slice::<Object<T>>(body)
        .map(|object| object.0)
        .map_err(|error| {
            let problem = Quoted::new(error.to_string());
            if error.is_data() {
                Refusal::BodyShape { problem }
            } else {
                Refusal::BodySyntax { problem }
            }
        })
}

/// Writes a body that the gate has made.
pub(super) fn write<T: Serialize>(body: &T) -> Vec<u8> {
    serde_json::to_vec(body).expect("structs of texts and lists of them are JSON")
}
