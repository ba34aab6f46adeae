//! What is wanted of the engine, and which cells of the tables miss it.

use crate::{
    quota::{Course, Measure, Sender},
    report::{Targets, line},
    usage::{QUOTAS, Row},
};

/// The use of the documented quota, in percent, and of one that has to be learned.
const DOCUMENTED: f64 = 99.0;
const LEARNED: f64 = 97.0;
/// Less than this is throttled.
const THROTTLED: f64 = 0.1;

/// Adds the targets of all limiters, and of `single` and `batch`.
pub(crate) fn judge(targets: &mut Targets, how: &str, rows: &[Row]) {
    let rows: Vec<&Row> = rows.iter().filter(|row| is_engine(row)).collect();
    let worst = |course: usize, phase: usize| {
        let measures = rows.iter().map(|row| row.courses[course].1.phases[phase]);
        measures.reduce(Measure::worst).expect("there are rows")
    };
    for (course, quota) in QUOTAS.iter().enumerate() {
        let steady = worst(course, 0);
        let (what, least) = if course == 0 {
            (
                "all limiters, `single` and `batch`: at least 99 % used",
                DOCUMENTED,
            )
        } else {
            ("which has to be learned: at least 97 % used", LEARNED)
        };
        targets.add(
            &format!("quota of {quota}{how}, {what}, under 0.1 % throttled"),
            format!(
                "{:.2} % used, {:.3} % throttled",
                steady.used, steady.throttled
            ),
            steady.used >= least && steady.throttled < THROTTLED,
        );
    }
    let changing = QUOTAS.len();
    let (adapting, halved, doubled) = (worst(changing, 0), worst(changing, 1), worst(changing, 2));
    targets.add(
        &format!("five windows after the quota halves{how}: at most 6 % throttled"),
        format!("{:.2} %", adapting.throttled),
        adapting.throttled <= 6.0,
    );
    targets.add(
        &format!("then under 0.5 % throttled, at least 90 % used{how}"),
        format!(
            "{:.3} % throttled, {:.2} % used",
            halved.throttled, halved.used
        ),
        halved.throttled < 0.5 && halved.used >= 90.0,
    );
    targets.add(
        &format!("from the tenth window after it doubles: at least 90 % used{how}"),
        format!("{:.2} %", doubled.used),
        doubled.used >= 90.0,
    );
    let early: u64 = rows
        .iter()
        .flat_map(|row| &row.courses)
        .map(|(_, outcome)| outcome.early)
        .sum();
    targets.add(
        &format!("no early call{how}"),
        early.to_string(),
        early == 0,
    );
}

/// Lists the steady cells that miss their target, each with the use of the oracle, which is never throttled.
pub(crate) fn missed(text: &mut String, rows: &[Row]) {
    let mut cells = 0;
    let mut missed = String::new();
    for row in rows.iter().filter(|row| is_engine(row)) {
        for (at, (course, outcome)) in row.courses.iter().enumerate() {
            let (Course::Steady(quota), [measure]) = (course, &outcome.phases[..]) else {
                continue;
            };
            cells += 1;
            if is_met(*quota, *measure) {
                continue;
            }
            let best = rows.iter().find(|other| is_oracle_of(other, row));
            let best = best.map_or(f64::NAN, |best| best.courses[at].1.phases[0].used);
            line(
                &mut missed,
                &format!(
                    "| {:?} | {} | {quota} | {:.2} / {:.3} | {best:.2} | {} |",
                    row.limiter,
                    row.name,
                    measure.used,
                    measure.throttled,
                    yes(best - measure.used <= 1.0)
                ),
            );
        }
    }
    let count = missed.lines().count();
    line(
        text,
        &format!(
            "\nOf {cells} steady cells, {} meet their target.",
            cells - count
        ),
    );
    if count > 0 {
        line(
            text,
            "These do not:\n\n| limiter | client | quota | used / throttled | used by the oracle | within 1 % of it |\n|---|---|---|---|---|---|",
        );
        *text += &missed;
    }
}

fn is_met(quota: u32, measure: Measure) -> bool {
    let least = if quota == QUOTAS[0] {
        DOCUMENTED
    } else {
        LEARNED
    };
    measure.used >= least && measure.throttled < THROTTLED
}

fn is_engine(row: &Row) -> bool {
    matches!(row.sender, Sender::Engine(_))
}

fn is_oracle_of(other: &Row, row: &Row) -> bool {
    match (other.sender, row.sender) {
        (Sender::Oracle(oracle), Sender::Engine(engine)) => {
            oracle == engine && other.limiter == row.limiter
        }
        _ => false,
    }
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "**no**" }
}
