//! A page of the list of managed devices (docs/graph-facts.md#the-device-list).

use serde::Deserialize;

use crate::tolerant::Text;

/// One page of the list.
#[derive(Debug, Deserialize)]
pub struct Page<'a> {
    /// The devices. A page always has them, if only as an empty list.
    #[serde(borrow)]
    pub value: Vec<DeviceRow<'a>>,
    /// Where the next page is; empty on the last one.
    #[serde(borrow, default, rename = "@odata.nextLink")]
    pub next_link: Text<'a>,
}

/// What is read of a device. Any property can be null, missing, or not of the documented type.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceRow<'a> {
    /// The Intune device id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// Its name.
    #[serde(borrow)]
    pub device_name: Text<'a>,
    /// Its platform.
    #[serde(borrow)]
    pub operating_system: Text<'a>,
    /// Whether it complies.
    #[serde(borrow)]
    pub compliance_state: Text<'a>,
    /// What manages it: `mdm`, `eas`, `configurationManagerClient`, and others.
    #[serde(borrow)]
    pub management_agent: Text<'a>,
    /// `managed`, or what it is about to become.
    #[serde(borrow)]
    pub management_state: Text<'a>,
    /// `company` or `personal`.
    #[serde(borrow)]
    pub managed_device_owner_type: Text<'a>,
    /// When it last checked in.
    #[serde(borrow)]
    pub last_sync_date_time: Text<'a>,
    /// Its category.
    #[serde(borrow)]
    pub device_category_display_name: Text<'a>,
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
        let page: Page<'_> = serde_json::from_str(json).expect("a page");
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
        assert_eq!(page.next_link.as_str(), "");
    }

    #[test]
    fn anything_else_is_not_a_page() {
        for json in [
            "",
            "{}",
            "[]",
            r#"{"value":null}"#,
            r#"{"value":[7]}"#,
            r#"{"value":[]"#,
            "<html>",
        ] {
            assert!(serde_json::from_str::<Page<'_>>(json).is_err(), "{json}");
        }
    }
}
