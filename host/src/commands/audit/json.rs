//! The JSON object of `audit`.

use std::collections::BTreeSet;

use intune_sync_egress::sync::Rule;
use intune_sync_sandbox::{Limit, promise::Item};
use serde::Serialize;

use super::{
    inspect::{Audit, Verdict},
    nested::Nested,
    recorded::{Kind, Tool},
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
    verdict: Verdict,
    /// Why it cannot run here.
    problem: Option<&'a str>,
    beyond_the_promise: Vec<&'a str>,
    imports: &'a [Item],
    exports: &'a [Item],
    /// Its parts, where the built-in component is one of them.
    components: &'a [Nested],
    tools: &'a BTreeSet<Tool>,
    crates: Vec<Crate<'a>>,
    unreadable_sections: &'a BTreeSet<String>,
    gate_rules: &'a [Rule],
    group_rules: &'a [Rule],
    limits: &'a [Limit],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Crate<'a> {
    name: &'a str,
    version: &'a str,
    source: &'a str,
    kind: Kind,
}

impl<'a> From<&'a Audit> for Report<'a> {
    fn from(audit: &'a Audit) -> Self {
        let (world, recorded) = (&audit.world, &audit.recorded);
        // Rules and limits do not apply to a component that runs without this program.
        let (gate_rules, group_rules, limits) = match audit.verdict() {
            Verdict::StandsAlone => Default::default(),
            _ => (
                audit.rules.as_slice(),
                audit.group_rules.as_slice(),
                audit.limits.as_slice(),
            ),
        };
        Self {
            component: audit
                .file
                .as_ref()
                .map_or_else(|| "built-in".to_owned(), |file| file.display().to_string()),
            sha256: &audit.sha256,
            size_bytes: audit.size,
            verdict: audit.verdict(),
            problem: world.unfit.as_deref(),
            beyond_the_promise: world.beyond().map(|item| item.name.as_str()).collect(),
            imports: &world.imports,
            exports: &world.exports,
            components: &audit.nested,
            tools: &recorded.tools,
            crates: recorded
                .crates
                .iter()
                .map(|found| Crate {
                    name: &found.name,
                    version: &found.version,
                    source: &found.source,
                    kind: found.kind,
                })
                .collect(),
            unreadable_sections: &recorded.unreadable,
            gate_rules,
            group_rules,
            limits,
        }
    }
}
