//! The response of an identity endpoint: a status, perhaps with a `Retry-After` behind it, and a body on the next
//! lines.

use std::time::Duration;

use http::{Response, header};
use intune_sync_identity::{App, Authority, MAX_TOKEN_BYTES, Naming, ProofKind};
use intune_sync_ids::Guid;
use intune_sync_settings::Cloud;

use crate::request::line;

pub(crate) fn run(input: &[u8]) -> bool {
    let (head, body) = line(input);
    let head = String::from_utf8_lossy(head);
    let (status, retry_after) = head.split_once(' ').unwrap_or((&head, ""));
    let mut response = Response::builder().status(status);
    if !retry_after.is_empty() {
        response = response.header(header::RETRY_AFTER, retry_after);
    }
    let Ok(response) = response.body(body) else {
        return false;
    };
    let endpoint = app().endpoint(ProofKind::ClientSecret);
    let mut accepted = false;
    for now in [None, Some(1_795_406_000)] {
        match endpoint.handle_response(&response, now) {
            Ok(token) => {
                let secret = token.secret.expose();
                assert!((1..=MAX_TOKEN_BYTES).contains(&secret.len()));
                assert!(secret.bytes().all(|byte| byte.is_ascii_graphic()));
                assert!(token.lifetime() > Duration::ZERO);
                // It has a meaning or none, but never a panic.
                let _ = token.secret.claims();
                accepted = true;
            }
            Err(error) => {
                let shown = error.to_string();
                assert!(!shown.contains(char::is_control), "{shown:?}");
                assert!(shown.chars().count() <= 600, "{shown:?}");
                assert!(!error.hint.is_empty());
            }
        }
    }
    accepted
}

fn app() -> App {
    let authority = Authority::new(Cloud::Public, None, Naming::Flags);
    App {
        authority: authority.expect("a cloud has an authority"),
        tenant: "contoso.onmicrosoft.com".parse().expect("a tenant"),
        client_id: Guid::random(7),
    }
}
