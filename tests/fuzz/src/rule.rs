//! The rule of what may leave a run, written a second time and in another way: with a separate JSON reader, on strings.
//! It shares no code with the gate and uses nothing of it.

use crate::json::{Json, json};

/// A request as the guest made it.
#[derive(Clone, Debug)]
pub struct Raw {
    /// Whether bulk dispatch is permitted.
    pub bulk: bool,
    /// Its method.
    pub method: String,
    /// Its address.
    pub uri: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Reads the first page of the list with this query.
    List(String),
    /// Reads a page of the list by this query, if Graph has given it as a link.
    Link(String),
    /// Syncs this device, by its own request.
    Sync(String),
    /// Syncs these devices, by `$batch`; each with its item's id.
    Batch(Vec<(String, String)>),
    /// Syncs these devices, by `executeAction`.
    Bulk(Vec<String>),
}

/// The meaning of a request that may leave to `host` (an authority in lower case, without the default port) over
/// `scheme`; none for one that may not.
pub(crate) fn decide(raw: &Raw, scheme: &str, host: &str) -> Option<Meaning> {
    let target = place(&raw.uri, scheme, host)?;
    headers_pass(&raw.headers).then_some(())?;
    if raw.body.len() > 65_536 {
        return None;
    }
    let segments: Vec<&str> = target.split('/').collect();
    match (raw.method.as_str(), segments.as_slice()) {
        ("GET", ["", "v1.0", "deviceManagement", last]) if raw.body.is_empty() => {
            let (last, query) = last.split_once('?').unwrap_or((last, ""));
            (last == "managedDevices").then_some(())?;
            list(query)
        }
        // Slashes in a query.
        ("GET", ["", "v1.0", "deviceManagement", last, ..]) if raw.body.is_empty() => {
            let query = target.split_once('?')?.1;
            last.starts_with("managedDevices?").then_some(())?;
            list(query)
        }
        (
            "POST",
            [
                "",
                "v1.0",
                "deviceManagement",
                "managedDevices",
                device,
                "syncDevice",
            ],
        ) if raw.body.is_empty() => guid(device).map(Meaning::Sync),
        ("POST", ["", "v1.0", "$batch"]) => batch(&json(&raw.body)?),
        (
            "POST",
            [
                "",
                "beta",
                "deviceManagement",
                "managedDevices",
                "executeAction",
            ],
        ) if raw.bulk => bulk(&json(&raw.body)?),
        _ => None,
    }
}

/// What follows the authority in an address, if that is `host` over `scheme`.
pub(crate) fn place<'a>(uri: &'a str, scheme: &str, host: &str) -> Option<&'a str> {
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let (own_scheme, rest) = uri.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let authority = authority.to_ascii_lowercase();
    let is_host = authority == host || authority == format!("{host}{default_port}");
    (is_host && own_scheme.to_ascii_lowercase() == scheme).then_some(target)
}

/// What a query of the list means.
fn list(query: &str) -> Option<Meaning> {
    let passes = query.len() <= 32_768 && query.chars().all(|c| ('!'..='~').contains(&c));
    passes.then_some(())?;
    Some(match first_page(query) {
        Some(query) => Meaning::List(query),
        None => Meaning::Link(query.to_owned()),
    })
}

/// The properties, in the order in which they are written.
const PROPERTIES: &str = "id deviceName operatingSystem managementAgent managementState lastSyncDateTime \
                          complianceState managedDeviceOwnerType deviceCategoryDisplayName \
                          azureADDeviceId userId userPrincipalName serialNumber model osVersion \
                          enrollmentProfileName enrolledDateTime";

/// A query of the first page as it is written, from the grammar in `crates/graph/src/list_query.rs`.
pub(crate) fn first_page(query: &str) -> Option<String> {
    const OPTIONS: [&str; 4] = ["$select=", "$filter=", "$top=", "$count="];
    let mut written = [const { None }; 4];
    let parts: Vec<&str> = match query {
        "" => Vec::new(),
        query => query.split('&').collect(),
    };
    for part in parts {
        let which = OPTIONS.iter().position(|option| part.starts_with(option))?;
        let value = &part[OPTIONS[which].len()..];
        let value = match which {
            0 => select(value)?,
            1 => filter(value)?,
            2 => (1..=1_000)
                .map(|top| top.to_string())
                .find(|top| top == value)?,
            _ => Some("true".to_owned()).filter(|_| value == "true")?,
        };
        if written[which]
            .replace(OPTIONS[which].to_owned() + &value)
            .is_some()
        {
            return None;
        }
    }
    let written: Vec<String> = written.into_iter().flatten().collect();
    Some(written.join("&"))
}

fn select(value: &str) -> Option<String> {
    let known: Vec<&str> = PROPERTIES.split_whitespace().collect();
    let named: Vec<&str> = value.split(',').collect();
    let all_known = named.iter().all(|name| known.contains(name));
    let written = known.into_iter().filter(|name| named.contains(name));
    all_known.then(|| written.collect::<Vec<_>>().join(","))
}

fn filter(value: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        if first == '%' {
            let digits = rest
                .get(1..3)
                .filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))?;
            plain.push(char::from(u8::from_str_radix(digits, 16).ok()?));
            rest = &rest[3..];
        } else if first.is_ascii_alphanumeric() || "-._:,()".contains(first) {
            plain.push(first);
            rest = &rest[1..];
        } else {
            return None;
        }
    }
    let all_pass = plain.split(" and ").all(comparison_passes);
    all_pass.then(|| plain.replace(' ', "%20").replace('\'', "%27"))
}

fn comparison_passes(text: &str) -> bool {
    let known = |name: &str| {
        PROPERTIES
            .split_whitespace()
            .any(|property| property == name)
    };
    let literal = |text: &str| {
        let inner = text
            .strip_prefix('\'')
            .and_then(|text| text.strip_suffix('\''));
        inner.is_some_and(|inner| {
            (1..=64).contains(&inner.len())
                && inner
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        })
    };
    let time = |text: &str| {
        let form: String = text
            .chars()
            .map(|c| if c.is_ascii_digit() { '9' } else { c })
            .collect();
        form == "9999-99-99T99:99:99Z"
    };
    if let Some(call) = text.strip_prefix("startswith(") {
        let inside = call
            .strip_suffix(')')
            .and_then(|inside| inside.split_once(','));
        return inside.is_some_and(|(property, start)| known(property) && literal(start));
    }
    match text.split(' ').collect::<Vec<_>>()[..] {
        [property, "eq", value] => known(property) && literal(value),
        [property, "le" | "ge", value] => known(property) && time(value),
        _ => false,
    }
}

fn headers_pass(headers: &[(String, String)]) -> bool {
    let named = |wanted: &str| -> Vec<&str> {
        headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.as_str())
            .collect()
    };
    let known = [
        "accept",
        "authorization",
        "client-request-id",
        "content-length",
        "content-type",
        "user-agent",
    ];
    let all_known = headers
        .iter()
        .all(|(name, _)| known.contains(&name.to_ascii_lowercase().as_str()));
    let token = match named("authorization").as_slice() {
        [only] => only.strip_prefix("Bearer ").is_some_and(token_passes),
        _ => false,
    };
    let request_id = match named("client-request-id").as_slice() {
        [] => true,
        [only] => guid(only).is_some(),
        _ => false,
    };
    all_known && token && request_id
}

fn token_passes(token: &str) -> bool {
    let chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    !token.is_empty() && token.len() <= 16_384 && token.chars().all(|c| chars.contains(c))
}

/// A GUID in lower case.
pub(crate) fn guid(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let hexadecimal = groups
        .concat()
        .chars()
        .all(|c| "0123456789abcdefABCDEF".contains(c));
    (lengths == [8, 4, 4, 4, 12] && hexadecimal).then(|| text.to_lowercase())
}

fn batch(body: &Json) -> Option<Meaning> {
    let [requests] = body.object(["requests"])?;
    let items = requests.array()?;
    let mut known = Vec::new();
    let mut found = Vec::new();
    for item in items {
        let [id, method, url] = item.object(["id", "method", "url"])?;
        let (id, method, url) = (id.text()?, method.text()?, url.text()?);
        let folded = id.to_lowercase();
        let id_passes = (1..=36).contains(&id.len())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !id_passes || known.contains(&folded) || method != "POST" {
            return None;
        }
        known.push(folded);
        let [
            "",
            "deviceManagement",
            "managedDevices",
            device,
            "syncDevice",
        ] = url.split('/').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        found.push((id.to_owned(), guid(device)?));
    }
    (1..=20)
        .contains(&found.len())
        .then_some(Meaning::Batch(found))
}

fn bulk(body: &Json) -> Option<Meaning> {
    let [action, devices] = body.object(["actionName", "deviceIds"])?;
    let devices: Option<Vec<String>> = devices
        .array()?
        .iter()
        .map(|device| guid(device.text()?))
        .collect();
    let devices = devices?;
    (action.text()? == "syncDevice" && (1..=100).contains(&devices.len()))
        .then_some(Meaning::Bulk(devices))
}
