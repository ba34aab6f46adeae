use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName};

use crate::headers::CLIENT_REQUEST_ID;

/// The most bytes in the body of a page of the list, decompressed.
pub const LIST_BODY_LIMIT: usize = 32 * 1024 * 1024;
/// The most bytes in the body of any other answer, decompressed.
pub const ANSWER_BODY_LIMIT: usize = 1024 * 1024;
/// The most bytes in the value of a header that is kept.
pub const ANSWER_HEADER_LIMIT: usize = 4 * 1024;
/// The most bytes in the names and values of all headers that are kept.
pub const ANSWER_HEADERS_LIMIT: usize = 16 * 1024;

/// The headers of an answer that the guest gets to see: what the answer is, when to come back, why it was refused, and
/// what Microsoft's support asks for.
pub const KEPT_ANSWER_HEADERS: [HeaderName; 8] = [
    CLIENT_REQUEST_ID,
    CONTENT_TYPE,
    DATE,
    HeaderName::from_static("request-id"),
    RETRY_AFTER,
    WWW_AUTHENTICATE,
    HeaderName::from_static("x-ms-ags-diagnostic"),
    HeaderName::from_static("x-msft-approval-justification"),
];

/// Why an answer is not handed to the guest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// A header that is kept is too long.
    #[error("the answer's header `{name}` has {length} bytes, {ANSWER_HEADER_LIMIT} are allowed")]
    Header {
        /// Its name.
        name: HeaderName,
        /// Bytes of its value.
        length: usize,
    },
    /// The headers that are kept are too long together.
    #[error("the answer's headers have more than {ANSWER_HEADERS_LIMIT} bytes")]
    Headers,
}

/// Keeps of an answer's headers what [`KEPT_ANSWER_HEADERS`] names. The others are dropped, whatever their size.
///
/// # Errors
///
/// When what is kept is larger than the limits.
pub fn answer_headers(headers: &HeaderMap) -> Result<HeaderMap, AnswerError> {
    let mut kept = HeaderMap::new();
    let mut total = 0;
    for (name, value) in headers
        .iter()
        .filter(|(name, _)| KEPT_ANSWER_HEADERS.contains(name))
    {
        if value.len() > ANSWER_HEADER_LIMIT {
            return Err(AnswerError::Header {
                name: name.clone(),
                length: value.len(),
            });
        }
        total += name.as_str().len() + value.len();
        if total > ANSWER_HEADERS_LIMIT {
            return Err(AnswerError::Headers);
        }
        kept.append(name, value.clone());
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rows: &[(&'static str, &str)]) -> HeaderMap {
        let value = |text: &str| text.parse().expect("a header value");
        rows.iter()
            .map(|(name, text)| (HeaderName::from_static(name), value(text)))
            .collect()
    }

    #[test]
    fn keeps_what_the_engine_needs() {
        let all = answer(&[
            ("content-type", "application/json"),
            ("retry-after", "0.249"),
            ("set-cookie", "x=1"),
            ("location", "https://evil.com/"),
            ("x-ms-client-principal", "x"),
            (
                "strict-transport-security",
                &"x".repeat(ANSWER_HEADERS_LIMIT),
            ),
            ("request-id", "00112233-4455-6677-8899-aabbccddeeff"),
        ]);
        let kept = answer_headers(&all).expect("small enough");
        let mut names: Vec<_> = kept.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "request-id", "retry-after"]);
        assert_eq!(kept["retry-after"], "0.249");
    }

    #[test]
    fn refuses_what_is_too_large() {
        let largest = "x".repeat(ANSWER_HEADER_LIMIT);
        assert!(answer_headers(&answer(&[("date", &largest)])).is_ok());
        let longer = format!("{largest}x");
        assert_eq!(
            answer_headers(&answer(&[("date", &longer)])),
            Err(AnswerError::Header {
                name: DATE,
                length: ANSWER_HEADER_LIMIT + 1
            })
        );
        let mut many = HeaderMap::new();
        for _ in 0..4 {
            many.append(DATE, largest.parse().expect("a header value"));
        }
        assert_eq!(answer_headers(&many), Err(AnswerError::Headers));
    }
}
