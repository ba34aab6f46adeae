//! Custody: the books of one run, to which the component is held.
//!
//! The gate says what kind of request may leave. Custody remembers what has left and what came back, and says which one
//! may leave now: the next page of the list, and a sync of a device that the list held and the selection matches, as
//! often as retries and throttled responses explain. What it reads of Graph's responses, it reads with the code of the
//! engine (`intune_sync_graph`, `intune_sync_selection`). At the end the books decide what the run has done:
//! what a component reports is [compared](Custody::device_done) with them.

mod books;
mod details;
mod devices;
mod held;
mod ids;
mod list;
mod names;
mod outcome;
mod refusal;
mod report;
mod rules;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use intune_sync_graph::GraphRoot;
use intune_sync_ids::Guid;
use intune_sync_selection::Selection;

use self::books::Books;
pub(crate) use self::rules::rules;
use crate::{
    gate::{
        Proposal, Redact, hide_token,
        sync::{ListRead, Writes},
    },
    gated::Admitted,
};

pub use self::{
    books::Trouble,
    details::TakenDevice,
    held::Held,
    list::READS_MAX,
    names::NamesFound,
    refusal::Refusal,
    report::{Conclusion, Counts, Done, Planned, ReportedOutcome, Untrue},
};

/// What a run is to do, as custody holds the component to it.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Where links to further pages must stay.
    pub root: GraphRoot,
    /// Which devices.
    pub selection: Selection,
    /// Since 1970.
    pub started_at: Duration,
    /// How often a page or a device is tried again after a failure that may pass.
    pub max_retries: u32,
}

/// The books of one run. Each of its requests is entered here before it leaves, and each response when it comes.
#[derive(Debug)]
pub struct Custody {
    books: Mutex<Books>,
}

impl Custody {
    /// Empty books.
    pub fn new(terms: Terms) -> Self {
        Self {
            books: Mutex::new(Books::new(terms)),
        }
    }

    /// Keeps when each device has checked in last, to compare what the component says of it.
    pub fn keep_check_ins(&self) {
        self.books().devices.keep_check_ins();
    }

    /// Leaves out these devices, which an earlier run has settled.
    pub fn skip(&self, devices: &[Guid]) {
        self.books().devices.skip(devices);
    }

    /// Whether the page of the list that this proposal is for may be requested now.
    ///
    /// # Errors
    ///
    /// When its query is not this run's, it is not the next one, or it was requested too often.
    pub fn check_read(&self, read: &ListRead, proposal: &Proposal<'_>) -> Result<(), Refusal> {
        let checked = self.books().check_read(read);
        checked.map_err(|refusal| hide_token(refusal, proposal))
    }

    /// Enters a request that the gate has admitted. Only what is returned can be sent.
    ///
    /// # Errors
    ///
    /// When it may not leave now.
    pub fn hold<'a, C>(
        &'a self,
        admitted: Admitted<'a, Writes, C>,
    ) -> Result<Held<'a, C>, Refusal> {
        let mut admitted = admitted;
        let entered = self.books().enter(admitted.call());
        let entry = entered.map_err(|mut refusal| {
            for text in refusal.quoted() {
                text.hide(admitted.token().expose());
            }
            refusal
        })?;
        if let Some(properties) = self.read_for_people() {
            admitted.also_read(properties);
        }
        Ok(Held::new(self, admitted, entry))
    }

    /// The books stay whole if a holder panics: each change of them is complete.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
