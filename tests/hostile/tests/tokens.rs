//! The token: what a component gets to hold is worth nothing.

use crate::{guests, harness::attack};

#[test]
pub(crate) fn told_token() {
    let ended = attack(guests::TOLD_TOKEN).run();
    let token = ended.says();
    assert!(!token.is_empty());
    assert!(!ended.is_worth(&token), "{token}");
    assert!(!token.starts_with("eyJ"), "{token}");
}

#[test]
pub(crate) fn token_in_query() {
    let ended = attack(guests::TOKEN_IN_QUERY).run();
    // A query of the list may say anything; what it says here opens nothing.
    assert_eq!(ended.says(), "status 200");
    assert_eq!(ended.seen.unauthorized, 0);
}

#[test]
pub(crate) fn forged_token() {
    let ended = attack(guests::FORGED_TOKEN).run();
    ended.refused("a token that is not of this run");
    assert_eq!(ended.seen.requests.list, 0);
}

#[test]
pub(crate) fn another_scope() {
    let said = attack(guests::ANOTHER_SCOPE).run().says();
    assert_eq!(
        said,
        "the scope `https://management.azure.com/.default` is not the one of this run"
    );
}
