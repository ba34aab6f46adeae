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
    /// Reads the list with this query.
    List(String),
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
            (last == "managedDevices" && query_passes(query))
                .then(|| Meaning::List(query.to_owned()))
        }
        // Slashes in a query.
        ("GET", ["", "v1.0", "deviceManagement", last, ..]) if raw.body.is_empty() => {
            let query = target.split_once('?')?.1;
            (last.starts_with("managedDevices?") && query_passes(query))
                .then(|| Meaning::List(query.to_owned()))
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

fn query_passes(query: &str) -> bool {
    query.len() <= 32_768 && query.chars().all(|c| ('!'..='~').contains(&c))
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
