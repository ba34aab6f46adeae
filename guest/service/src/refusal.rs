use intune_sync_settings::Advice;
use serde::Serialize;

/// Why a request is not done: an HTTP status, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
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

    /// The JSON object that is answered. Its keys are those of a summary's `Error`.
    #[must_use]
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body<'a> {
            error: Error<'a>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Error<'a> {
            message: &'a str,
            hint: &'a str,
        }
        let Advice { message, hint } = &self.advice;
        let body = Body {
            error: Error { message, hint },
        };
        serde_json::to_string(&body).expect("it is plain data with text keys") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_as_json() {
        let json = Refusal::new(400, "`a\"b` is not known", "leave it out").json();
        let told = r#"{"Error":{"Message":"`a\"b` is not known","Hint":"leave it out"}}"#;
        assert_eq!(json.trim_end(), told);
    }
}
