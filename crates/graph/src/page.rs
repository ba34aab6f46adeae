//! A page of the list of managed devices (docs/graph-facts.md#the-device-list).

use core::mem;
use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess},
};
use serde_json::Value;

use crate::{
    Properties, Property,
    tolerant::{Read, Text, Tolerant, read_json},
};

/// The most pages of a list that are followed: a longer one is taken for endless.
pub const PAGES_MAX: u32 = 10_000;
/// The most rows of a list that are read. The largest known tenants are well below; a longer list is taken for endless.
pub const ROWS_MAX: u32 = 2_000_000;

/// One page of the list.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// The devices. A page always has them, if only as an empty list.
    pub value: Vec<DeviceRow<'a>>,
    /// What it says of the pages after it.
    pub next: NextLink,
    /// How many devices the list has, if it says so.
    pub count: Option<u64>,
    /// The page has something besides what is read of it.
    has_more: bool,
}

/// What a page says of the pages after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NextLink {
    /// There are none.
    #[default]
    None,
    /// The next one is here.
    Url(String),
    /// There is a link under another name, or that is not text: pages may follow, and nobody knows where.
    Unusable,
}

/// What is read of a device. Any property can be null, missing, or not of the documented type. So can a row: it is a
/// device of which nothing is known.
#[derive(Debug, Clone, Default)]
pub struct DeviceRow<'a> {
    /// The Intune device id.
    pub id: Text<'a>,
    /// Its name.
    pub device_name: Text<'a>,
    /// Its platform.
    pub operating_system: Text<'a>,
    /// Whether it complies.
    pub compliance_state: Text<'a>,
    /// What manages it: `mdm`, `eas`, `configurationManagerClient`, and others.
    pub management_agent: Text<'a>,
    /// `managed`, or what it is about to become.
    pub management_state: Text<'a>,
    /// `company` or `personal`.
    pub managed_device_owner_type: Text<'a>,
    /// When it last checked in.
    pub last_sync_date_time: Text<'a>,
    /// Its category.
    pub device_category_display_name: Text<'a>,
    /// Its id in Entra.
    pub azure_ad_device_id: Text<'a>,
    /// The id of its primary user in Entra.
    pub user_id: Text<'a>,
    /// Its primary user.
    pub user_principal_name: Text<'a>,
    /// Its serial number.
    pub serial_number: Text<'a>,
    /// Its model.
    pub model: Text<'a>,
    /// The version of its platform.
    pub os_version: Text<'a>,
    /// The profile by which it was enrolled.
    pub enrollment_profile_name: Text<'a>,
    /// When it was enrolled.
    pub enrolled_date_time: Text<'a>,
    /// The properties that it has.
    pub(crate) named: Properties,
    /// It has something besides the properties that are ever read.
    has_more: bool,
}

impl<'a> Page<'a> {
    /// Reads a page; `None` when it is not one. A body with an error is not one, whatever else it holds: the list goes
    /// on where it breaks off.
    #[must_use]
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let Read(Body { page, error }) = read_json(body).ok()?;
        page.filter(|_| error.is_null())
    }

    /// A page of these devices, with this link and this count.
    #[must_use]
    pub const fn of(value: Vec<DeviceRow<'a>>, next: NextLink, count: Option<u64>) -> Self {
        Self {
            value,
            next,
            count,
            has_more: false,
        }
    }

    /// The same, without the body that it was read from.
    #[must_use]
    pub fn into_owned(self) -> Page<'static> {
        let rows = self.value.into_iter().map(DeviceRow::into_owned);
        Page {
            value: rows.collect(),
            next: self.next,
            count: self.count,
            has_more: self.has_more,
        }
    }

    /// Whether its devices have these properties alone, and the page has nothing besides them that is not read.
    #[must_use]
    pub fn is_within(&self, properties: Properties) -> bool {
        let is_within = |row: &DeviceRow<'_>| !row.has_more && row.named.is_within(properties);
        !self.has_more && self.value.iter().all(is_within)
    }
}

impl DeviceRow<'_> {
    fn into_owned(mut self) -> DeviceRow<'static> {
        let mut owned = DeviceRow {
            named: self.named,
            has_more: self.has_more,
            ..DeviceRow::default()
        };
        for property in self.named.iter() {
            *owned.text_mut(property) = mem::take(self.text_mut(property)).into_owned();
        }
        owned
    }
}

#[derive(Default)]
struct Body<'a> {
    page: Option<Page<'a>>,
    error: Value,
}

impl<'de: 'a, 'a> Tolerant<'de> for Body<'a> {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut rows, mut error, mut count) = (Rows::default(), Value::Null, Value::Null);
        let mut next = NextLink::None;
        let mut has_more = false;
        while let Some(Text(key)) = object.next_key()? {
            match &*key {
                "value" => Read(rows) = object.next_value()?,
                "error" => error = object.next_value()?,
                "@odata.count" => count = object.next_value()?,
                "@odata.nextLink" => next = NextLink::of(object.next_value()?),
                other if other.to_ascii_lowercase().ends_with("nextlink") => {
                    has_more = true;
                    if !object.next_value::<Value>()?.is_null() {
                        next = NextLink::Unusable;
                    }
                }
                other => {
                    has_more |= other != "@odata.context";
                    IgnoredAny = object.next_value()?;
                }
            }
        }
        let count = count.as_u64();
        let page = rows.0.map(|value| Page {
            has_more,
            ..Page::of(value, next, count)
        });
        Ok(Self { page, error })
    }
}

impl NextLink {
    /// The link in `@odata.nextLink`.
    fn of(link: Value) -> Self {
        match link {
            Value::Null => Self::None,
            Value::String(link) if link.is_empty() => Self::None,
            Value::String(link) => Self::Url(link),
            _ => Self::Unusable,
        }
    }
}

/// `None` if there is no array.
#[derive(Default)]
struct Rows<'a>(Option<Vec<DeviceRow<'a>>>);

impl<'de: 'a, 'a> Tolerant<'de> for Rows<'a> {
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut rows = Vec::new();
        while let Some(Read(row)) = array.next_element()? {
            rows.push(row);
        }
        Ok(Self(Some(rows)))
    }
}

impl<'de: 'a, 'a> Tolerant<'de> for DeviceRow<'a> {
    fn text(_: Cow<'de, str>) -> Self {
        Self {
            has_more: true,
            ..Self::default()
        }
    }

    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self {
            has_more: true,
            ..Self::default()
        })
    }

    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut row = Self::default();
        while let Some(Text(key)) = object.next_key()? {
            match Property::named(&key) {
                Some(property) => {
                    *row.text_mut(property) = object.next_value()?;
                    row.named = row.named.with(property);
                }
                None => {
                    row.has_more = true;
                    IgnoredAny = object.next_value()?;
                }
            }
        }
        Ok(row)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DeviceRow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read::deserialize(deserializer).map(|Read(row)| row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerates_null_absent_and_other_types() {
        let json = r#"{"@odata.context":"x","value":[
            {"id":"a","deviceName":null,"operatingSystem":7,"complianceState":["x",{"y":1}],"managementAgent":{"a":[]},
             "managementState":true,"deviceCategoryDisplayName":"Kiosk\n\u00e9","extra":{"deep":[1,2]}},
            {}
        ],"@odata.nextLink":null}"#;
        let page = Page::read(json.as_bytes()).expect("a page");
        assert_eq!(page.value.len(), 2);
        let row = &page.value[0];
        assert_eq!(row.id.as_str(), "a");
        for text in [
            &row.device_name,
            &row.operating_system,
            &row.compliance_state,
            &row.management_agent,
        ] {
            assert_eq!(text.as_str(), "");
        }
        assert_eq!(row.device_category_display_name.as_str(), "Kiosk\né");
        assert_eq!((page.next, page.count), (NextLink::None, None));
    }

    #[test]
    fn a_row_that_is_not_a_device_or_names_a_property_twice_costs_no_other() {
        let json = r#"{"value":[null,7,"x",[1],{"id":"a","id":"b","deviceName":"x","deviceName":null},
            {"id":"c\ud83d"}],"value@odata.type":"x"}"#;
        let page = Page::read(json.as_bytes()).expect("a page");
        let ids: Vec<&str> = page.value.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["", "", "", "", "b", "c\u{fffd}"]);
        assert_eq!(page.value[4].device_name.as_str(), "");
    }

    #[test]
    fn reads_the_count_and_every_kind_of_link() {
        let url = NextLink::Url("u".to_owned());
        for (json, next, count) in [
            (
                r#""@odata.nextLink":"u","@odata.count":949"#,
                url.clone(),
                Some(949),
            ),
            (
                r#""@odata.nextLink":"","@odata.count":-1"#,
                NextLink::None,
                None,
            ),
            (r#""@odata.nextLink":"x","@odata.nextLink":"u""#, url, None),
            (r#""@odata.nextLink":7"#, NextLink::Unusable, None),
            (r#""odata.nextLink":"u""#, NextLink::Unusable, None),
            (r#""@nextLink":{"href":"u"}"#, NextLink::Unusable, None),
            (r#""nextLink":null"#, NextLink::None, None),
        ] {
            let json = format!(r#"{{"value":[],{json}}}"#);
            let page = Page::read(json.as_bytes()).expect("a page");
            assert_eq!((page.next, page.count), (next, count), "{json}");
        }
    }

    #[test]
    fn what_a_page_has_besides_what_is_read_shows() {
        let asked: Properties = [Property::Id, Property::DeviceName].into_iter().collect();
        for (json, is_within) in [
            (
                r#"{"@odata.context":"x","@odata.count":1,"value":[{"id":"a","deviceName":null},{},7]}"#,
                true,
            ),
            (r#"{"@odata.nextLink":"x","value":[]}"#, true),
            (r#"{"nextLink":"x","value":[]}"#, false),
            (r#"{"x":1,"value":[]}"#, false),
            (
                r#"{"value":[{"id":"a"},{"id":"b","complianceState":"c"}]}"#,
                false,
            ),
            (r#"{"value":[{"id":"a","serialNumber":null}]}"#, false),
            (r#"{"value":[{"id":"a","imei":null}]}"#, false),
            (r#"{"value":["a"]}"#, false),
            (r#"{"value":[["a"]]}"#, false),
        ] {
            let page = Page::read(json.as_bytes()).expect("a page");
            assert_eq!(page.is_within(asked), is_within, "{json}");
        }
    }

    #[test]
    fn rows_with_an_error_are_not_a_page() {
        for (error, is_page) in [(r#"{"code":"x"}"#, false), ("{}", false), ("null", true)] {
            let json = format!(r#"{{"value":[{{"id":"a"}}],"error":{error}}}"#);
            assert_eq!(Page::read(json.as_bytes()).is_some(), is_page, "{json}");
        }
    }

    #[test]
    fn anything_else_is_not_a_page() {
        for json in [
            "",
            "{}",
            "[]",
            r#"{"value":null}"#,
            r#"{"value":[]"#,
            "<html>",
        ] {
            assert!(Page::read(json.as_bytes()).is_none(), "{json}");
        }
    }

    #[test]
    fn an_owned_page_says_the_same() {
        let owned = |json: &str| {
            let page = Page::read(json.as_bytes()).expect("a page");
            page.into_owned()
        };
        let both: Properties = [Property::Id, Property::DeviceName].into_iter().collect();
        let page = owned(r#"{"value":[{"id":"a","deviceName":"x","imei":1}]}"#);
        let row = &page.value[0];
        assert_eq!((row.id.as_str(), row.device_name.as_str()), ("a", "x"));
        assert!(!page.is_within(both));
        let page = owned(r#"{"value":[{"id":"a","deviceName":"x"}]}"#);
        assert!(page.is_within(both));
        assert!(!page.is_within([Property::Id].into_iter().collect()));
    }
}
