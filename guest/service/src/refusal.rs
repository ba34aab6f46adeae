//! Why a request is refused.

use intune_sync_report::ErrorObject;
use intune_sync_settings::Advice;
use serde::Serialize;

/// Why a request is refused: an HTTP status, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the response.
    pub status: u16,
    /// What is wrong, and what to do about it.
    pub advice: Advice,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: u16, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            status,
            advice: Advice::new(message, hint),
        }
    }

    /// The JSON object of the response. Its keys are those of a summary's `Error`.
    #[must_use]
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body {
            error: ErrorObject,
        }
        let body = Body {
            error: ErrorObject(self.advice.clone()),
        };
        serde_json::to_string(&body).expect("it is plain data with text keys") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_becomes_json() {
        let json = Refusal::new(400, "`a\"b` is not known", "leave it out").json();
        let expected = r#"{"Error":{"Message":"`a\"b` is not known","Hint":"leave it out"}}"#;
        assert_eq!(json.trim_end(), expected);
    }
}
