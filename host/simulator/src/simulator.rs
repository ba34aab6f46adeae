//! The tenant at tokio's time: takes a request, and answers it after the time that it takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Extracted;
use http::{Request, Response, StatusCode};
use tokio::time::Instant;

use crate::clock::{Millis, millis};
use crate::config::Config;
use crate::reply::{Answer, DropConnection, Reply};
use crate::service::{LARGEST_BODY, Service};
use crate::statistics::Statistics;

/// Microsoft Graph and Azure's identity endpoints for one simulated tenant. Clones are the same tenant.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    started: Instant,
    service: Mutex<Service>,
}

impl Simulator {
    /// Starts a tenant. On a paused clock it must be called within the runtime whose clock that is.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Inner {
            started: Instant::now(),
            service: Mutex::new(Service::new(config)),
        }))
    }

    /// All routes. A response with [`crate::DropConnection`] among its extensions is not to be sent.
    pub fn router(&self) -> Router {
        let answer = |Extracted(simulator): Extracted<Self>, request| async move {
            simulator.answer(request).await
        };
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// What came in so far and what became of it.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.service().statistics().clone()
    }

    /// The id of a device; none if the fleet has not so many. Devices are numbered from 0.
    #[must_use]
    pub fn device_id(&self, index: u32) -> Option<String> {
        self.service().device_id(index)
    }

    /// How many syncs of each device were carried out, by id. `outcome` takes a part of them: `synced`, `unsynced`,
    /// `repeated` by what was done, `gone`, `unsupported`, `failing`, `regular` by what they answer. None if it is
    /// none of these.
    #[must_use]
    pub fn devices(&self, outcome: Option<&str>) -> Option<HashMap<String, u8>> {
        self.service().devices(outcome)
    }

    /// The app roles that are assigned to the identity: what its next token has.
    #[must_use]
    pub fn roles(&self) -> Vec<String> {
        self.service().roles()
    }

    /// Answers a request after the time that it takes.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let inspection = self.service().inspect(&parts);
        if let Some(reply) = inspection {
            return response(reply.into_answer());
        }
        let arrived = self.now();
        let _in_flight = InFlight::enter(self);
        let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            return response(Reply::empty(413).into_answer());
        };
        let arrived = self.service().arrive(arrived, parts, &body);
        let after = arrived.after;
        sleep(arrived.before).await;
        let reply = self.step(|service, now| service.carry_out(now, arrived));
        sleep(after).await;
        response(self.step(|service, now| service.finish(now, reply)))
    }

    /// Takes a request one step on. The time is read when no other step is under way, so that it never goes back from
    /// one to the next.
    fn step<T>(&self, step: impl FnOnce(&mut Service, Millis) -> T) -> T {
        let mut service = self.service();
        let now = self.now();
        step(&mut service, now)
    }

    fn now(&self) -> Millis {
        millis(self.0.started.elapsed())
    }

    /// A panic while the service was held is a defect that its own thread reports.
    fn service(&self) -> MutexGuard<'_, Service> {
        self.0
            .service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight, until it is answered or given up.
struct InFlight<'simulator>(&'simulator Simulator);

impl<'simulator> InFlight<'simulator> {
    fn enter(simulator: &'simulator Simulator) -> Self {
        simulator.service().enter();
        Self(simulator)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.service().leave();
    }
}

/// The answer as a router gives it.
fn response(answer: Answer) -> Response<Body> {
    match answer {
        Answer::Response(response) => response.map(Body::from),
        Answer::Dropped => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response.extensions_mut().insert(DropConnection);
            response
        }
    }
}

async fn sleep(millis: Millis) {
    if millis > 0 {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}
