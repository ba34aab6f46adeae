//! What is kept of a response's headers.

use http::{
    HeaderMap, HeaderName,
    header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::gate::CLIENT_REQUEST_ID;

/// The most bytes in the value of a header that is kept.
pub const RESPONSE_HEADER_LIMIT: usize = 4 * 1024;
/// The most bytes in the names and values of all headers that are kept.
pub const RESPONSE_HEADERS_LIMIT: usize = 16 * 1024;

/// The headers of a response that are kept: its type, when to try again, why the request was refused, and what
/// Microsoft's support needs.
pub const KEPT_RESPONSE_HEADERS: [HeaderName; 10] = [
    CLIENT_REQUEST_ID,
    CONTENT_TYPE,
    DATE,
    // Where a redirect leads, which nothing follows.
    LOCATION,
    HeaderName::from_static("request-id"),
    RETRY_AFTER,
    WWW_AUTHENTICATE,
    HeaderName::from_static("x-ms-ags-diagnostic"),
    HeaderName::from_static("x-msft-approval-code"),
    HeaderName::from_static("x-msft-approval-justification"),
];

/// Why a response is not handed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// A header that is kept is too long.
    #[error(
        "the response's header `{name}` has {length} bytes, {RESPONSE_HEADER_LIMIT} are allowed"
    )]
    Header {
        /// Its name.
        name: HeaderName,
        /// Bytes of its value.
        length: usize,
    },
    /// The headers that are kept are too long together.
    #[error("the response's headers have more than {RESPONSE_HEADERS_LIMIT} bytes")]
    Headers,
}

/// Keeps of a response's headers those that [`KEPT_RESPONSE_HEADERS`] names. The others are dropped, whatever their
/// size.
///
/// # Errors
///
/// When what is kept is larger than the limits.
pub fn response_headers(headers: &HeaderMap) -> Result<HeaderMap, ResponseError> {
    let mut kept = HeaderMap::new();
    let mut total = 0;
    for (name, value) in headers
        .iter()
        .filter(|(name, _)| KEPT_RESPONSE_HEADERS.contains(name))
    {
        if value.len() > RESPONSE_HEADER_LIMIT {
            return Err(ResponseError::Header {
                name: name.clone(),
                length: value.len(),
            });
        }
        total += name.as_str().len() + value.len();
        if total > RESPONSE_HEADERS_LIMIT {
            return Err(ResponseError::Headers);
        }
        kept.append(name, value.clone());
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(rows: &[(&'static str, &str)]) -> HeaderMap {
        let value = |text: &str| text.parse().expect("a header value");
        rows.iter()
            .map(|(name, text)| (HeaderName::from_static(name), value(text)))
            .collect()
    }

    #[test]
    fn keeps_what_the_engine_needs() {
        let all = response(&[
            ("content-type", "application/json"),
            ("retry-after", "0.249"),
            ("set-cookie", "x=1"),
            ("location", "https://evil.com/"),
            ("x-ms-client-principal", "x"),
            (
                "strict-transport-security",
                &"x".repeat(RESPONSE_HEADERS_LIMIT),
            ),
            ("request-id", "00112233-4455-6677-8899-aabbccddeeff"),
        ]);
        let kept = response_headers(&all).expect("small enough");
        let mut names: Vec<_> = kept.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["content-type", "location", "request-id", "retry-after"]
        );
        assert_eq!(kept["retry-after"], "0.249");
    }

    #[test]
    fn refuses_what_is_too_large() {
        let largest = "x".repeat(RESPONSE_HEADER_LIMIT);
        assert!(response_headers(&response(&[("date", &largest)])).is_ok());
        let longer = format!("{largest}x");
        assert_eq!(
            response_headers(&response(&[("date", &longer)])),
            Err(ResponseError::Header {
                name: DATE,
                length: RESPONSE_HEADER_LIMIT + 1
            })
        );
        let mut many = HeaderMap::new();
        for _ in 0..4 {
            many.append(DATE, largest.parse().expect("a header value"));
        }
        assert_eq!(response_headers(&many), Err(ResponseError::Headers));
    }

    #[test]
    fn names_count_too() {
        let four = |last: usize| {
            let mut headers = HeaderMap::new();
            for length in [4_092, 4_092, 4_092, last] {
                headers.append(DATE, "x".repeat(length).parse().expect("a header value"));
            }
            response_headers(&headers).is_ok()
        };
        // Four times `date` and 4,092 bytes are 16 KiB.
        assert_eq!((four(4_092), four(4_093)), (true, false));
    }
}
