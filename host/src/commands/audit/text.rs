//! The report of `audit` for people.

use intune_sync_sandbox::promise::Item;

use super::{
    inspect::{Audit, Verdict, shown},
    nested::Nested,
    recorded::{Kind, Recorded},
};
use crate::printer::one_line;

/// The audit as a report for people. Texts from the component cannot steer the terminal.
pub(super) fn text(audit: &Audit) -> String {
    let mut report = Report::default();
    report.columns(&[
        ["component", &shown(audit.file.as_deref())],
        ["sha256", &audit.sha256],
        ["size", &format!("{} bytes", audit.size)],
    ]);
    report.items("imports", &audit.world.imports);
    report.items("exports", &audit.world.exports);
    report.nested(&audit.nested);
    report.recorded(&audit.recorded);
    match audit.verdict() {
        Verdict::StandsAlone => report.alone(),
        Verdict::Pass | Verdict::BeyondThePromise | Verdict::Unfit => report.sandboxed(audit),
    }
    report.line("");
    report.line(&format!("verdict: {}", verdict(audit)));
    report.0
}

fn verdict(audit: &Audit) -> String {
    match audit.verdict() {
        Verdict::Pass => "pass: it asks for nothing beyond the promised list".to_owned(),
        Verdict::StandsAlone => "stands alone: the engine in it is the one built into this program, and it asks for \
                                 standard WASI interfaces only; it runs without this program's sandbox, not in it"
            .to_owned(),
        Verdict::BeyondThePromise => {
            let beyond = audit.world.beyond();
            let names: Vec<String> = beyond.map(|item| format!("`{}`", item.name)).collect();
            format!("fail: beyond the promised list: {}", names.join(", "))
        }
        Verdict::Unfit => format!(
            "fail: it asks for nothing beyond the promised list, but cannot run here: {}",
            audit.world.unfit.as_deref().unwrap_or_default()
        ),
    }
}

#[derive(Default)]
struct Report(String);

impl Report {
    fn items(&mut self, heading: &str, items: &[Item]) {
        self.heading(heading);
        let rows: Vec<[&str; 3]> = items
            .iter()
            .map(|item| {
                let word = if item.promised {
                    "promised"
                } else {
                    "BEYOND the promise"
                };
                ["", item.name.as_str(), word]
            })
            .collect();
        self.rows(&rows);
    }

    /// The parts of a composed component; nothing for any other.
    fn nested(&mut self, nested: &[Nested]) {
        if nested.is_empty() {
            return;
        }
        self.heading("components in it, by SHA-256");
        let rows: Vec<[String; 3]> = nested
            .iter()
            .map(|nested| {
                let word = if nested.built_in {
                    "the engine built into this program"
                } else {
                    "not known to this program"
                };
                let size = format!("{} bytes", nested.size);
                [nested.sha256.clone(), size, word.to_owned()]
            })
            .collect();
        let rows: Vec<[&str; 4]> = rows
            .iter()
            .map(|[sha256, size, word]| ["", sha256, size, word])
            .collect();
        self.columns(&rows);
    }

    /// The rules and limits of the sandbox.
    fn sandboxed(&mut self, audit: &Audit) {
        self.heading("what may pass the egress gate, whichever component runs");
        for rule in &audit.rules {
            self.line(&format!("  {}", rule.what));
            self.line(&format!("      {}", rule.condition));
        }
        self.heading("limits, whichever component runs");
        let limits = audit.limits.iter();
        let limits: Vec<[&str; 3]> = limits
            .map(|limit| ["", limit.what, limit.limit.as_str()])
            .collect();
        self.columns(&limits);
    }

    /// What is missing where a component runs without this program.
    fn alone(&mut self) {
        self.heading("what may leave where it runs");
        for line in [
            "anything it sends: the egress gate and the limits belong to this program, and are not in it",
            "it holds the real token, not a placeholder",
            "only the runtime's list of allowed hosts limits its requests: allow Graph and the identity endpoint only",
        ] {
            self.line(&format!("  {line}"));
        }
    }

    fn recorded(&mut self, recorded: &Recorded) {
        self.heading("made with, as the component records it");
        let tools = recorded.tools.iter();
        let tools: Vec<[&str; 4]> = tools
            .map(|tool| {
                [
                    "",
                    tool.role.as_str(),
                    tool.name.as_str(),
                    tool.version.as_str(),
                ]
            })
            .collect();
        self.rows(&tools);
        for (kind, heading) in [
            (Kind::Runtime, "crates in it, as the component records them"),
            (
                Kind::Build,
                "crates that built it, as the component records them",
            ),
        ] {
            self.heading(heading);
            let crates = recorded.crates.iter().filter(|found| found.kind == kind);
            let crates: Vec<[&str; 4]> = crates
                .map(|found| {
                    [
                        "",
                        found.name.as_str(),
                        found.version.as_str(),
                        found.source.as_str(),
                    ]
                })
                .collect();
            self.rows(&crates);
        }
        for section in &recorded.unreadable {
            self.line(&format!("  the section `{section}` cannot be read"));
        }
    }

    fn heading(&mut self, heading: &str) {
        self.line("");
        self.line(heading);
    }

    /// Rows, or `none`.
    fn rows<const N: usize>(&mut self, rows: &[[&str; N]]) {
        if rows.is_empty() {
            self.line("  none");
        }
        self.columns(rows);
    }

    /// Rows with aligned columns, two spaces apart.
    fn columns<const N: usize>(&mut self, rows: &[[&str; N]]) {
        let rows = rows.iter().map(|row| row.map(one_line));
        let rows: Vec<[String; N]> = rows.collect();
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        };
        let widths: [usize; N] = std::array::from_fn(width);
        for row in &rows {
            let cells = row.iter().zip(widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            self.line(&cells.join("  "));
        }
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(&one_line(line));
        self.0.push('\n');
    }
}
