//! The gate of `grant`: it decides as a rule does that is written here a second time, on strings.

use intune_sync_egress::{
    Proposal,
    grant::{Gate, Rules, Writes},
};
use percent_encoding::percent_decode_str;

use crate::{
    json::json,
    request::Request,
    rule::{guid, place},
};

/// What the gate may permit, when the input says `assign` or `revoke`.
const RESOURCE: &str = "0a0b0c0d-0000-4000-8000-000000000001";
const PRINCIPAL: &str = "0a0b0c0d-0000-4000-8000-000000000002";
const ASSIGNMENT: &str = "2jLOj0tmSU2kbnuKzHhCT0qv-_8";

/// The roles that may be granted, as in Microsoft's reference.
const ROLES: [&str; 5] = [
    "2f51be20-0bb4-4fed-bf7b-db946066c75e",
    "243333ab-4d21-40cb-a475-36241daa0842",
    "5b07b0dd-2377-4e44-a38d-703f09a0dc3c",
    "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "7438b122-aefc-4978-80ed-43db9fcc7715",
];

const SELECT: &str = "$select=id,displayName,appId,servicePrincipalType";

pub(crate) fn run(input: &[u8]) -> bool {
    let Some(request) = Request::read(input) else {
        return false;
    };
    let parsed = "the test's ids are ids";
    let resource = RESOURCE.parse().expect(parsed);
    let gate = Gate::new(Rules {
        origin: "https://graph.microsoft.com".parse().expect("an origin"),
        writes: match request.permitted {
            "assign" => Writes::Assign {
                resource,
                principal: PRINCIPAL.parse().expect(parsed),
            },
            "revoke" => Writes::Revoke {
                resource,
                assignments: vec![ASSIGNMENT.parse().expect(parsed)],
            },
            _ => Writes::None,
        },
    });
    let decision = gate.check(&Proposal {
        method: &request.method,
        uri: &request.uri,
        headers: &request.headers,
        body: request.body,
    });
    let expected = leaves(&request);
    match &decision {
        Err(refusal) => {
            let shown = refusal.to_string();
            assert!(shown.len() < 700, "{shown}");
        }
        Ok(allowed) => {
            let named = |name: &str| allowed.headers.contains_key(name);
            let known = usize::from(named("accept"))
                + usize::from(named("user-agent"))
                + usize::from(named("content-type") && !allowed.body.is_empty());
            assert_eq!(allowed.headers.len(), known, "{:?}", allowed.headers);
            assert_eq!(allowed.call.method(), allowed.method);
            assert_eq!(allowed.call.body(), allowed.body);
        }
    }
    let left = decision.as_ref().ok().map(|allowed| {
        let body = String::from_utf8_lossy(&allowed.body).into_owned();
        (allowed.method.to_string(), allowed.uri.to_string(), body)
    });
    assert_eq!(left, expected, "{decision:?}");
    left.is_some()
}

/// Method, address and body of what leaves instead of a request; none for one that may not leave.
fn leaves(request: &Request<'_>) -> Option<(String, String, String)> {
    let uri = request.uri.to_string();
    let target = place(&uri, "https", "graph.microsoft.com")?;
    let all = target.strip_prefix("/v1.0/servicePrincipals")?;
    let (path, query) = match all.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (all, None),
    };
    let segments: Vec<&str> = path.split('/').collect();
    let own = |id: &str| guid(id).as_deref() == Some(id);
    let method = request.method.as_str();
    let mut body = String::new();
    let permitted = match (method, segments.as_slice(), query) {
        ("GET", ["(appId='00000003-0000-0000-c000-000000000000')"], Some(query)) => {
            query == "$select=id,appRoles"
        }
        ("GET", [""], Some(query)) => query
            .strip_prefix("$filter=displayName%20eq%20%27")
            .and_then(|rest| rest.strip_suffix(&format!("%27&{SELECT}")))
            .is_some_and(is_name),
        ("GET", ["", id], Some(query)) => own(id) && query == SELECT,
        ("GET", ["", id, "appRoleAssignments"], None) => own(id),
        ("GET", ["", id, "appRoleAssignments"], Some(query)) => {
            own(id) && query.strip_prefix("$skiptoken=").is_some_and(is_skip_token)
        }
        ("DELETE", ["", id, "appRoleAssignedTo", assignment], None) => {
            request.permitted == "revoke" && *id == RESOURCE && *assignment == ASSIGNMENT
        }
        ("POST", ["", id, "appRoleAssignedTo"], None) => {
            let role = role(request.body);
            body = role.as_ref().map(assignment).unwrap_or_default();
            request.permitted == "assign" && *id == RESOURCE && role.is_some()
        }
        _ => false,
    };
    let may_have_body = method == "POST" || request.body.is_empty();
    let address = format!("https://graph.microsoft.com{target}");
    (permitted && may_have_body).then(|| (method.to_owned(), address, body))
}

/// The role that a body assigns to the one principal on the one resource.
fn role(body: &[u8]) -> Option<String> {
    if !body.starts_with(b"{") {
        return None;
    }
    let body = json(body)?;
    let [principal, resource, role] = body.object(["principalId", "resourceId", "appRoleId"])?;
    let (principal, resource) = (guid(principal.text()?)?, guid(resource.text()?)?);
    let role = guid(role.text()?)?;
    let permitted = principal == PRINCIPAL && resource == RESOURCE && ROLES.contains(&&*role);
    permitted.then_some(role)
}

fn assignment(role: &String) -> String {
    format!(r#"{{"principalId":"{PRINCIPAL}","resourceId":"{RESOURCE}","appRoleId":"{role}"}}"#)
}

/// A name between the quotes of an OData literal, in the one spelling that is accepted.
pub(crate) fn is_name(text: &str) -> bool {
    let Ok(decoded) = percent_decode_str(text).decode_utf8() else {
        return false;
    };
    let mut spelt = String::new();
    for byte in decoded.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                spelt.push(byte.into());
            }
            _ => spelt += &format!("%{byte:02X}"),
        }
    }
    let quotes = decoded.split(|c| c != '\'');
    let doubled = quotes.into_iter().all(|run| run.len() % 2 == 0);
    let characters = decoded.replace("''", "'").chars().count();
    let plain = decoded.chars().all(|c| !c.is_control());
    spelt == text && doubled && plain && (1..=256).contains(&characters)
}

fn is_skip_token(token: &str) -> bool {
    let chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%+/=:!'*";
    (1..=4_096).contains(&token.len()) && token.chars().all(|c| chars.contains(c))
}
