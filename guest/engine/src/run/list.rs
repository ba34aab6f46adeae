//! The first phase: reads the list of devices, page by page.

use intune_sync_graph::{GraphError, LIST_PATH, Page, Requested, Verdict, may_be_the_query};
use intune_sync_ids::Guid;
use intune_sync_selection::{QueryForm, list_query};

use super::{
    Next, Phase,
    intake::{Intake, Row},
    ledger::Ledger,
    problems::{self, Needed},
    response::{Judged, Received, Signals, all_writes, progress_of_whole, unreadable},
    traffic::{Draft, Sent, Traffic},
};
use crate::{
    Settings, TokenSerial,
    contract::{Listed, Retried, RunStatus},
    devices::{ListCursor, NextPage},
    http::{Method, NoResponse, Request, Response},
    pacing::{Load, Progress},
};

/// A page of 1,000 devices takes about 400 KB with `$select`, and 5 MB where that is ignored.
const RESPONSE_LIMIT: usize = 32 << 20;
/// The most rows of a page that are taken in one poll. A row is compared with every pattern of the selection, so that a
/// page can take seconds.
const ROWS: usize = 100;

/// Reads the list. One page at a time is in flight.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    settings: Settings,
    cursor: ListCursor,
    intake: Intake,
    /// The page whose rows are being taken.
    page: Option<OpenPage>,
    /// A link to a next page had expired, and the list was begun again.
    restarted: bool,
}

/// A page of which some rows are taken.
#[derive(Debug, Clone)]
struct OpenPage {
    page: Page<'static>,
    taken: usize,
    /// How many of these were not seen before.
    new: usize,
}

impl Listing {
    pub(super) fn new(settings: Settings) -> Self {
        let intake = Intake::new(&settings);
        let form = match settings.whole_list {
            true => QueryForm::Selected,
            false => QueryForm::Filtered,
        };
        let query = first_page(&settings, &intake, form);
        Self {
            cursor: ListCursor::new(query, form),
            settings,
            intake,
            page: None,
            restarted: false,
        }
    }

    /// Leaves these devices out.
    pub(super) fn skip(&mut self, devices: impl IntoIterator<Item = Guid>) {
        self.intake.skip(devices);
    }

    /// Whether a page has rows to take, before anything else is done.
    pub(super) fn has_rows(&self) -> bool {
        self.page.is_some()
    }

    pub(super) fn next(&self, traffic: &Traffic) -> Next {
        match traffic.free_at(Load::Page) {
            Some(free_at) if traffic.is_idle() => Next::At(free_at.max(self.cursor.not_before)),
            _ => Next::AfterResponse,
        }
    }

    /// Requests the next page.
    pub(super) fn send(
        &mut self,
        token: TokenSerial,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) -> Request {
        let draft = Draft {
            method: Method::Get,
            path_and_query: self.cursor.path_and_query.clone(),
            body: None,
            load: Load::Page,
            response_limit: RESPONSE_LIMIT,
        };
        traffic.send(draft, token, ledger)
    }

    pub(super) fn handle_response(
        mut self: Box<Self>,
        sent: &Sent,
        result: Result<Response, NoResponse>,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) -> Phase {
        let received = Received::read(Requested::Page, result, sent, traffic);
        if received.judged.verdict == Verdict::Success
            && let Some(page) = Page::read(&received.body)
        {
            let judged = &received.judged;
            let signals = Signals::of_request(judged, all_writes(judged), Progress::Made);
            traffic.learn(sent, &signals, &judged.error, ledger);
            self.page = Some(OpenPage {
                page: page.into_owned(),
                taken: 0,
                new: 0,
            });
            return Phase::Listing(self);
        }
        let received = received.with_error_in_body(Requested::Page, traffic);
        let Received { judged, body, .. } = received;
        let progress = progress_of_whole(&judged);
        let signals = Signals::of_request(&judged, all_writes(&judged), progress);
        traffic.learn(sent, &signals, &judged.error, ledger);
        match judged.verdict {
            Verdict::Success => {
                self.try_again(judged.status, &unreadable(&body), traffic, ledger);
            }
            _ => self.refused(&judged, traffic, ledger),
        }
        Phase::Listing(self)
    }

    /// Takes some rows of the page, and goes on to the next page once it has taken all.
    pub(super) fn take_rows(mut self: Box<Self>, ledger: &mut Ledger) -> Phase {
        let Some(mut open) = self.page.take() else {
            return Phase::Listing(self);
        };
        let rows = open.page.value.iter().skip(open.taken).take(ROWS);
        open.new += rows.filter(|row| self.intake.row(row) == Row::New).count();
        open.taken += ROWS;
        if open.taken < open.page.value.len() {
            self.page = Some(open);
            return Phase::Listing(self);
        }
        let next = self
            .cursor
            .record(&self.settings.root, &open.page, open.new);
        let listed = Listed {
            pages: self.cursor.pages,
            devices: self.intake.listed(),
        };
        ledger.listed(listed);
        match next {
            Ok(NextPage::Follows) => Phase::Listing(self),
            Ok(NextPage::None(shortfall)) => {
                if let Some(shortfall) = shortfall {
                    ledger.incomplete(shortfall);
                }
                let Self {
                    settings, intake, ..
                } = *self;
                let syncing = intake.complete(&settings, ledger);
                Phase::Syncing(Box::new(syncing))
            }
            Err(error) => {
                ledger.fail(problems::list_is_broken(&error));
                Phase::Listing(self)
            }
        }
    }

    /// The response is not a page.
    fn refused(&mut self, judged: &Judged, traffic: &mut Traffic, ledger: &mut Ledger) {
        let (status, error) = (judged.status, &judged.error);
        match judged.verdict {
            // Throttle and token were already handled: the page is requested again.
            Verdict::Throttled | Verdict::TokenRefused => {}
            Verdict::NotAuthorized(missing) => {
                let problem = problems::not_authorized(missing, Needed::Read, error);
                ledger.end(RunStatus::NotAuthorized(problem));
            }
            Verdict::QueryRefused if self.begins_again(status, ledger) => {}
            Verdict::QueryRefused
            | Verdict::NotFound
            | Verdict::Rejected
            | Verdict::Unsupported
            | Verdict::TooLarge => ledger.fail(problems::list_failed(status, error, None)),
            Verdict::Transient | Verdict::ItemsFailed | Verdict::Success => {
                self.try_again(status, error, traffic, ledger);
            }
        }
    }

    /// Begins the list again: with a simpler query, if the first page was refused, or once as it was, if the link to a
    /// next one was. Returns whether there is another way.
    fn begins_again(&mut self, status: Option<u16>, ledger: &mut Ledger) -> bool {
        let status = status.unwrap_or_default();
        let query = |form| first_page(&self.settings, &self.intake, form);
        let refused = query(self.cursor.form);
        let form = if self.cursor.pages > 0 {
            if self.restarted {
                return false;
            }
            self.restarted = true;
            ledger.notice(format!(
                "the link to the next page of the list is no longer valid ({status}); the list is read again"
            ));
            self.cursor.form
        } else {
            let mut simpler = QueryForm::ALL
                .into_iter()
                .filter(|form| *form > self.cursor.form);
            let Some(form) = simpler.find(|form| query(*form) != refused) else {
                return false;
            };
            ledger.notice(match self.cursor.form {
                QueryForm::Filtered if refused.contains("$filter") => format!(
                    "Graph refuses the filter ({status}); the whole list is read and filtered here"
                ),
                _ => format!("Graph refuses `$select` ({status}); whole devices are read"),
            });
            form
        };
        self.cursor = ListCursor::new(query(form), form);
        self.intake.begin_again(&self.settings);
        true
    }

    fn try_again(
        &mut self,
        status: Option<u16>,
        error: &GraphError,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        self.cursor.failures += 1;
        self.cursor.may_be_the_query &= status.is_some_and(may_be_the_query);
        let failures = self.cursor.failures;
        if failures > self.settings.max_retries {
            let query = self.cursor.pages == 0 && self.cursor.may_be_the_query;
            if !query || !self.begins_again(status, ledger) {
                ledger.fail(problems::list_failed(status, error, Some(failures)));
            }
            return;
        }
        let wait = traffic.backoff(failures);
        self.cursor.not_before = traffic.now() + wait;
        ledger.count_retry();
        ledger.retrying(Retried::List, 0, (status, error), wait);
    }
}

/// Path and query of the first page.
fn first_page(settings: &Settings, intake: &Intake, form: QueryForm) -> String {
    let query = list_query(&settings.selection, intake.criteria(), form).to_string();
    match query.as_str() {
        "" => LIST_PATH.to_owned(),
        query => format!("{LIST_PATH}?{query}"),
    }
}
