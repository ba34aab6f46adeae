//! The first phase: reads the list of devices, page by page.

use intune_sync_graph::{GraphError, Page, Requested, Verdict, read_json};
use intune_sync_ids::Guid;

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
    devices::{ListCursor, NextPage, list_query},
    http::{Method, NoResponse, Request, Response},
    pacing::{Load, Progress},
};

/// A page of 1,000 devices takes about 400 KB with `$select`, and 5 MB where that is ignored.
const RESPONSE_LIMIT: usize = 32 << 20;

/// Reads the list. One page at a time is in flight.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    settings: Settings,
    cursor: ListCursor,
    intake: Intake,
}

impl Listing {
    pub(super) fn new(settings: Settings) -> Self {
        let intake = Intake::new(&settings);
        let stale = intake.stale_filter();
        let query = |filtered| list_query(&settings.selection, stale.as_deref(), filtered);
        let filtered = query(true) != query(false);
        Self {
            cursor: ListCursor::new(query(true), filtered),
            settings,
            intake,
        }
    }

    /// Leaves these devices out.
    pub(super) fn skip(&mut self, devices: impl IntoIterator<Item = Guid>) {
        self.intake.skip(devices);
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
        let Received { judged, body } = Received::read(Requested::Page, result, sent, traffic);
        let page = (judged.verdict == Verdict::Success).then(|| read_json::<Page<'_>>(&body));
        let progress = match &page {
            Some(Ok(_)) => Progress::Made,
            Some(Err(_)) | None => progress_of_whole(&judged),
        };
        let signals = Signals::of_request(&judged, all_writes(&judged), progress);
        traffic.learn(sent, &signals, &judged.error, ledger);
        match page {
            Some(Ok(page)) => return self.take_page(&page, ledger),
            Some(Err(_)) => self.try_again(judged.status, &unreadable(&body), traffic, ledger),
            None => self.refused(&judged, traffic, ledger),
        }
        Phase::Listing(self)
    }

    fn take_page(mut self: Box<Self>, page: &Page<'_>, ledger: &mut Ledger) -> Phase {
        let rows = page.value.iter();
        let new = rows.filter(|row| self.intake.row(row) == Row::New).count();
        let next = self.cursor.record(
            &self.settings.root,
            page.value.len(),
            u32::try_from(new).unwrap_or(u32::MAX),
            page.next_link.as_str(),
        );
        let listed = Listed {
            pages: self.cursor.pages,
            devices: self.intake.listed(),
        };
        ledger.listed(listed);
        match next {
            Ok(NextPage::Follows) => Phase::Listing(self),
            Ok(NextPage::None) => {
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
            Verdict::FilterRefused if self.cursor.filtered && self.cursor.pages == 0 => {
                let query = list_query(&self.settings.selection, None, false);
                self.cursor = ListCursor::new(query, false);
                let notice = "Graph refused the filter; the whole list is read and filtered here";
                ledger.notice(notice.to_owned());
            }
            Verdict::FilterRefused
            | Verdict::NotFound
            | Verdict::Rejected
            | Verdict::Unsupported
            | Verdict::TooLarge => ledger.fail(problems::list_failed(status, error, 1)),
            Verdict::Transient | Verdict::ItemsFailed | Verdict::Success => {
                self.try_again(status, error, traffic, ledger);
            }
        }
    }

    fn try_again(
        &mut self,
        status: Option<u16>,
        error: &GraphError,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        self.cursor.failures += 1;
        let failures = self.cursor.failures;
        if failures > self.settings.max_retries {
            return ledger.fail(problems::list_failed(status, error, failures));
        }
        let wait = traffic.backoff(failures);
        self.cursor.not_before = traffic.now() + wait;
        ledger.count_retry();
        ledger.retrying(Retried::List, 0, (status, error), wait);
    }
}
