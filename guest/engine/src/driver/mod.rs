//! The component: drives a [`crate::Run`] over `wasi:http`, `wasi:io` and `wasi:clocks`.

mod exchange;
mod poll;

use core::{cell::RefCell, time::Duration};

use wasi::clocks::monotonic_clock;

use self::{exchange::Exchange, poll::Timer};
use crate::{
    Action, Run, Settings, TokenResponse, TokenSerial,
    contract::{self, Guest, GuestRun, RunResource, WireGuid, token},
    http::Request,
};

struct Component;

impl Guest for Component {
    type Run = Driver;
}

contract::export!(Component with_types_in contract::generated);

/// A run, its requests in flight and its clock.
struct Driver(RefCell<State>);

struct State {
    run: Run,
    settings: Settings,
    exchanges: Vec<Exchange>,
    token: HeldToken,
    /// The monotonic clock at the start, in nanoseconds.
    started: u64,
    /// Since then, as of the last reading of the clock: one for each request, each wait and each part of a page, since
    /// a reading is a call to the host. The guest's own computing in between takes no time worth counting.
    now: Duration,
    /// The last wait: most responses come before it is over, and then it is waited for again.
    timer: Option<Timer>,
}

/// The token behind the core's current serial.
struct HeldToken {
    serial: TokenSerial,
    value: String,
}

impl GuestRun for Driver {
    fn start(settings: contract::Settings) -> Result<RunResource, contract::SettingsError> {
        let settings = Settings::try_from(settings)?;
        Ok(RunResource::new(Self(RefCell::new(State {
            run: Run::new(settings.clone()),
            settings,
            exchanges: Vec::new(),
            token: HeldToken {
                serial: TokenSerial(0),
                value: String::new(),
            },
            started: monotonic_clock::now(),
            now: Duration::ZERO,
            timer: None,
        }))))
    }

    fn skip(&self, devices: Vec<WireGuid>) {
        self.0
            .borrow_mut()
            .run
            .skip(devices.into_iter().map(Into::into));
    }

    fn next(&self, max_wait: u64) -> Option<Vec<contract::Event>> {
        self.0.borrow_mut().next(Duration::from_millis(max_wait))
    }

    fn selected(&self, first: u32) -> Vec<contract::Selected> {
        self.0.borrow_mut().run.selected(first)
    }

    fn learned(&self) -> Option<contract::Learned> {
        self.0.borrow().run.learned()
    }

    fn stop(&self) {
        self.0.borrow_mut().run.stop();
    }

    fn summary(&self) -> contract::Summary {
        self.0.borrow().run.summary()
    }
}

impl State {
    fn next(&mut self, max_wait: Duration) -> Option<Vec<contract::Event>> {
        self.read_clock();
        let deadline = self.now.saturating_add(max_wait);
        let mut waited = false;
        loop {
            // Events are returned before anything more is done, so that the caller can stop the run in time.
            let events = self.run.events();
            if !events.is_empty() {
                return Some(events);
            }
            let until = match self.act() {
                Wait::Over => {
                    let events = self.run.events();
                    return (!events.is_empty()).then_some(events);
                }
                Wait::Not => {
                    self.read_clock();
                    if self.now >= deadline {
                        return Some(self.run.events());
                    }
                    continue;
                }
                Wait::Until(time) => time.map_or(deadline, |time| time.min(deadline)),
            };
            let events = self.run.events();
            // Even without time to wait, responses are taken in once.
            if !events.is_empty() || waited && self.now >= deadline {
                return Some(events);
            }
            let timer = Timer::at(self.instant(until), self.timer.take());
            poll::wait(&mut self.exchanges, self.timer.insert(timer));
            self.read_clock();
            self.take_responses();
            waited = true;
        }
    }

    /// Does what the run wants until it wants to wait, or has computed for a while.
    fn act(&mut self) -> Wait {
        loop {
            match self.run.poll(self.now) {
                Action::GetToken { rejected } => {
                    let response = self.get_token(rejected);
                    self.run.handle_token(self.now, response);
                }
                Action::Send(request) => {
                    self.send(&request);
                    // At a high rate the next one is due by now.
                    self.read_clock();
                }
                Action::Yield => return Wait::Not,
                Action::WaitUntil(time) => return Wait::Until(time),
                Action::Done => return Wait::Over,
            }
        }
    }

    fn get_token(&mut self, rejected: Option<TokenSerial>) -> TokenResponse {
        let rejected = rejected
            .filter(|serial| *serial == self.token.serial)
            .map(|_| self.token.value.as_str());
        match token::get_token(self.settings.scope(), rejected) {
            Ok(token::AccessToken { value, lifetime }) => {
                // A renewed token has a new serial even if it is the same text: Graph will refuse it again, and that
                // ends the run instead of renewing for ever.
                if rejected.is_some() || value != self.token.value {
                    let serial = TokenSerial(self.token.serial.0 + 1);
                    self.token = HeldToken { serial, value };
                }
                TokenResponse::Token {
                    serial: self.token.serial,
                    lifetime: Duration::from_millis(lifetime),
                }
            }
            Err(token::TokenError::TryAgain(after)) => {
                TokenResponse::TryAgain(Duration::from_millis(after))
            }
            Err(token::TokenError::Denied(reason)) => TokenResponse::Denied(reason),
        }
    }

    fn send(&mut self, request: &Request) {
        match Exchange::start(request, &self.settings, &self.token.value) {
            Ok(exchange) => self.exchanges.push(exchange),
            Err(error) => self.run.handle_response(self.now, request.id, Err(error)),
        }
    }

    /// Hands over the responses that have come, in the order of the requests.
    fn take_responses(&mut self) {
        let mut at = 0;
        // The list is in the order of sending: requests are added at the end, and removing keeps the order.
        while let Some(exchange) = self.exchanges.get_mut(at) {
            match exchange.take_response() {
                Some(response) => {
                    let id = self.exchanges.remove(at).id();
                    self.run.handle_response(self.now, id, response);
                }
                None => at += 1,
            }
        }
    }

    /// A time of the run, on the monotonic clock.
    fn instant(&self, time: Duration) -> u64 {
        let since = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.started.saturating_add(since)
    }

    fn read_clock(&mut self) {
        self.now = Duration::from_nanos(monotonic_clock::now().saturating_sub(self.started));
    }
}

enum Wait {
    Until(Option<Duration>),
    /// There is more to compute.
    Not,
    Over,
}
