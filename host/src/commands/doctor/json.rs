//! The JSON object of `doctor`.

use intune_sync_report::ExitStatus;
use serde::Serialize;

use super::{
    clock::rfc3339,
    report::Report,
    step::{Cause, Finding, Outcome, Step},
    token::Permits,
};
use crate::cli::DoctorOptions;

/// The report as one JSON object. Its keys are spelled like those of a run's.
pub(super) fn json(options: &DoctorOptions, report: &Report<'_>, status: ExitStatus) -> String {
    let cause = report.cause();
    let object = Object {
        verdict: match (cause, status) {
            (None, _) => "ready",
            (Some(_), ExitStatus::NotAuthorized) => "not-authorized",
            (Some(_), _) => "not-ready",
        },
        exit_code: status.code(),
        cause: cause.map(|(step, finding)| Caused {
            step,
            cause: finding.cause,
            message: &finding.advice.message,
            hint: &finding.advice.hint,
        }),
        graph_root: options.graph.to_string(),
        clock_ahead_seconds: report.clock_ahead,
        token: report.claims.as_ref().map(|claims| Token {
            kind: match Permits::of(Some(claims)) {
                Permits::Delegated => "delegated",
                Permits::Application | Permits::Unknown => "application",
            },
            audience: claims.audience.as_deref(),
            tenant_id: claims.tenant.as_deref(),
            object_id: claims.object.as_deref(),
            client_id: claims.application.as_deref(),
            issued: claims.issued.map(rfc3339),
            expires: claims.expires.map(rfc3339),
            permissions: claims.scopes.as_deref().unwrap_or(&claims.roles),
        }),
        steps: report
            .steps
            .iter()
            .map(|(step, outcome)| {
                let (word, detail, finding) = match outcome {
                    Outcome::Passed(found) => ("passed", found.clone(), None),
                    Outcome::Failed(finding) => {
                        ("failed", finding.advice.message.clone(), Some(finding))
                    }
                    Outcome::Skipped(reason) => ("not-tried", reason.clone(), None),
                    Outcome::Blocked(obstacle) => {
                        ("not-tried", format!("it needs `{obstacle}`"), None)
                    }
                };
                StepRow {
                    step: *step,
                    outcome: word,
                    detail,
                    cause: finding.map(|finding| finding.cause),
                    hint: finding.map(|finding: &Finding| finding.advice.hint.as_str()),
                }
            })
            .collect(),
    };
    let json = serde_json::to_string(&object).expect("it is plain data with text keys");
    json + "\n"
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Object<'a> {
    verdict: &'static str,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Caused<'a>>,
    graph_root: String,
    clock_ahead_seconds: Option<i64>,
    /// The token's claims; none of them is secret.
    token: Option<Token<'a>>,
    steps: Vec<StepRow<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Caused<'a> {
    step: Step,
    cause: Cause,
    message: &'a str,
    hint: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Token<'a> {
    kind: &'static str,
    audience: Option<&'a str>,
    tenant_id: Option<&'a str>,
    object_id: Option<&'a str>,
    client_id: Option<&'a str>,
    issued: Option<String>,
    expires: Option<String>,
    permissions: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StepRow<'a> {
    step: Step,
    outcome: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}
