//! What custody promises, written a second time from SECURITY.md, with sets and strings and none of its code.

use std::collections::{BTreeMap, BTreeSet};

use super::{Page, Returned, System, Terms, Wanted, Way};

/// What a component says became of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Said {
    Accepted,
    Gone,
    Skipped,
    Failed,
}

/// What became of a device that is to be synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    Accepted,
    Gone,
    Refused,
    Forbidden,
}

#[derive(Clone, Debug, Default)]
struct Tried {
    became: Option<Became>,
    failures: u32,
    blamed: u32,
    tokens: u32,
}

/// The rule, with what it has seen.
pub(crate) struct Rule {
    terms: Terms,
    /// The number of the link to the next page; `None` for the first page.
    next: Option<u8>,
    pages: u32,
    /// Requests for the present page that count.
    spent: u32,
    may_begin_again: bool,
    began_again: bool,
    /// The rows of the list so far.
    rows: Vec<(u8, System)>,
    /// Known once the list is complete.
    devices: Option<Devices>,
    tried: BTreeMap<u8, Tried>,
    reported: BTreeMap<u8, Said>,
    failed_in_a_row: u32,
    syncs: u32,
}

/// Which devices the list and the selection give.
struct Devices {
    to_sync: BTreeSet<u8>,
    to_skip: BTreeSet<u8>,
    unlisted: BTreeSet<u8>,
}

impl Rule {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            next: None,
            pages: 0,
            spent: 0,
            may_begin_again: false,
            began_again: false,
            rows: Vec::new(),
            devices: None,
            tried: BTreeMap::new(),
            reported: BTreeMap::new(),
            failed_in_a_row: 0,
            syncs: 0,
        }
    }

    /// Whether the page may be requested; then `page` is what Graph returns.
    pub(crate) fn read(&mut self, wanted: Wanted, page: &Result<Page, u16>) -> bool {
        let attempts = u32::from(self.terms.max_retries) + 1;
        let may = match wanted {
            Wanted::Prying => false,
            Wanted::First => {
                (self.pages == 0 && self.devices.is_none() || self.may_begin_again)
                    && self.spent <= attempts * 3
            }
            Wanted::Link(link) => {
                self.devices.is_none() && self.next == Some(link) && self.spent <= attempts
            }
        };
        if !may {
            return false;
        }
        if wanted == Wanted::First && self.pages > 0 {
            (self.may_begin_again, self.began_again) = (false, true);
            (self.pages, self.spent, self.next) = (0, 0, None);
        }
        match page {
            Err(status) => {
                match status {
                    429 | 401 => {}
                    410 if self.pages > 0 => {
                        self.may_begin_again = !self.began_again;
                        self.spent += 1;
                    }
                    410 => self.spent += 1,
                    _ => {
                        self.failed_in_a_row += 1;
                        self.spent += 1;
                    }
                }
                return true;
            }
            Ok(page) => {
                self.failed_in_a_row = 0;
                if self.pages == 0 {
                    self.rows.clear();
                }
                self.pages += 1;
                self.spent = 0;
                // A link that is good after all does not permit beginning again.
                self.may_begin_again = false;
                self.rows.extend(&page.rows);
                self.next = page.next;
                if page.next.is_none() {
                    self.devices = Some(self.select());
                }
            }
        }
        true
    }

    fn select(&self) -> Devices {
        let named = |device: u8| self.terms.named == 0 || self.terms.named >> device & 1 == 1;
        let meets = |system: System| !self.terms.windows_only || system == System::Windows;
        let mut order: Vec<(u8, System)> = Vec::new();
        for (device, system) in &self.rows {
            let known = order.iter().any(|(other, _)| other == device);
            if named(*device) && meets(*system) && !known {
                order.push((*device, *system));
            }
        }
        let listed: BTreeSet<u8> = self.rows.iter().map(|(device, _)| *device).collect();
        let mut unlisted: BTreeSet<u8> = (0..super::DEVICES)
            .filter(|device| self.terms.named >> device & 1 == 1 && !listed.contains(device))
            .collect();
        if !self.terms.windows_only {
            let also = unlisted.iter().map(|device| (*device, System::Windows));
            order.extend(also);
            unlisted.clear();
        }
        let (skip, sync): (Vec<_>, Vec<_>) = order
            .into_iter()
            .partition(|(_, system)| *system == System::Linux);
        let ids = |devices: Vec<(u8, System)>| devices.into_iter().map(|(device, _)| device);
        match self.terms.limit {
            Some(limit) => Devices {
                to_sync: ids(sync).take(limit.into()).collect(),
                to_skip: BTreeSet::new(),
                unlisted: BTreeSet::new(),
            },
            None => Devices {
                to_sync: ids(sync).collect(),
                to_skip: ids(skip).collect(),
                unlisted,
            },
        }
    }

    /// Whether the request may leave; then `returned` is what Graph returns.
    pub(crate) fn sync(&mut self, way: Way, devices: &[u8], returned: &Returned) -> bool {
        let Some(known) = &self.devices else {
            return false;
        };
        let different: BTreeSet<&u8> = devices.iter().collect();
        let most = u32::from(self.terms.max_retries) + 2;
        let may = devices.iter().all(|device| {
            let tried = self.tried.get(device).cloned().unwrap_or_default();
            known.to_sync.contains(device)
                && !self.reported.contains_key(device)
                && tried.became.is_none()
                && tried.blamed <= most
        });
        if !may || different.len() < devices.len() {
            return false;
        }
        self.syncs += 1;
        let each: Vec<u16> = match returned {
            Returned::Nothing => vec![503; devices.len()],
            Returned::Whole(status) if way == Way::Single => vec![*status],
            // It says nothing of the devices, but that they were not synced.
            Returned::Whole(status) => {
                let status = match status {
                    503 | 401 => *status,
                    _ => 429,
                };
                vec![status; devices.len()]
            }
            Returned::Each(each) => each
                .iter()
                .map(|status| match (way, status) {
                    (_, 0) => 503,
                    // What a bulk action cannot say, it leaves out or lists as failed.
                    (Way::Bulk, 429 | 401 | 403) => 503,
                    (_, status) => *status,
                })
                .collect(),
        };
        if each.iter().any(|status| matches!(status, 204 | 404 | 409)) {
            self.failed_in_a_row = 0;
        } else if each.contains(&503) {
            self.failed_in_a_row += 1;
        }
        let is_outage = self.failed_in_a_row >= 10;
        for (device, status) in devices.iter().zip(each) {
            let tried = self.tried.entry(*device).or_default();
            match status {
                204 => tried.became = Some(Became::Accepted),
                404 => tried.became = Some(Became::Gone),
                409 => tried.became = Some(Became::Refused),
                403 => tried.became = Some(Became::Forbidden),
                401 => tried.tokens += 1,
                503 => {
                    tried.failures += 1;
                    tried.blamed += u32::from(!is_outage);
                }
                _ => {}
            }
        }
        true
    }

    /// Whether the report is true.
    pub(crate) fn report(&mut self, device: u8, said: Said) -> bool {
        let Some(known) = &self.devices else {
            return false;
        };
        let tried = self.tried.get(&device).cloned().unwrap_or_default();
        let gave_up = tried.became.is_none()
            && (tried.failures > self.terms.max_retries.into() || tried.tokens > 5);
        let to_sync = known.to_sync.contains(&device);
        let is_true = !self.reported.contains_key(&device)
            && match said {
                Said::Accepted => tried.became == Some(Became::Accepted),
                Said::Gone => {
                    tried.became == Some(Became::Gone) || known.unlisted.contains(&device)
                }
                Said::Skipped => known.to_skip.contains(&device),
                Said::Failed => {
                    to_sync
                        && (gave_up
                            || matches!(tried.became, Some(Became::Refused | Became::Forbidden)))
                }
            };
        if is_true {
            self.reported.insert(device, said);
        }
        is_true
    }

    /// In all, accepted, failed, skipped, gone: as an honest component counts them.
    pub(crate) fn counts(&self) -> [u32; 5] {
        let count = |wanted: Said| {
            let found = self.reported.values().filter(|said| **said == wanted);
            u32::try_from(found.count()).expect("few devices")
        };
        let known = self.devices.as_ref().map_or(0, |devices| {
            devices.to_sync.len() + devices.to_skip.len() + devices.unlisted.len()
        });
        [
            u32::try_from(known).expect("few devices"),
            count(Said::Accepted),
            count(Said::Failed),
            count(Said::Skipped),
            count(Said::Gone),
        ]
    }

    /// Whether a component may say that it has completed, or that it has not, with these [`counts`](Self::counts).
    pub(crate) fn conclude(&self, completed: bool) -> bool {
        let Some(known) = &self.devices else {
            return !completed;
        };
        let open = |device: &&u8| !self.reported.contains_key(device);
        let settled = |device: &&u8| {
            let tried = self.tried.get(*device);
            let became = tried.and_then(|tried| tried.became);
            matches!(
                became,
                Some(Became::Accepted | Became::Gone | Became::Refused)
            )
        };
        let withheld = known
            .to_sync
            .iter()
            .filter(open)
            .any(|device| settled(&device));
        let left = [&known.to_sync, &known.to_skip, &known.unlisted];
        let passed_over = left.into_iter().flatten().any(|device| open(&device));
        // A component that was stopped before it has begun does not know how many there are.
        let knows = self.syncs > 0 || !self.reported.is_empty() || self.counts()[0] == 0;
        if completed {
            !withheld && !passed_over
        } else {
            !withheld && knows
        }
    }

    /// The devices that have an outcome which was not reported.
    pub(crate) fn settle(&self) -> Vec<(u8, Said)> {
        let unreported = self
            .tried
            .iter()
            .filter(|(device, _)| !self.reported.contains_key(device));
        let settled = unreported.filter_map(|(device, tried)| {
            let said = match tried.became? {
                Became::Accepted => Said::Accepted,
                Became::Gone => Said::Gone,
                Became::Refused => Said::Failed,
                Became::Forbidden => return None,
            };
            Some((*device, said))
        });
        settled.collect()
    }
}
