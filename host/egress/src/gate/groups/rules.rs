//! The rules as a table for people to read.

use super::{Kind, RESPONSE_LIMIT};
use crate::gate::sync::{QUERY_LENGTH, Rule};

/// All that may leave for `--group` and `--exclude-group`, made of the constants that the gate works with.
pub fn rules_table() -> Vec<Rule> {
    let rule = |what: String, condition: String| Rule { what, condition };
    let mut table = vec![
        rule(
            "any request".to_owned(),
            "to the configured Graph root only; https, or http on loopback; no body, no redirect followed"
                .to_owned(),
        ),
        rule(
            "GET /v1.0/groups/{guid}".to_owned(),
            "with `$select=id,displayName`".to_owned(),
        ),
        rule(
            "GET /v1.0/groups".to_owned(),
            "with `$filter=displayName eq '…'`, a name of 1 to 256 characters in which quotes are doubled, and \
             `$select=id,displayName`"
                .to_owned(),
        ),
    ];
    table.extend(Kind::ALL.map(|kind| {
        rule(
            format!("GET /v1.0/groups/{{guid}}/transitiveMembers/{}", kind.cast()),
            format!(
                "with `{}` and `ConsistencyLevel: eventual`; a further page by the link that Graph gave last, at most \
                 {QUERY_LENGTH} bytes",
                kind.query()
            ),
        )
    }));
    table.push(rule("any other request".to_owned(), "never".to_owned()));
    table.push(rule(
        "a response's body".to_owned(),
        format!("at most {RESPONSE_LIMIT} bytes"),
    ));
    table
}
