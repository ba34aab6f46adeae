//! The answer to a request for a token, in the one form that `azure_identity` reads.

use intune_sync_contract::identity::{Answer, read};
use serde_json::json;

pub(super) use intune_sync_contract::identity::Unreadable;

/// Rewrites a token's answer: `expires_on` becomes a string of whole seconds since 1970, and what `azure_identity`
/// insists on beside it is there. `now` is in seconds since 1970.
pub(super) fn normalise(body: &[u8], now: i64) -> Result<Vec<u8>, Unreadable> {
    let Answer { token, ends } = read(body, now)?;
    let answer = json!({
        "access_token": token,
        "expires_on": ends.to_string(),
        "token_type": "Bearer",
        "resource": "",
    });
    Ok(answer.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_in_one_form() {
        let body = br#"{"access_token":"abc","expires_in":"706","refresh_token":"x"}"#;
        let answer = normalise(body, 1_795_406_000).expect("an answer");
        let expected = json!({
            "access_token": "abc",
            "expires_on": "1795406706",
            "token_type": "Bearer",
            "resource": "",
        });
        let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(answer, expected);
        assert_eq!(normalise(b"{}", 0), Err(Unreadable::NoToken));
    }
}
