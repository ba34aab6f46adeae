//! How the engine shares the quota of a tenant with others, itself included.

use std::io::{self, Write as _};

use intune_sync_engine::contract::Dispatch;
use intune_sync_simulation::{Program, Silent, Tokens, Turn};
use intune_sync_simulator::{Delivery, QuotaKind, RetryAfterForm, Tenant, Ticket};

use crate::{
    cells,
    clients::{Client, Counts, Kind},
    quota::{self, Course, END, LIMITERS, SEEDS, WINDOW},
    report::{Targets, line},
};

/// The quota of the tenant, which all of its apps share.
const TENANT: u32 = 400;
/// Enough for one that gives up its devices.
const DEVICES: u32 = 100_000;
/// When they are measured from, in milliseconds: they begin together, read the list for a few seconds, and have ten
/// windows.
const FROM: u64 = 11 * WINDOW;

/// Who shares the quota.
#[derive(Debug, Clone, Copy)]
enum Company {
    /// This many of the engine.
    Engines(u64),
    /// The engine and another client.
    Engine(Kind),
    /// An AIMD and another client, to compare with.
    Aimd(Kind),
}

const COMPANIES: [Company; 6] = [
    Company::Engines(2),
    Company::Engines(3),
    Company::Engine(Kind::Aimd),
    Company::Aimd(Kind::Aimd),
    Company::Engine(Kind::Unpaced),
    Company::Aimd(Kind::Unpaced),
];

/// What is measured in a row of the table.
#[derive(Debug, Clone, Copy)]
struct Case {
    company: Company,
    kind: QuotaKind,
    form: RetryAfterForm,
    /// Whether rejected calls count.
    counts_rejected: bool,
    /// How the engine sends.
    dispatch: Dispatch,
}

/// A row, with the shares of all.
struct Row {
    case: Case,
    shares: Vec<Share>,
}

/// What one of them has got of its part, and what was throttled of what it has sent, in percent; of all seeds the
/// least, the most, and the worst.
#[derive(Debug, Clone, Copy)]
struct Share {
    least: f64,
    most: f64,
    throttled: f64,
}

/// A client that shares the quota.
enum Neighbour {
    Engine(Box<Program>),
    Other(Client),
}

/// Writes the table, and adds the targets.
pub(crate) fn write(text: &mut String, targets: &mut Targets) {
    line(
        text,
        &format!(
            "\n## Neighbours\n\nClients that share a tenant's quota of {TENANT} in 20 s, after ten windows: what each gets of an \
             equal part, the least and the most of {SEEDS} seeds / how much of what it sends is throttled, the worst; in percent. \
             Where rejected calls count, one unpaced client leaves nobody anything, itself included: *free* is a tenant in \
             which they do not.\n"
        ),
    );
    let rows = rows(SEEDS);
    draw(text, &rows);
    for count in [2, 3] {
        let ours = |row: &&Row| matches!(row.case.company, Company::Engines(n) if n == count);
        let all: Vec<Share> = rows
            .iter()
            .filter(ours)
            .flat_map(|row| row.shares.clone())
            .collect();
        let least = all.iter().map(|share| share.least).fold(f64::MAX, f64::min);
        let most = all.iter().map(|share| share.most).fold(0.0, f64::max);
        let throttled = all.iter().map(|share| share.throttled).fold(0.0, f64::max);
        targets.add(
            &format!(
                "{count} of our own on {TENANT}: each within 15 % of its part, under 0.3 % throttled"
            ),
            format!("{least:.1} to {most:.1} %, {throttled:.3} % throttled"),
            least >= 85.0 && most <= 115.0 && throttled < 0.3,
        );
    }
    for kind in [Kind::Aimd, Kind::Unpaced] {
        let next_to =
            |row: &&Row| matches!(row.case.company, Company::Engine(other) if other == kind);
        let pairs = rows
            .iter()
            .filter(next_to)
            .filter(|row| row.case.counts_rejected != (kind == Kind::Unpaced));
        let least = |at: usize| {
            let shares = pairs.clone().map(|row| row.shares[at].least);
            shares.fold(f64::MAX, f64::min)
        };
        let (ours, theirs) = (least(0), least(1));
        targets.add(
            &format!(
                "one next to `{}`: each gets at least half of its part",
                kind.name()
            ),
            format!("{ours:.1} % for ours, {theirs:.1} % for the other"),
            ours >= 50.0 && theirs >= 50.0,
        );
    }
}

/// Prints the table, with this many seeds.
///
/// # Errors
///
/// When nothing can be printed.
pub(crate) fn print(seeds: u64) -> anyhow::Result<()> {
    let mut text = String::new();
    draw(&mut text, &rows(seeds));
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn rows(seeds: u64) -> Vec<Row> {
    let mut cases = Vec::new();
    for form in [RetryAfterForm::Seconds, RetryAfterForm::Missing] {
        for kind in LIMITERS {
            for company in COMPANIES {
                for (counts_rejected, dispatch) in company.ways() {
                    cases.push(Case {
                        company,
                        kind,
                        form,
                        counts_rejected,
                        dispatch,
                    });
                }
            }
        }
    }
    let shares = cells::measured(cases.len(), |at| cases[at].shares(seeds));
    let rows = cases.iter().zip(shares);
    rows.map(|(case, shares)| Row {
        case: *case,
        shares,
    })
    .collect()
}

impl Case {
    /// The shares of all, over all seeds.
    fn shares(self, seeds: u64) -> Vec<Share> {
        let runs = (0..seeds).map(|seed| self.once(seed));
        let all = runs.reduce(|all, run| {
            let both = all.into_iter().zip(run);
            both.map(|(all, run)| Share {
                least: all.least.min(run.least),
                most: all.most.max(run.most),
                throttled: all.throttled.max(run.throttled),
            })
            .collect()
        });
        all.expect("there are seeds")
    }

    fn once(self, seed: u64) -> Vec<Share> {
        let course = Course::Steady(TENANT);
        let mut config = quota::tenant(self.kind, self.form, course, seed);
        config.fleet.devices = DEVICES;
        config.quota.count_rejected = self.counts_rejected;
        config.requests.count_rejected = self.counts_rejected;
        let mut tenant = Tenant::new(config);
        let mut all = self.neighbours(seed);
        let mut before = vec![Counts::default(); all.len()];
        let mut now = 0;
        while now < END {
            all.iter_mut()
                .for_each(|neighbour| neighbour.fetch(now, &mut tenant));
            let mut deliveries = tenant.advance(now);
            let mut due = Vec::new();
            for neighbour in &mut all {
                deliveries = neighbour.deliver(now, deliveries);
            }
            for neighbour in &mut all {
                due.extend(neighbour.turn(now, &mut tenant));
            }
            due.extend(tenant.next_at());
            let next = due.into_iter().min().unwrap_or(END).max(now + 1);
            if now < FROM && FROM <= next {
                before = all.iter_mut().map(Neighbour::counts).collect();
            }
            now = next;
        }
        let windows = (END - FROM) as f64 / WINDOW as f64;
        let part = f64::from(TENANT) * windows / all.len() as f64;
        let after = all.iter_mut().map(Neighbour::counts);
        let shares = after.zip(before).map(|(after, before)| {
            let admitted = (after.admitted - before.admitted) as f64;
            let throttled = (after.throttled - before.throttled) as f64;
            let got = 100.0 * admitted / part;
            Share {
                least: got,
                most: got,
                throttled: 100.0 * throttled / (admitted + throttled).max(1.0),
            }
        });
        shares.collect()
    }

    fn neighbours(self, seed: u64) -> Vec<Neighbour> {
        let engine = |number: u64| {
            let settings = quota::settings(self.dispatch, 3 * seed + number);
            let tokens = Tokens::new(&settings.scope, "simulator");
            Neighbour::Engine(Box::new(Program::new(tokens, settings)))
        };
        let other = |kind, seed| Neighbour::Other(Client::new(kind, seed));
        match self.company {
            Company::Engines(count) => (0..count).map(engine).collect(),
            Company::Engine(kind) => vec![engine(0), other(kind, seed)],
            Company::Aimd(kind) => vec![other(Kind::Aimd, !seed), other(kind, seed)],
        }
    }
}

impl Neighbour {
    fn fetch(&mut self, now: u64, tenant: &mut Tenant) {
        if let Self::Engine(program) = self {
            program.fetch(now, tenant);
        }
    }

    /// Takes in its own responses, and leaves the others.
    fn deliver(&mut self, now: u64, all: Vec<(Ticket, Delivery)>) -> Vec<(Ticket, Delivery)> {
        match self {
            Self::Engine(program) => program.deliver(now, all, &mut Silent),
            Self::Other(client) => client.deliver(now, all),
        }
    }

    /// Sends all it wants to send now. Returns when it wants to send more.
    fn turn(&mut self, now: u64, tenant: &mut Tenant) -> Option<u64> {
        match self {
            Self::Engine(program) => match program.turn(now, tenant, &mut Silent) {
                Turn::Wait(until) => until.into_iter().chain(program.next_fetch()).min(),
                Turn::Over => None,
            },
            Self::Other(client) => {
                client.send(now, tenant);
                client.free_at()
            }
        }
    }

    fn counts(&mut self) -> Counts {
        match self {
            Self::Engine(program) => {
                let summary = program.run().summary();
                Counts {
                    admitted: summary.success.into(),
                    throttled: summary.throttled,
                }
            }
            Self::Other(client) => client.counts(),
        }
    }
}

fn draw(text: &mut String, rows: &[Row]) {
    line(
        text,
        "| `Retry-After` | limiter | rejected calls | dispatch | first | second | third |\n|---|---|---|---|---|---|---|",
    );
    for Row { case, shares } in rows {
        let form = quota::names_time(case.form);
        let rejected = if case.counts_rejected {
            "count"
        } else {
            "free"
        };
        let dispatch = match (case.company, case.dispatch) {
            (Company::Aimd(_), _) => "–",
            (_, Dispatch::Batch) => "batch",
            _ => "single",
        };
        let names = case.company.names().into_iter();
        let mut cells: Vec<String> = names
            .zip(shares)
            .map(|(name, share)| share.cell(name))
            .collect();
        cells.resize(3, String::new());
        line(
            text,
            &format!(
                "| {form} | {:?} | {rejected} | {dispatch} | {} |",
                case.kind,
                cells.join(" | ")
            ),
        );
    }
}

impl Share {
    fn cell(&self, name: &str) -> String {
        let Self {
            least,
            most,
            throttled,
        } = self;
        format!("{name}: {least:.1} to {most:.1} / {throttled:.3}")
    }
}

impl Company {
    fn names(self) -> Vec<&'static str> {
        match self {
            Self::Engines(count) => (0..count).map(|_| "intune-sync").collect(),
            Self::Engine(kind) => vec!["intune-sync", kind.name()],
            Self::Aimd(kind) => vec![Kind::Aimd.name(), kind.name()],
        }
    }

    /// Whether rejected calls count, and how the engine sends.
    fn ways(self) -> Vec<(bool, Dispatch)> {
        use Dispatch::{Batch, Single};
        match self {
            Self::Aimd(Kind::Unpaced) => vec![(true, Single), (false, Single)],
            Self::Aimd(_) => vec![(true, Single)],
            Self::Engine(Kind::Unpaced) => vec![(true, Single), (false, Single), (false, Batch)],
            Self::Engines(_) | Self::Engine(_) => vec![(true, Single), (true, Batch)],
        }
    }
}
