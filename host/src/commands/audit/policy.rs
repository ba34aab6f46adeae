//! The policy file of `audit --policy`: what a component is allowed here, for comparing it with others.
//!
//! The form is that of Wassette (<https://github.com/microsoft/policy-mcp>), in which a policy lists hosts, files and
//! variables. What that form has no words for, the rules and the limits, is in comments.

use std::fmt::Write;

use intune_sync_egress::sync::rules_table;
use intune_sync_sandbox::{limits_table, promise::Promise};
use intune_sync_settings::Cloud;

/// The policy as YAML. Its host is the one that all requests go to, unless `--cloud` or `--graph-url` name another.
pub(super) fn policy() -> String {
    let graph = Cloud::Public.graph();
    let graph = graph.host();
    let mut policy = format!(
        "# What any component is allowed in the sandbox of intune-sync, in the form of Wassette's policy files. That form\n\
         # knows hosts, files and variables; what the host checks beyond that is in comments, and holds as well.\n\
         version: \"1.0\"\n\
         description: \"intune-sync {}: read the list of managed devices and sync them\"\n\
         permissions:\n\
         \x20 # Files, variables and sockets are not linked, so none can be allowed.\n\
         \x20 network:\n\
         \x20   allow:\n\
         \x20     - host: \"{graph}\"\n",
        env!("CARGO_PKG_VERSION")
    );
    let rules = rules_table();
    section(
        &mut policy,
        "of this host, only these requests",
        rules
            .iter()
            .map(|rule| format!("{}: {}", rule.what, rule.condition)),
    );
    section(
        &mut policy,
        "interfaces that it may import, and no others",
        Promise::Engine
            .imports()
            .iter()
            .map(|name| (*name).to_owned()),
    );
    let limits = limits_table();
    section(
        &mut policy,
        "limits",
        limits
            .iter()
            .map(|limit| format!("{}: {}", limit.what, limit.limit)),
    );
    policy
}

fn section(policy: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let _ = writeln!(policy, "\n# {heading}");
    for line in lines {
        let _ = writeln!(policy, "#   {line}");
    }
}
