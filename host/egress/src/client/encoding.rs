//! Compressed responses whose encoding is named otherwise than `reqwest` expects.

use std::convert::Infallible;

use http::{HeaderValue, Request, Response, header};
use reqwest::Body;
use tower::{ServiceExt, service_fn};
use tower_http::decompression::Decompression;

/// Decodes what is left encoded. `reqwest` knows `gzip` in small letters only, but the names of encodings have no
/// letter case, and `x-gzip` is another name of it (RFC 9110, section 8.4.1).
pub(super) async fn decoded(mut response: Response<Body>) -> Response<Body> {
    let is_gzip = |name: &HeaderValue| {
        let name = name.as_bytes().trim_ascii();
        name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip")
    };
    match response.headers_mut().get_mut(header::CONTENT_ENCODING) {
        Some(name) if is_gzip(name) => *name = HeaderValue::from_static("gzip"),
        Some(_) | None => return response,
    }
    // A service that is handed its response with the request.
    let responds = service_fn(|handed: Request<Response<Body>>| async {
        Ok::<_, Infallible>(handed.into_body())
    });
    let Ok(decoded) = Decompression::new(responds)
        .oneshot(Request::new(response))
        .await;
    decoded.map(Body::wrap)
}
