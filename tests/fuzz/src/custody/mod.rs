//! Custody: a run that the input makes up, step by step, which custody and an independent rule must judge alike.
//!
//! An input is read byte by byte: each step is a request and its response, or a report.

mod rule;
mod run;

use self::{
    rule::{Rule, Said},
    run::Run,
};

/// Devices that a run may know of: few, so that they come again.
const DEVICES: u8 = 8;

/// The bytes of an input. Once it is used up, the run is over.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn below(&mut self, most: u8) -> Option<u8> {
        self.next().map(|byte| byte % most)
    }
}

/// How the run came to know what it selects by, and what is different in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Bits: which devices the operator names; none if there are none.
    pub(crate) named: u8,
    /// Whether only Windows is selected.
    pub(crate) windows_only: bool,
    /// At most this many.
    pub(crate) limit: Option<u8>,
    pub(crate) max_retries: u8,
}

/// What Graph returns to a request for syncs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    /// Nothing.
    Nothing,
    /// This status, which concerns the request as a whole.
    Whole(u16),
    /// This status for each device, in the order of the request; 0 leaves the device out.
    Each(Vec<u16>),
}

/// How syncs are put into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Single,
    Batch,
    Bulk,
}

/// A page that Graph returns: each device, and whether it runs Windows; the number of the next link, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<(u8, System)>,
    pub(crate) next: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Windows,
    Other,
    /// One that cannot sync.
    Linux,
}

/// Which page is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The first, with the properties that the run reads.
    First,
    /// The first, with one that it does not read.
    Prying,
    /// A further one, by the link of this number.
    Link(u8),
}

/// Runs an input, and returns whether custody let out everything that was requested.
///
/// # Panics
///
/// When custody and the rule differ.
pub fn run(bytes: &[u8]) -> bool {
    let Judged {
        passed, refused, ..
    } = judged(bytes);
    passed > 0 && refused == 0
}

/// How many steps of an input were let out or found to be true, and how many were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Let out, or true.
    pub passed: usize,
    /// Refused, or not true.
    pub refused: usize,
    /// Requests for pages and syncs among them, each with its response if it was let out. The others are reports.
    pub requests: usize,
}

/// What became of a step.
struct Step {
    has_passed: bool,
    is_request: bool,
}

/// Runs an input, and counts its steps.
///
/// # Panics
///
/// When custody and the rule differ.
pub fn judged(bytes: &[u8]) -> Judged {
    let mut input = Input(bytes);
    let mut judged = Judged::default();
    let Some(terms) = terms(&mut input) else {
        return judged;
    };
    let mut run = Run::new(terms);
    let mut rule = Rule::new(terms);
    while let Some(step) = step(&mut input, &mut run, &mut rule) {
        match step.has_passed {
            true => judged.passed += 1,
            false => judged.refused += 1,
        }
        judged.requests += usize::from(step.is_request);
    }
    // The books of a run that broke off: the same devices have an outcome.
    let mut settled = run.settle();
    settled.sort_unstable();
    assert_eq!(settled, rule.settle(), "{terms:?}");
    judged
}

fn terms(input: &mut Input<'_>) -> Option<Terms> {
    let flags = input.next()?;
    Some(Terms {
        named: if flags & 1 == 0 { 0 } else { input.next()? },
        windows_only: flags & 2 != 0,
        limit: (flags & 4 != 0).then_some(1 + (flags >> 6)),
        max_retries: flags >> 3 & 3,
    })
}

/// One step, if the input has one more.
fn step(input: &mut Input<'_>, run: &mut Run, rule: &mut Rule) -> Option<Step> {
    let kind = input.below(8)?;
    let (by_custody, by_rule, what) = match kind {
        0 | 1 => {
            let wanted = match input.below(8)? {
                0 => Wanted::Prying,
                1..=3 => Wanted::First,
                link => Wanted::Link(link - 4),
            };
            let page = page(input)?;
            let what = format!("{wanted:?} {page:?}");
            (run.read(wanted, &page), rule.read(wanted, &page), what)
        }
        2..=5 => {
            let way = [Way::Single, Way::Batch, Way::Bulk][usize::from(input.below(3)?)];
            let count = match way {
                Way::Single => 1,
                Way::Batch | Way::Bulk => 1 + input.below(4)?,
            };
            let mut devices = Vec::new();
            for _ in 0..count {
                devices.push(input.below(DEVICES)?);
            }
            let returned = returned(input, way, devices.len())?;
            let what = format!("{way:?} {devices:?} {returned:?}");
            let by_custody = run.sync(way, &devices, &returned);
            (by_custody, rule.sync(way, &devices, &returned), what)
        }
        6 => {
            let device = input.below(DEVICES)?;
            let said = [Said::Accepted, Said::Gone, Said::Skipped, Said::Failed];
            let said = said[usize::from(input.below(4)?)];
            let what = format!("{device} {said:?}");
            (run.report(device, said), rule.report(device, said), what)
        }
        _ => {
            let completed = input.below(2)? == 0;
            let what = format!("completed: {completed}");
            let counts = rule.counts();
            (
                run.conclude(completed, counts),
                rule.conclude(completed),
                what,
            )
        }
    };
    assert_eq!(by_custody.is_ok(), by_rule, "{what}: {by_custody:?}");
    Some(Step {
        has_passed: by_rule,
        is_request: kind < 6,
    })
}

fn page(input: &mut Input<'_>) -> Option<Result<Page, u16>> {
    let flags = input.next()?;
    if flags & 7 == 7 {
        // 0 is for none at all.
        let statuses = [429, 401, 503, 410, 500, 0];
        return Some(Err(statuses[usize::from(flags >> 3) % statuses.len()]));
    }
    let mut rows = Vec::new();
    for _ in 0..flags & 3 {
        let row = input.next()?;
        let system = match row >> 3 & 7 {
            0..=4 => System::Windows,
            5..=6 => System::Other,
            _ => System::Linux,
        };
        rows.push((row % DEVICES, system));
    }
    let next = (flags & 4 != 0).then_some(flags >> 6);
    Some(Ok(Page { rows, next }))
}

fn returned(input: &mut Input<'_>, way: Way, devices: usize) -> Option<Returned> {
    const EACH: [u16; 8] = [204, 204, 404, 409, 403, 401, 429, 503];
    const WHOLE: [u16; 6] = [429, 401, 503, 400, 404, 403];
    let first = input.next()?;
    Some(match (way, first % 4) {
        (_, 0) if first > 200 => Returned::Nothing,
        (Way::Single, _) => Returned::Whole(EACH[usize::from(first >> 2) % EACH.len()]),
        (Way::Batch | Way::Bulk, 0) => {
            Returned::Whole(WHOLE[usize::from(first >> 2) % WHOLE.len()])
        }
        (Way::Batch | Way::Bulk, _) => {
            let mut each = Vec::new();
            for _ in 0..devices {
                let byte = usize::from(input.next()?);
                let left_out = byte % 16 == 15;
                each.push(if left_out { 0 } else { EACH[byte % EACH.len()] });
            }
            Returned::Each(each)
        }
    })
}
