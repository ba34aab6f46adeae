//! The use of the quota: every client against every limiter, as tables, and what is wanted of them.

use std::io::Write as _;

use anyhow::bail;
use intune_sync_engine::contract::Dispatch;
use intune_sync_simulator::{QuotaKind, RetryAfterForm};

use crate::{
    cells,
    clients::Kind,
    quota::{self, Course, LIMITERS, Outcome, SEEDS, Sender},
    report::{Targets, line},
    verdicts,
};

/// The quotas that do not change. The first is the documented one; the others have to be learned.
pub(crate) const QUOTAS: [u32; 9] = [200, 195, 190, 180, 150, 130, 100, 80, 60];

/// A sender, and the outcome of each course.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) sender: Sender,
    pub(crate) limiter: QuotaKind,
    pub(crate) courses: Vec<(Course, Outcome)>,
}

/// What a table shows.
struct Table {
    senders: Vec<(String, Sender)>,
    limiters: Vec<QuotaKind>,
    courses: Vec<Course>,
    form: RetryAfterForm,
    seeds: u64,
}

/// Writes the tables, and adds the targets.
pub(crate) fn write(text: &mut String, targets: &mut Targets) {
    let others = Kind::ALL
        .iter()
        .map(|kind| (kind.name().to_owned(), Sender::Other(*kind)));
    let all = Table {
        senders: ours().into_iter().chain(others).collect(),
        limiters: LIMITERS.into(),
        courses: courses(),
        form: RetryAfterForm::Seconds,
        seeds: SEEDS,
    };
    line(
        text,
        &format!(
            "\n## Use of the quota\n\n![Use of each quota](use.svg)\n\n![Throttled at each quota](throttled.svg)\n\nEach figure is the worst of {SEEDS} seeds: used / throttled, in percent.\n"
        ),
    );
    let with = all.rows();
    all.draw(text, &with);
    verdicts::missed(text, &with);
    line(
        text,
        "\nThe same with responses without `Retry-After`, as Intune often sends them:\n",
    );
    let missing = Table {
        senders: ours(),
        form: RetryAfterForm::Missing,
        ..all
    };
    let without = missing.rows();
    missing.draw(text, &without);
    verdicts::missed(text, &without);

    verdicts::judge(targets, "", &with);
    verdicts::judge(targets, ", without `Retry-After`", &without);
}

/// Prints the tables of the engine. Each word leaves out what it does not name: limiters (`sliding`), dispatches
/// (`batch`), `named` or `missing` times, quotas (`150`), `changing`; and `seeds=9` takes that many.
///
/// # Errors
///
/// When a word names nothing, or nothing can be printed.
pub(crate) fn print(words: &[String]) -> anyhow::Result<()> {
    let mut left: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut seeds = SEEDS;
    if let Some(at) = left.iter().position(|word| word.starts_with("seeds=")) {
        seeds = left.remove(at)["seeds=".len()..].parse()?;
    }
    let forms = [
        (RetryAfterForm::Seconds, "named"),
        (RetryAfterForm::Missing, "missing"),
    ];
    let forms = named_by(&mut left, forms.into(), |(_, name)| (*name).to_owned());
    let limiters = named_by(&mut left, LIMITERS.into(), |kind| format!("{kind:?}"));
    let senders = named_by(&mut left, ours(), |(name, _)| {
        name.rsplit(' ').next().unwrap_or_default().to_owned()
    });
    let courses = named_by(&mut left, courses(), |course| match course {
        Course::Steady(quota) => quota.to_string(),
        Course::Changing => "changing".to_owned(),
    });
    if let [word, ..] = &left[..] {
        bail!("`{word}` names nothing that is measured");
    }
    let mut text = String::new();
    for (form, name) in forms {
        let table = Table {
            senders: senders.clone(),
            limiters: limiters.clone(),
            courses: courses.clone(),
            form,
            seeds,
        };
        line(&mut text, &format!("\n{name}\n"));
        let rows = table.rows();
        table.draw(&mut text, &rows);
        verdicts::missed(&mut text, &rows);
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Those of `all` that the words name, or all if they name none of them. The words that do are used up.
fn named_by<T>(words: &mut Vec<String>, all: Vec<T>, name: impl Fn(&T) -> String) -> Vec<T> {
    let is = |item: &T, word: &String| name(item).eq_ignore_ascii_case(word);
    let (used, left): (Vec<_>, Vec<_>) = std::mem::take(words)
        .into_iter()
        .partition(|word| all.iter().any(|item| is(item, word)));
    *words = left;
    let chosen = |item: &T| used.is_empty() || used.iter().any(|word| is(item, word));
    all.into_iter().filter(chosen).collect()
}

/// The engine and, next to it, what the best possible is.
fn ours() -> Vec<(String, Sender)> {
    use Dispatch::{Batch, Single};
    let senders = [
        ("intune-sync, single", Sender::Engine(Single)),
        ("oracle, single", Sender::Oracle(Single)),
        ("intune-sync, batch", Sender::Engine(Batch)),
        ("oracle, batch", Sender::Oracle(Batch)),
    ];
    senders
        .map(|(name, sender)| (name.to_owned(), sender))
        .into()
}

fn courses() -> Vec<Course> {
    let steady = QUOTAS.map(Course::Steady);
    steady.into_iter().chain([Course::Changing]).collect()
}

impl Table {
    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for limiter in &self.limiters {
            for (name, sender) in &self.senders {
                rows.push((*limiter, name, *sender));
            }
        }
        let width = self.courses.len();
        let outcomes = cells::measured(rows.len() * width, |at| {
            let (limiter, _, sender) = rows[at / width];
            let course = self.courses[at % width];
            quota::measure(sender, limiter, self.form, course, self.seeds)
        });
        let mut outcomes = outcomes.into_iter();
        rows.into_iter()
            .map(|(limiter, name, sender)| Row {
                name: name.clone(),
                sender,
                limiter,
                courses: self.courses.iter().copied().zip(&mut outcomes).collect(),
            })
            .collect()
    }

    fn draw(&self, text: &mut String, rows: &[Row]) {
        let names = self.courses.iter().map(|course| match course {
            Course::Steady(quota) => quota.to_string(),
            Course::Changing => {
                "halved: first 5 windows | then | doubled: from the 10th".to_owned()
            }
        });
        let names: Vec<String> = names.collect();
        let head = format!(
            "| limiter | client | {} | early calls | lost devices |",
            names.join(" | ")
        );
        line(text, &head);
        line(
            text,
            &format!("|{}", "---|".repeat(head.matches('|').count() - 1)),
        );
        for row in rows {
            let phases = row.courses.iter().flat_map(|(_, outcome)| &outcome.phases);
            let cells: Vec<String> = phases
                .map(|phase| format!("{:.1} / {:.3}", phase.used, phase.throttled))
                .collect();
            let early: u64 = row.courses.iter().map(|(_, outcome)| outcome.early).sum();
            let lost: u64 = row.courses.iter().map(|(_, outcome)| outcome.lost).sum();
            line(
                text,
                &format!(
                    "| {:?} | {} | {} | {early} | {lost} |",
                    row.limiter,
                    row.name,
                    cells.join(" | ")
                ),
            );
        }
    }
}
