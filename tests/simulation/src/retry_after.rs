//! How long a response says to wait: a second implementation, which checks the engine's.

use std::time::{Duration, SystemTime};

use intune_sync_engine::http::Response;
use intune_sync_graph::read_json;
use serde_json::Value;

/// The longest wait that a response, or an item of a `$batch` in it, names, in milliseconds.
pub(crate) fn longest(response: &Response) -> Option<u64> {
    let header = |name: &str| response.header(name).map(str::to_owned);
    let date = header("date");
    let body: Value = read_json(&response.body).unwrap_or_default();
    let says_so =
        |status: u64| status == 429 || matches!(status, 408 | 424 | 500 | 502..=504 | 507 | 509);
    let mut waits = Vec::new();
    if says_so(response.status.into()) {
        waits.push(header("retry-after").and_then(|text| millis(&text, date.as_deref())));
        waits.push(in_message(&body));
    }
    for item in body["responses"].as_array().into_iter().flatten() {
        if !says_so(item["status"].as_u64().unwrap_or_default()) {
            continue;
        }
        let headers = item["headers"].as_object();
        let named = |wanted: &str| {
            let mut all = headers.into_iter().flatten();
            let found = all.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.and_then(|(_, value)| value.as_str().map(str::to_owned))
        };
        let date = named("date");
        waits.push(named("retry-after").and_then(|text| millis(&text, date.as_deref())));
        waits.push(in_message(&item["body"]));
    }
    waits.into_iter().flatten().max()
}

/// Intune writes JSON into the message of an error, with a field of that name.
fn in_message(body: &Value) -> Option<u64> {
    let message: Value = serde_json::from_str(body["error"]["message"].as_str()?).ok()?;
    match &message["RetryAfter"] {
        Value::String(text) => millis(text, None),
        Value::Number(number) => millis(&number.to_string(), None),
        _ => None,
    }
}

/// Seconds with or without decimals, rounded down: an engine that waits less is early in any case. They may be followed
/// by `s`, or come twice. A date counts from the response's own.
fn millis(text: &str, date: Option<&str>) -> Option<u64> {
    let first = text.split(',').next().unwrap_or_default().trim();
    if let Ok(seconds) = first.trim_end_matches('s').parse::<f64>() {
        return Some(Duration::from_secs_f64(seconds.max(0.0)).as_millis() as u64);
    }
    let at = |text: &str| httpdate::parse_http_date(text).ok();
    let wait = at(text)?
        .duration_since(date.and_then(at).unwrap_or(SystemTime::UNIX_EPOCH))
        .ok()?;
    date.map(|_| wait.as_millis() as u64)
}
