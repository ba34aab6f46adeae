//! The rules as a table for people to read.

use super::{BODY_LIMIT, RESPONSE_LIMIT};
use crate::gate::sync::Rule;

/// All that may leave for a notification, made of the constants that the gate works with.
pub fn rules_table() -> Vec<Rule> {
    let rule = |what: &str, condition: String| Rule {
        what: what.to_owned(),
        condition,
    };
    vec![
        rule(
            "POST to the configured address",
            format!(
                "byte for byte its scheme, host, port, path and query; https, or http on loopback; a JSON object of at \
                 most {BODY_LIMIT} bytes, written anew; once for each instance of the component; no redirect followed"
            ),
        ),
        rule(
            "a header",
            "the host's own only: no token, no cookie, nothing of the component's".to_owned(),
        ),
        rule(
            "HEAD / at its origin",
            "the host's own, for `doctor`; without a body; never for a component".to_owned(),
        ),
        rule("any other request", "never".to_owned()),
        rule(
            "a response's body",
            format!("at most {RESPONSE_LIMIT} bytes"),
        ),
    ]
}
