//! What goes along with a request.

use crate::{
    guests,
    harness::{Elsewhere, attack},
};

#[test]
pub(crate) fn method_override() {
    let ended = attack(guests::METHOD_OVERRIDE).run();
    ended.refused("the header `x-http-method-override` is not on the list of what may leave");
}

#[test]
pub(crate) fn host_header() {
    let elsewhere = Elsewhere::new();
    let authority = format!("localhost:{}", elsewhere.port());
    let ended = attack(guests::HOST_HEADER).toward(&authority).run();
    let said = ended.says();
    assert!(
        said.starts_with("a header was not taken: HeaderError::Forbidden"),
        "{said}"
    );
    elsewhere.saw_nothing();
}

#[test]
pub(crate) fn crlf_header() {
    let said = attack(guests::CRLF_HEADER).run().says();
    assert!(
        said.starts_with("a header was not taken: HeaderError::InvalidSyntax"),
        "{said}"
    );
}

#[test]
pub(crate) fn giant_header() {
    let ended = attack(guests::GIANT_HEADER).run();
    ended.stopped("the component broke off: total size of fields exceeds limit");
}

#[test]
pub(crate) fn giant_token() {
    let ended = attack(guests::GIANT_TOKEN).run();
    ended.refused("the header `authorization` is not `Bearer` and a token");
}

#[test]
pub(crate) fn giant_body() {
    let ended = attack(guests::GIANT_BODY).run();
    ended.refused("a body of more than 65536 bytes");
}

#[test]
pub(crate) fn token_in_another_header() {
    let ended = attack(guests::TOKEN_IN_ANOTHER_HEADER).run();
    ended.refused("the header `x-token` is not on the list of what may leave");
}
