//! What a component reports, compared with the books.

use intune_sync_graph::{Shortfall, TOKEN_REFUSALS_MAX};
use intune_sync_ids::Guid;

use super::{
    Custody,
    books::{Books, Trouble},
    devices::{At, Device, State},
};

/// What a component says became of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportedOutcome {
    /// Graph has accepted the sync.
    Accepted,
    /// The device no longer exists.
    Gone,
    /// It was not sent a sync, since it cannot sync.
    Skipped,
    /// It was refused, or tried too often.
    Failed,
}

/// What the books say of a device whose outcome was reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Syncs of it that left; 255 of more.
    pub attempts: u32,
    /// Why the last one was not accepted, if it was not.
    pub trouble: Option<Trouble>,
    /// When it checked in last, in seconds since 1970, 0 for never; `None` where that is not kept.
    pub check_in: Option<u32>,
}

/// What a component plans, in numbers of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// In the list.
    pub listed: u32,
    /// Of the run.
    pub total: u32,
    /// To be synced.
    pub to_sync: u32,
    /// To be skipped.
    pub skipped: u64,
}

/// How a component says that the run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Each device has its outcome.
    Completed,
    /// The plan is complete, and nothing was to be sent.
    Planned,
    /// Before its work was done.
    Unfinished,
}

/// Counts of devices and requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Devices of the run; 0 as long as they are not known.
    pub total: u32,
    /// Accepted.
    pub success: u32,
    /// Failed.
    pub error: u32,
    /// Skipped.
    pub skipped: u32,
    /// Gone.
    pub gone: u32,
    /// Requests that left.
    pub requests: u64,
    /// Requests, or items of a batch, that were throttled.
    pub throttled: u64,
}

impl Counts {
    /// Devices without an outcome.
    pub const fn pending(&self) -> u32 {
        let settled = self.success + self.error + self.skipped + self.gone;
        self.total.saturating_sub(settled)
    }
}

/// How a component's report differs from the books.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrue {
    /// A device that is not part of the run.
    #[error("the component reports `{0}`, which is not a device of this run")]
    Foreign(Guid),
    /// A second outcome.
    #[error("the component reports `{0}` twice")]
    Twice(Guid),
    /// A success that was not one.
    #[error("the component reports `{0}` as synced, and Graph has accepted no sync of it")]
    Success(Guid),
    /// A failure that was not one.
    #[error("the component reports `{device}` as failed, {instead}")]
    Failure {
        /// The device.
        device: Guid,
        /// What is true instead.
        instead: &'static str,
    },
    /// A device that is not gone.
    #[error("the component reports `{0}` as gone, and Graph has not said so")]
    Gone(Guid),
    /// A device that can be synced.
    #[error("the component reports `{0}` as skipped, which can be synced")]
    Skipped(Guid),
    /// An outcome that is left out.
    #[error("the component does not report `{device}`, which {outcome}")]
    Withheld {
        /// The device.
        device: Guid,
        /// What became of it.
        outcome: &'static str,
    },
    /// A selected device without an outcome.
    #[error("the component says that it has completed, and has passed over `{0}`")]
    PassedOver(Guid),
    /// A run that ended before there was a list.
    #[error(
        "the component says that it has completed, and has not read the list of devices to its end"
    )]
    NoList,
    /// A plan before there was a list.
    #[error("the component plans before it has read the list of devices to its end")]
    EarlyPlan,
    /// A list that is shorter than it says, and was not reported so.
    #[error(
        "the component does not report that the list of devices has {listed} rows and says that it has more"
    )]
    Shortfall {
        /// Rows of the list.
        listed: u64,
    },
    /// A list that is reported as shorter than it says, and is not, or by other numbers.
    #[error("the component reports the list of devices as incomplete, {0}")]
    Incomplete(&'static str),
    /// Another number than that of the books.
    #[error("the component counts {said} devices {what}, where the books have {counted}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// By the component.
        said: u32,
        /// By the books.
        counted: u32,
    },
    /// Another check-in than the list has.
    #[error("the component names another last check-in of `{0}` than the list of devices")]
    CheckIn(Guid),
    /// A device that is handed over as one that will be synced.
    #[error("the component says that it will sync `{0}`, which this run is not to sync")]
    Selected(Guid),
    /// A device that is handed over twice, or out of order.
    #[error("the component hands over `{0}` again, or not in the order of the ids")]
    Order(Guid),
}

/// How many devices were reported with each outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reported {
    /// A plan or an outcome was reported: the component knows the devices.
    begun: bool,
    /// That the list is shorter than it says was reported.
    shortfall: bool,
    success: u32,
    error: u32,
    skipped: u32,
    gone: u32,
}

impl Custody {
    /// Compares the report of a list that is shorter than it says: its rows, and how many devices it says that it has.
    ///
    /// # Errors
    ///
    /// When the list is not, or has other numbers.
    pub fn incomplete(&self, listed: u32, counted: Option<u32>) -> Result<(), Untrue> {
        let mut books = self.books();
        let shortfall = books.list.shortfall();
        let shortfall = shortfall.ok_or(Untrue::Incomplete("and it is not"))?;
        let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
        if (listed, counted) != (count(shortfall.listed), shortfall.counted.map(count)) {
            return Err(Untrue::Incomplete("with other numbers than it has"));
        }
        books.reported.shortfall = true;
        Ok(())
    }

    /// Compares a plan.
    ///
    /// # Errors
    ///
    /// When the list and the selection give other numbers, or the list is shorter than it says and that was not
    /// reported.
    pub fn planned(&self, planned: Planned) -> Result<(), Untrue> {
        let mut books = self.books();
        let plan = books.plan.ok_or(Untrue::EarlyPlan)?;
        let skipped = u32::try_from(planned.skipped).unwrap_or(u32::MAX);
        for (what, said, counted) in [
            ("to sync", planned.to_sync, plan.to_sync),
            ("to skip", skipped, plan.unsupported),
            ("in all", planned.total, plan.total()),
            ("in the list", planned.listed, books.devices.listed()),
        ] {
            same(what, said, counted)?;
        }
        books.knows_shortfall()?;
        books.reported.begun = true;
        Ok(())
    }

    /// Compares a part of the devices that the component says it will sync, each with its last check-in, in seconds
    /// since
    /// 1970. `after` is the last device of the part before. Returns the last one of this part.
    ///
    /// # Errors
    ///
    /// When one of them is not to be synced, comes again or not in the order of the ids, or has checked in at another
    /// time, where that is kept.
    pub fn selected(
        &self,
        after: Option<Guid>,
        devices: impl IntoIterator<Item = (Guid, Option<u32>)>,
    ) -> Result<Option<Guid>, Untrue> {
        let books = self.books();
        let mut last = after;
        for (id, last_sync) in devices {
            if last.replace(id) >= Some(id) {
                return Err(Untrue::Order(id));
            }
            let device = books.devices.find(id).map(|at| books.devices.get(at));
            let is_to_be_synced = |device: &Device| match device.state() {
                State::Unselected | State::Unsupported | State::Unlisted | State::OverLimit => {
                    false
                }
                State::Open
                | State::OnItsWay
                | State::Accepted
                | State::Gone
                | State::Refused
                | State::Forbidden => true,
            };
            if !device.is_some_and(is_to_be_synced) {
                return Err(Untrue::Selected(id));
            }
            let check_in = device.and_then(|device| books.devices.check_in(device));
            if check_in.is_some_and(|check_in| check_in != last_sync.unwrap_or(0)) {
                return Err(Untrue::CheckIn(id));
            }
        }
        Ok(last)
    }

    /// Compares how many devices the component has handed over, in all.
    ///
    /// # Errors
    ///
    /// When some that it is to sync are missing.
    pub fn all_selected(&self, count: u32) -> Result<(), Untrue> {
        let to_sync = self.books().plan.map_or(0, |plan| plan.to_sync);
        same("that it will sync", count, to_sync)
    }

    /// Compares the outcome of a device, and returns what the books say of it.
    ///
    /// # Errors
    ///
    /// When it is not the one in the books.
    pub fn device_done(&self, id: Guid, outcome: ReportedOutcome) -> Result<Done, Untrue> {
        let mut books = self.books();
        let listed = books.plan.and_then(|_| books.devices.find_reported(id));
        let at = listed.ok_or(Untrue::Foreign(id))?;
        books.compare(at, outcome)?;
        Ok(books.report(at, outcome))
    }

    /// Compares how the run ended, and its counts: `said` is what the component counts.
    ///
    /// # Errors
    ///
    /// When a device was left out, or a number is another than in the books.
    pub fn conclude(&self, said: &Counts, conclusion: Conclusion) -> Result<(), Untrue> {
        let books = self.books();
        if conclusion != Conclusion::Unfinished && books.plan.is_none() {
            return Err(Untrue::NoList);
        }
        if conclusion != Conclusion::Unfinished {
            books.knows_shortfall()?;
        }
        let unreported = books.devices.iter().map(|(_, device)| device);
        for device in unreported.filter(|device| !device.is_reported()) {
            left_out(device, conclusion)?;
        }
        let reported = books.reported;
        let total = match conclusion {
            Conclusion::Unfinished if !books.has_begun() => 0,
            _ => books.total(),
        };
        for (what, said, counted) in [
            ("in all", said.total, total),
            ("synced", said.success, reported.success),
            ("failed", said.error, reported.error),
            ("skipped", said.skipped, reported.skipped),
            ("gone", said.gone, reported.gone),
        ] {
            same(what, said, counted)?;
        }
        Ok(())
    }

    /// The counts in the books, by what was reported and found to be true.
    pub fn counts(&self) -> Counts {
        let books = self.books();
        let reported = books.reported;
        Counts {
            total: match books.has_begun() {
                true => books.total(),
                false => 0,
            },
            success: reported.success,
            error: reported.error,
            skipped: reported.skipped,
            gone: reported.gone,
            requests: books.counts.requests,
            throttled: books.counts.throttled,
        }
    }

    /// The run has broken off: enters the outcomes that Graph has given and the component has not reported, and returns
    /// them. From then on they count as reported.
    pub fn settle(&self) -> Vec<(Guid, ReportedOutcome, Done)> {
        let mut books = self.books();
        let settled = books.devices.iter().filter_map(|(at, device)| {
            let outcome = match device.state() {
                State::Accepted => ReportedOutcome::Accepted,
                State::Gone => ReportedOutcome::Gone,
                State::Refused => ReportedOutcome::Failed,
                _ => return None,
            };
            (!device.is_reported()).then_some((at, device.id(), outcome))
        });
        let settled: Vec<_> = settled.collect();
        settled
            .into_iter()
            .map(|(at, id, outcome)| (id, outcome, books.report(at, outcome)))
            .collect()
    }
}

impl Books {
    /// Whether the outcome of a device is the one in the books.
    fn compare(&self, at: At, outcome: ReportedOutcome) -> Result<(), Untrue> {
        use ReportedOutcome::{Accepted, Failed, Gone, Skipped};

        let device = self.devices.get(at);
        let id = device.id();
        if device.is_reported() {
            return Err(Untrue::Twice(id));
        }
        match (outcome, device.state()) {
            (Accepted, State::Accepted)
            | (Gone, State::Gone | State::Unlisted)
            | (Skipped, State::Unsupported)
            | (Failed, State::Refused | State::Forbidden) => Ok(()),
            (Failed, State::Open)
                if self.is_exhausted(device) || device.token_refusals > TOKEN_REFUSALS_MAX =>
            {
                Ok(())
            }
            (_, State::Unselected | State::OverLimit) => Err(Untrue::Foreign(id)),
            (Accepted, _) => Err(Untrue::Success(id)),
            (Gone, _) => Err(Untrue::Gone(id)),
            (Skipped, _) => Err(Untrue::Skipped(id)),
            (Failed, state) => Err(Untrue::Failure {
                device: id,
                instead: match state {
                    State::Accepted => "and Graph has accepted a sync of it",
                    State::Gone => "and Graph does not know it",
                    State::OnItsWay => "while a sync of it is on its way",
                    _ if device.attempts == 0 => "and no sync of it has left",
                    _ => "and has not tried it as often as `--max-retries` says",
                },
            }),
        }
    }

    /// Enters that the outcome of a device was reported.
    fn report(&mut self, at: At, outcome: ReportedOutcome) -> Done {
        self.devices.get_mut(at).set_reported();
        let count = match outcome {
            ReportedOutcome::Accepted => &mut self.reported.success,
            ReportedOutcome::Gone => &mut self.reported.gone,
            ReportedOutcome::Skipped => &mut self.reported.skipped,
            ReportedOutcome::Failed => &mut self.reported.error,
        };
        *count += 1;
        self.reported.begun = true;
        let device = self.devices.get(at);
        Done {
            attempts: device.attempts.into(),
            check_in: self.devices.check_in(device),
            trouble: self.troubles.remove(&at),
        }
    }

    /// Whether the component has reported it, if the list is shorter than it says.
    fn knows_shortfall(&self) -> Result<(), Untrue> {
        match self.list.shortfall() {
            Some(Shortfall { listed, .. }) if !self.reported.shortfall => {
                Err(Untrue::Shortfall { listed })
            }
            _ => Ok(()),
        }
    }

    fn total(&self) -> u32 {
        self.plan.map_or(0, |plan| plan.total())
    }

    /// Whether the component knows the devices, as far as the books can tell.
    fn has_begun(&self) -> bool {
        self.reported.begun || self.counts.syncs > 0
    }
}

/// Checks a device that was not reported, at the end.
fn left_out(device: &Device, conclusion: Conclusion) -> Result<(), Untrue> {
    let id = device.id();
    let withheld = |outcome| {
        Err(Untrue::Withheld {
            device: id,
            outcome,
        })
    };
    match (device.state(), conclusion) {
        (State::Accepted, _) => withheld("was synced"),
        (State::Gone, _) => withheld("is gone"),
        (State::Refused, _) => withheld("has failed"),
        (State::Unsupported, Conclusion::Completed | Conclusion::Planned) => {
            withheld("is to be skipped")
        }
        (State::Unlisted, Conclusion::Completed | Conclusion::Planned) => {
            withheld("is not in the list")
        }
        (State::Open | State::OnItsWay | State::Forbidden, Conclusion::Completed) => {
            Err(Untrue::PassedOver(id))
        }
        _ => Ok(()),
    }
}

fn same(what: &'static str, said: u32, counted: u32) -> Result<(), Untrue> {
    match said == counted {
        true => Ok(()),
        false => Err(Untrue::Count {
            what,
            said,
            counted,
        }),
    }
}
