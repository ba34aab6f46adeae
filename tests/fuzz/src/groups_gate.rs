//! The gate of groups: it decides as a rule does that is written here a second time, on strings.

use http::{HeaderMap, Method, Uri};
use intune_sync_egress::{
    Proposal,
    groups::{Call, Further, Gate, Kind, Rules},
};

use crate::{
    grant_gate::is_name,
    request::Request,
    rule::{guid, place},
};

/// The group of whose devices Graph has given a link to a further page, when the input says `further`.
const GROUP: &str = "0a0b0c0d-0000-4000-8000-000000000001";
/// The query of that link.
pub const FURTHER: &str = "$select=id%2CdeviceId&$count=true&$top=999&$skiptoken=RFNwdAoAAQ";

const ORIGIN: &str = "https://graph.microsoft.com";
const SELECT: &str = "$select=id,displayName";

pub(crate) fn run(input: &[u8]) -> bool {
    let Some(request) = Request::read(input) else {
        return false;
    };
    let further = request.permitted == "further";
    let parts = (&request.method, &request.uri);
    compare(parts, &request.headers, request.body, further)
}

/// Puts a request to the gate, and compares what leaves with what the rule says; whether it leaves. With `further`,
/// Graph has given a link to a further page.
///
/// # Panics
///
/// When the gate decides otherwise than the rule.
pub fn compare(
    (method, uri): (&Method, &Uri),
    headers: &HeaderMap,
    body: &[u8],
    further: bool,
) -> bool {
    let gate = Gate::new(Rules {
        origin: ORIGIN.parse().expect("an origin"),
        writes: Further(further.then(given)),
    });
    let decision = gate.check(&Proposal {
        method,
        uri,
        headers,
        body,
    });
    let expected =
        leaves(&uri.to_string(), further).filter(|_| method == Method::GET && body.is_empty());
    match &decision {
        Err(refusal) => {
            let shown = refusal.to_string();
            assert!(shown.len() < 700, "{shown}");
        }
        Ok(allowed) => {
            let mut names: Vec<_> = allowed.headers.keys().map(|name| name.as_str()).collect();
            names.sort_unstable();
            let is_cast = uri.path().contains("transitiveMembers");
            let needed: &[&str] = match is_cast {
                true => &["accept", "consistencylevel", "user-agent"],
                false => &["accept", "user-agent"],
            };
            assert_eq!(names, needed);
            assert!(allowed.body.is_empty() && allowed.method == Method::GET);
        }
    }
    let left = decision
        .as_ref()
        .ok()
        .map(|allowed| allowed.uri.to_string());
    assert_eq!(left, expected, "{method} {uri}: {decision:?}");
    left.is_some()
}

/// The call for the further page.
fn given() -> Call {
    let group = GROUP.parse().expect("a GUID");
    let origin = ORIGIN.parse().expect("an origin");
    let link =
        format!("{ORIGIN}/v1.0/groups/{GROUP}/transitiveMembers/microsoft.graph.device?{FURTHER}");
    let first = Call::members(group, Kind::Devices);
    first
        .next_page(&origin, &link)
        .expect("a link at the same path")
}

/// The address of what leaves instead of a `GET`; none for one that may not leave.
fn leaves(uri: &str, further: bool) -> Option<String> {
    let target = place(uri, "https", "graph.microsoft.com")?;
    let (path, query) = target.strip_prefix("/v1.0/groups")?.split_once('?')?;
    let own = |id: &str| guid(id).as_deref() == Some(id);
    let segments: Vec<&str> = path.split('/').collect();
    let permitted = match segments.as_slice() {
        [""] => query
            .strip_prefix("$filter=displayName%20eq%20%27")
            .and_then(|rest| rest.strip_suffix(&format!("%27&{SELECT}")))
            .is_some_and(is_name),
        ["", id] => own(id) && query == SELECT,
        ["", id, "transitiveMembers", "microsoft.graph.device"] => {
            let first = query == "$select=id,deviceId,displayName&$count=true&$top=999";
            own(id) && (first || further && *id == GROUP && query == FURTHER)
        }
        ["", id, "transitiveMembers", "microsoft.graph.user"] => {
            own(id) && query == "$select=id&$count=true&$top=999"
        }
        _ => false,
    };
    permitted.then(|| format!("{ORIGIN}{target}"))
}
