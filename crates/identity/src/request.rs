//! A request for a token, before anything sends it.

use http::Request;

/// A request for a token, as any client can send it.
pub type TokenRequest = Request<Form>;

/// The body of a request: a form, or nothing. It may hold a secret, so there is no `Debug`.
#[derive(Default)]
pub struct Form(pub String);
