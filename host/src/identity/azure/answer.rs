//! The answer to a request for a token, in the forms that `azure_identity` reads.

use intune_sync_identity as identity;
use serde_json::json;

pub(crate) use intune_sync_identity::Unreadable;

/// A token as it was answered.
pub(crate) struct Answer(identity::Answer);

impl Answer {
    /// Reads an answer in any of its forms. `now` is in seconds since 1970.
    pub(crate) fn read(body: &[u8], now: i64) -> Result<Self, Unreadable> {
        identity::read(body, now).map(Self)
    }

    /// As `azure_identity` reads it from any endpoint: `expires_on` as text for managed identities, `expires_in` as a
    /// number for Entra ID, and what it insists on beside them.
    pub(super) fn endpoint_json(&self, now: i64) -> String {
        let identity::Answer { token, ends } = &self.0;
        let answer = json!({
            "access_token": token,
            "expires_on": ends.to_string(),
            "expires_in": ends.saturating_sub(now),
            "token_type": "Bearer",
            "resource": "",
        });
        answer.to_string()
    }

    /// As `azure_identity` reads it from the Azure CLI.
    pub(crate) fn cli_json(&self) -> String {
        let identity::Answer { token, ends } = &self.0;
        let answer = json!({
            "accessToken": token,
            "expires_on": ends,
            "tokenType": "Bearer",
        });
        answer.to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const NOW: i64 = 1_795_406_000;

    #[test]
    fn what_is_written_is_what_was_read() {
        let body = r#"{"access_token":"abc","expires_in":"706"}"#;
        let answer = Answer::read(body.as_bytes(), NOW).expect("a token");
        let read = |text: String| serde_json::from_str::<Value>(&text).expect("JSON");
        let endpoint = read(answer.endpoint_json(NOW));
        assert_eq!(endpoint["access_token"], "abc");
        assert_eq!(endpoint["expires_on"], "1795406706");
        assert_eq!(endpoint["expires_in"], 706);
        let cli = read(answer.cli_json());
        assert_eq!(
            (&cli["accessToken"], &cli["expires_on"]),
            (&json!("abc"), &json!(1_795_406_706))
        );
    }
}
