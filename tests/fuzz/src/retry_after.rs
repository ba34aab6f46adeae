//! How long a response asks to wait, by its headers and by its message.

use std::time::Duration;

use intune_sync_graph::retry_after::wait;

use crate::request::line;

/// Until the year 9999, the last that an HTTP date can name.
const LONGEST: Duration = Duration::from_secs(8_000 * 366 * 86_400);

/// Headers, an empty line, and a message.
pub(crate) fn run(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let mut rest = text.as_bytes();
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (header, after) = line(rest);
        rest = after;
        if header.is_empty() {
            break;
        }
        let header = String::from_utf8_lossy(header);
        let (name, value) = header.split_once(':').unwrap_or((&header, ""));
        headers.push((name.to_owned(), value.to_owned()));
    }
    let message = str::from_utf8(rest).ok().filter(|text| !text.is_empty());
    let now = Duration::from_secs(1_794_382_080);
    let found = wait(&headers, message, now);
    assert!(
        found.is_none_or(|wait| wait > Duration::ZERO && wait <= LONGEST),
        "{found:?}"
    );
    // One more header never makes the wait shorter.
    headers.push(("Retry-After".to_owned(), "2".to_owned()));
    let more = wait(&headers, message, now);
    assert_eq!(more, found.max(Some(Duration::from_secs(2))));
    found.is_some()
}
