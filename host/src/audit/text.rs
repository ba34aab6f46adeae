use super::{
    Audit, Verdict,
    recorded::{Kind, Recorded},
    shown,
};
use crate::{printer::one_line, sandbox::promise::Item};

/// The audit as a report for people. What the component says cannot steer the terminal.
pub(crate) fn text(audit: &Audit) -> String {
    let mut report = Report::default();
    report.columns(&[
        ["component", &shown(audit.file.as_deref())],
        ["sha256", &audit.sha256],
        ["size", &format!("{} bytes", audit.size)],
    ]);
    report.items("imports", &audit.world.imports);
    report.items("exports", &audit.world.exports);
    report.recorded(&audit.recorded);
    report.heading("what may pass the egress gate, whatever component runs");
    for rule in &audit.rules {
        report.line(&format!("  {}", rule.what));
        report.line(&format!("      {}", rule.condition));
    }
    report.heading("limits, whatever component runs");
    let limits = audit.limits.iter();
    let limits: Vec<[&str; 3]> = limits
        .map(|limit| ["", limit.what, limit.limit.as_str()])
        .collect();
    report.columns(&limits);
    report.line("");
    report.line(&format!("verdict: {}", verdict(audit)));
    report.0
}

fn verdict(audit: &Audit) -> String {
    match audit.verdict() {
        Verdict::Pass => "pass: it asks for nothing beyond the promised list".to_owned(),
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

    /// Rows, or a word that there are none.
    fn rows<const N: usize>(&mut self, rows: &[[&str; N]]) {
        if rows.is_empty() {
            self.line("  none");
        }
        self.columns(rows);
    }

    /// Rows whose columns stand two blanks apart.
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
