//! The JSON object of `audit`.

use intune_sync_sandbox::promise::Item;
use serde::Serialize;

use super::{
    inspect::{Audit, Verdict},
    recorded::Kind,
};

/// The audit as one JSON object. Its keys are spelled like those of a run's.
pub(super) fn json(audit: &Audit) -> String {
    let report = Report::from(audit);
    let json = serde_json::to_string_pretty(&report).expect("it is plain data with text keys");
    json + "\n"
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Report<'a> {
    /// `built-in`, or the file.
    component: String,
    sha256: &'a str,
    size_bytes: usize,
    verdict: &'static str,
    /// Why it cannot run here.
    problem: Option<&'a str>,
    beyond_the_promise: Vec<&'a str>,
    imports: Vec<Named<'a>>,
    exports: Vec<Named<'a>>,
    /// Its parts, where the built-in component is one of them.
    components: Vec<Nested<'a>>,
    tools: Vec<Tool<'a>>,
    crates: Vec<Crate<'a>>,
    unreadable_sections: Vec<&'a str>,
    gate_rules: Vec<Rule<'a>>,
    limits: Vec<Limit<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Named<'a> {
    name: &'a str,
    promised: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Nested<'a> {
    sha256: &'a str,
    size_bytes: usize,
    built_in: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tool<'a> {
    role: &'a str,
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Crate<'a> {
    name: &'a str,
    version: &'a str,
    source: &'a str,
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Rule<'a> {
    what: &'a str,
    condition: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Limit<'a> {
    what: &'a str,
    limit: &'a str,
}

impl<'a> From<&'a Audit> for Report<'a> {
    fn from(audit: &'a Audit) -> Self {
        let recorded = &audit.recorded;
        let in_the_sandbox = audit.verdict() != Verdict::StandsAlone;
        Self {
            component: audit
                .file
                .as_ref()
                .map_or_else(|| "built-in".to_owned(), |file| file.display().to_string()),
            sha256: &audit.sha256,
            size_bytes: audit.size,
            verdict: match audit.verdict() {
                Verdict::Pass => "pass",
                Verdict::StandsAlone => "stands-alone",
                Verdict::BeyondThePromise => "beyond-the-promise",
                Verdict::Unfit => "unfit",
            },
            problem: audit.world.unfit.as_deref(),
            beyond_the_promise: audit
                .world
                .beyond()
                .map(|item| item.name.as_str())
                .collect(),
            imports: audit.world.imports.iter().map(Named::from).collect(),
            exports: audit.world.exports.iter().map(Named::from).collect(),
            components: audit
                .nested
                .iter()
                .map(|nested| Nested {
                    sha256: &nested.sha256,
                    size_bytes: nested.size,
                    built_in: nested.built_in,
                })
                .collect(),
            tools: recorded
                .tools
                .iter()
                .map(|tool| Tool {
                    role: &tool.role,
                    name: &tool.name,
                    version: &tool.version,
                })
                .collect(),
            crates: recorded
                .crates
                .iter()
                .map(|found| Crate {
                    name: &found.name,
                    version: &found.version,
                    source: &found.source,
                    kind: match found.kind {
                        Kind::Runtime => "runtime",
                        Kind::Build => "build",
                    },
                })
                .collect(),
            unreadable_sections: recorded.unreadable.iter().map(String::as_str).collect(),
            // Rules and limits do not apply to a component that runs without this program.
            gate_rules: audit
                .rules
                .iter()
                .filter(|_| in_the_sandbox)
                .map(|rule| Rule {
                    what: &rule.what,
                    condition: &rule.condition,
                })
                .collect(),
            limits: audit
                .limits
                .iter()
                .filter(|_| in_the_sandbox)
                .map(|limit| Limit {
                    what: limit.what,
                    limit: &limit.limit,
                })
                .collect(),
        }
    }
}

impl<'a> From<&'a Item> for Named<'a> {
    fn from(item: &'a Item) -> Self {
        Self {
            name: &item.name,
            promised: item.promised,
        }
    }
}
