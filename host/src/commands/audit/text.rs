//! The report of `audit` for people.

use intune_sync_egress::sync::Rule;
use intune_sync_sandbox::promise::{Item, Promise};

use super::{
    inspect::{Audit, Verdict, shown},
    nested::Nested,
    recorded::{Kind, Recorded},
};
use crate::printer::one_line;

/// The audit as a report for people. Texts from the component cannot steer the terminal.
pub(super) fn text(audit: &Audit) -> String {
    let mut report = Report::default();
    let head = [
        ["component", &shown(audit.file.as_deref())],
        ["sha256", &audit.sha256],
        ["size", &bytes(audit.size)],
    ];
    report.columns("", head);
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

fn bytes(size: usize) -> String {
    format!("{size} bytes")
}

#[derive(Default)]
struct Report(String);

impl Report {
    fn items(&mut self, heading: &str, items: &[Item]) {
        self.heading(heading);
        self.rows(items.iter().map(|item| {
            let word = match item.promised {
                true => "promised",
                false => "BEYOND the promise",
            };
            [item.name.as_str(), word]
        }));
    }

    /// The parts of a composed component; nothing for any other.
    fn nested(&mut self, nested: &[Nested]) {
        if nested.is_empty() {
            return;
        }
        self.heading("components in it, by SHA-256");
        let sizes: Vec<String> = nested.iter().map(|nested| bytes(nested.size)).collect();
        self.rows(nested.iter().zip(&sizes).map(|(nested, size)| {
            let word = match nested.promise {
                Some(Promise::Engine) => "the engine built into this program",
                Some(Promise::Notifier) => "what sends messages, built into this program",
                None => "not known to this program",
            };
            [nested.sha256.as_str(), size, word]
        }));
    }

    /// The rules and limits of the sandbox.
    fn sandboxed(&mut self, audit: &Audit) {
        self.heading("what may pass the egress gate, whichever component runs");
        self.rules(&audit.rules);
        if audit.promise == Promise::Engine {
            self.heading("what the host itself may send for `--group` and `--exclude-group`, before the component runs");
            self.rules(&audit.group_rules);
        }
        self.heading("limits, whichever component runs");
        let limits = audit.limits.iter();
        self.rows(limits.map(|limit| [limit.what, limit.limit.as_str()]));
    }

    fn rules(&mut self, rules: &[Rule]) {
        for rule in rules {
            self.line(&format!("  {}", rule.what));
            self.line(&format!("      {}", rule.condition));
        }
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
        self.rows(tools.map(|tool| [tool.role.as_str(), &tool.name, &tool.version]));
        for (kind, heading) in [
            (Kind::Runtime, "crates in it, as the component records them"),
            (
                Kind::Build,
                "crates that built it, as the component records them",
            ),
        ] {
            self.heading(heading);
            let crates = recorded.crates.iter().filter(|found| found.kind == kind);
            self.rows(crates.map(|found| [found.name.as_str(), &found.version, &found.source]));
        }
        for section in &recorded.unreadable {
            self.line(&format!("  the section `{section}` cannot be read"));
        }
    }

    fn heading(&mut self, heading: &str) {
        self.line("");
        self.line(heading);
    }

    /// Indented rows, or `none`.
    fn rows<'a, const N: usize>(&mut self, rows: impl Iterator<Item = [&'a str; N]>) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            self.line("  none");
        }
        self.columns("  ", rows);
    }

    /// Rows with aligned columns, two spaces apart.
    fn columns<'a, const N: usize>(
        &mut self,
        indent: &str,
        rows: impl IntoIterator<Item = [&'a str; N]>,
    ) {
        let rows: Vec<_> = rows.into_iter().map(|row| row.map(one_line)).collect();
        let widths: [usize; N] = std::array::from_fn(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        });
        for row in &rows {
            let cells = row.iter().zip(widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            self.line(&format!("{indent}{}", cells.join("  ")));
        }
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(&one_line(line));
        self.0.push('\n');
    }
}
