use http::Uri;

use crate::contract::Selection;

/// The collection of managed devices.
pub(crate) const LIST_PATH: &str = "/v1.0/deviceManagement/managedDevices";

/// What is read of each device in every run. Without `$select` a device takes about 5 KB.
const SELECT: &str =
    "id,deviceName,operatingSystem,managementAgent,managementState,lastSyncDateTime";

/// Graph's origin: `https://graph.microsoft.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphRoot {
    scheme: String,
    authority: String,
}

/// Why an `@odata.nextLink` is not followed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum LinkError {
    #[error("the link to the next page is not a URL: `{0}`")]
    NotAUrl(String),
    #[error("the link to the next page leaves Graph: it points to `{0}`")]
    OtherOrigin(String),
    #[error("the link to the next page leaves the list of devices: it points to `{0}`")]
    OtherPath(String),
}

impl GraphRoot {
    /// Takes `scheme://host[:port]`, https or http on a loopback address, without a path.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let root = Self::of(&uri)?;
        let no_path = matches!(
            uri.path_and_query().map(http::uri::PathAndQuery::as_str),
            None | Some("/")
        );
        let host = uri.host()?;
        let loopback = host == "localhost" || host == "[::1]" || is_loopback_v4(host);
        (no_path && (root.scheme == "https" || root.scheme == "http" && loopback)).then_some(root)
    }

    /// `https` or `http`.
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// Host and port, the port left out where it is the scheme's own.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query of an `@odata.nextLink`, which must stay on this origin and on the list: a token must not
    /// follow it elsewhere.
    pub(crate) fn next_page(&self, link: &str) -> Result<String, LinkError> {
        let shown = || super::shortened(link, 200).to_owned();
        let uri: Uri = link.parse().map_err(|_| LinkError::NotAUrl(shown()))?;
        if Self::of(&uri).ok_or_else(|| LinkError::NotAUrl(shown()))? != *self {
            return Err(LinkError::OtherOrigin(shown()));
        }
        if !uri.path().eq_ignore_ascii_case(LIST_PATH) {
            return Err(LinkError::OtherPath(shown()));
        }
        Ok(match uri.query() {
            Some(query) => format!("{LIST_PATH}?{query}"),
            None => LIST_PATH.to_owned(),
        })
    }

    fn of(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host().to_ascii_lowercase();
        let own_port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let authority = match authority.port_u16() {
            Some(port) if port != own_port => format!("{host}:{port}"),
            None if authority.port().is_some() => return None,
            _ => host,
        };
        Some(Self { scheme, authority })
    }
}

fn is_loopback_v4(host: &str) -> bool {
    host.parse::<core::net::Ipv4Addr>()
        .is_ok_and(|address| address.is_loopback())
}

/// Path and query of the list's first page.
///
/// Graph silently ignores a filter that it does not support, so each criterion is checked again on our side. What is
/// sent must never leave out a device that the check would take: only criteria for which the two surely agree are
/// sent, and lists of several values are not (Graph knows only `and`).
pub(crate) fn list_query(
    selection: &Selection,
    stale_before: Option<&str>,
    filtered: bool,
) -> String {
    let mut clauses: Vec<String> = Vec::new();
    if filtered {
        if let [os] = selection.os.as_slice()
            && let Some(known) = KNOWN_OS.iter().find(|known| known.eq_ignore_ascii_case(os))
        {
            clauses.push(format!("startswith(operatingSystem,'{known}')"));
        }
        let one_word = |values: &[String]| match values {
            [value] if value.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Some(value.clone())
            }
            _ => None,
        };
        clauses.extend(
            one_word(&selection.compliance).map(|value| format!("complianceState eq '{value}'")),
        );
        clauses.extend(
            one_word(&selection.owner).map(|value| format!("managedDeviceOwnerType eq '{value}'")),
        );
        clauses.extend(
            one_word(&selection.agent).map(|value| format!("managementAgent eq '{value}'")),
        );
        clauses.extend(stale_before.map(|time| format!("lastSyncDateTime le {time}")));
        if let [device] = selection.devices.as_slice() {
            clauses.push(format!("id eq '{}'", crate::Guid::from(*device)));
        }
    }
    let mut query = format!("{LIST_PATH}?$select={SELECT}");
    // What only a criterion needs is not asked for without it.
    for (criterion, property) in [
        (&selection.compliance, "complianceState"),
        (&selection.owner, "managedDeviceOwnerType"),
        (&selection.category, "deviceCategoryDisplayName"),
    ] {
        if !criterion.is_empty() {
            query.push(',');
            query.push_str(property);
        }
    }
    if !clauses.is_empty() {
        query.push_str("&$filter=");
        query.push_str(
            &clauses
                .join(" and ")
                .replace(' ', "%20")
                .replace('\'', "%27"),
        );
    }
    query
}

/// Names for which Graph's own spelling is known: a filter may compare with letter case.
const KNOWN_OS: [&str; 7] = [
    "Windows", "macOS", "iOS", "iPadOS", "Android", "Linux", "ChromeOS",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> GraphRoot {
        GraphRoot::parse(text).expect("a Graph root")
    }

    #[test]
    fn takes_https_and_loopback_only() {
        for text in [
            "https://graph.microsoft.com",
            "https://Graph.Microsoft.com:443/",
            "http://127.0.0.1:8080",
        ] {
            assert!(GraphRoot::parse(text).is_some(), "{text}");
        }
        for text in [
            "http://graph.microsoft.com",
            "https://graph.microsoft.com/v1.0",
            "https://user@graph.microsoft.com",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "graph.microsoft.com",
            "",
        ] {
            assert!(GraphRoot::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn follows_a_link_on_its_own_origin_only() {
        let graph = root("https://graph.microsoft.com");
        assert_eq!(
            graph.next_page("https://GRAPH.microsoft.com:443/v1.0/deviceManagement/manageddevices?$skiptoken=a%20b'c"),
            Ok("/v1.0/deviceManagement/managedDevices?$skiptoken=a%20b'c".to_owned())
        );
        for elsewhere in [
            "https://evil.example/v1.0/deviceManagement/managedDevices",
            "https://graph.microsoft.com.evil.example/v1.0/deviceManagement/managedDevices",
            "https://graph.microsoft.com:8443/v1.0/deviceManagement/managedDevices",
            "http://graph.microsoft.com/v1.0/deviceManagement/managedDevices",
        ] {
            assert!(
                matches!(graph.next_page(elsewhere), Err(LinkError::OtherOrigin(_))),
                "{elsewhere}"
            );
        }
        for broken in [
            "",
            "/v1.0/deviceManagement/managedDevices",
            "https://",
            "https://a@graph.microsoft.com/v1.0",
        ] {
            assert!(
                matches!(graph.next_page(broken), Err(LinkError::NotAUrl(_))),
                "{broken}"
            );
        }
        assert!(matches!(
            graph.next_page("https://graph.microsoft.com/v1.0/users"),
            Err(LinkError::OtherPath(_))
        ));
    }

    #[test]
    fn asks_for_what_the_criteria_read_and_no_more() {
        let always = format!("{LIST_PATH}?$select={SELECT}");
        let mut selection = crate::settings::tests::everything();
        assert_eq!(list_query(&selection, None, false), always);
        selection.category = vec!["Kiosk".to_owned()];
        selection.compliance = vec!["noncompliant".to_owned(), "conflict".to_owned()];
        assert_eq!(
            list_query(&selection, None, true),
            format!("{always},complianceState,deviceCategoryDisplayName")
        );
        selection.owner = vec!["personal".to_owned()];
        assert!(list_query(&selection, None, false).contains(",managedDeviceOwnerType,"));
    }

    #[test]
    fn sends_only_criteria_that_lose_nothing() {
        let mut selection = crate::settings::tests::everything();
        assert!(!list_query(&selection, None, true).contains("$filter"));
        selection.os = vec!["windows".to_owned()];
        selection.compliance = vec!["noncompliant".to_owned()];
        selection.owner = vec!["company".to_owned(), "personal".to_owned()];
        selection.name = vec!["DESK-*".to_owned()];
        let query = list_query(&selection, Some("2026-11-22T00:00:00Z"), true);
        let filter = query.split_once("&$filter=").expect("a filter").1;
        assert_eq!(
            filter,
            "startswith(operatingSystem,%27Windows%27)%20and%20complianceState%20eq%20%27noncompliant%27\
             %20and%20lastSyncDateTime%20le%202026-11-22T00:00:00Z"
        );
        assert!(!list_query(&selection, Some("2026-11-22T00:00:00Z"), false).contains("$filter"));
    }
}
