use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::Refusal;
use intune_sync_ids::Quoted;

/// A JSON object, and nothing else, read into `T`.
///
/// A derived struct is also read from an array of its fields' values; what is meant to be an object must be one. With
/// `deny_unknown_fields` on `T`, unknown keys are refused too; keys given twice always are, however they are escaped,
/// since keys are compared once decoded.
pub(crate) struct Object<T>(pub(crate) T);

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
pub(crate) fn read<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Refusal> {
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

/// Writes a body of the gate's own.
pub(crate) fn write<T: Serialize>(body: &T) -> Vec<u8> {
    serde_json::to_vec(body).expect("structs of texts and lists of them are JSON")
}
