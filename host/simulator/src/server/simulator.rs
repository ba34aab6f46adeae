//! A tenant at tokio's time: each response comes after its latency.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::State};
use http::{Request, StatusCode};
use tokio::time::Instant;

use crate::{
    clock::{Millis, millis},
    config::Config,
    response::{Delivery, DropConnection, Response},
    statistics::Statistics,
    tenant::{
        inspection,
        lifecycle::{self, Arrived, LARGEST_BODY},
    },
    world::World,
};

/// Microsoft Graph and Azure's identity endpoints for one simulated tenant. Clones share the tenant.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    started: Instant,
    world: Mutex<World>,
}

impl Simulator {
    /// Starts a tenant. With a paused clock it must be called within the runtime that owns the clock.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Inner {
            started: Instant::now(),
            world: Mutex::new(World::new(config)),
        }))
    }

    /// All routes. A response with [`DropConnection`] among its extensions must not be sent.
    pub fn router(&self) -> Router {
        let respond = |State(simulator): State<Self>, request| async move {
            simulator.respond(request).await
        };
        Router::new().fallback(respond).with_state(self.clone())
    }

    /// The requests so far and their outcomes.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.world().state.ledger.statistics.clone()
    }

    /// The id of a device; `None` if the fleet is smaller. Devices are numbered from 0.
    #[must_use]
    pub fn device_id(&self, index: u32) -> Option<String> {
        self.world().device_id(index)
    }

    /// How often each device was synced, by id. `outcome` selects some of them: `synced`, `unsynced`, `repeated` by
    /// how often, `gone`, `unsupported`, `failing`, `forbidden`, `unauthorized`, `regular` by how syncs of them end.
    /// `None` if it is not one of these.
    #[must_use]
    pub fn devices(&self, outcome: Option<&str>) -> Option<HashMap<String, u8>> {
        inspection::devices(&self.world().state.fleet, outcome)
    }

    /// The app roles that are assigned to the identity, and that its next token has.
    #[must_use]
    pub fn roles(&self) -> Vec<String> {
        self.world().state.directory.roles().to_vec()
    }

    /// Responds to a request after its latency.
    pub async fn respond(&self, request: Request<Body>) -> http::Response<Body> {
        let (parts, body) = request.into_parts();
        let inspection = inspection::respond(&self.world().state, &parts.uri);
        if let Some(response) = inspection {
            return into_http(response.into_delivery());
        }
        let now = self.now();
        let _in_flight = InFlight::enter(self);
        let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            return into_http(Response::empty(413).into_delivery());
        };
        let arrived = Arrived::new(&mut self.world(), now, parts, &body);
        let after = arrived.after;
        sleep(arrived.before).await;
        let response = self.step(|world, now| arrived.execute(world, now));
        sleep(after).await;
        into_http(self.step(|world, now| lifecycle::send(&mut world.state, now, response)))
    }

    /// Performs the next step of a request. The time is read while no other step is under way, so that it never goes
    /// back from one step to the next.
    fn step<T>(&self, step: impl FnOnce(&mut World, Millis) -> T) -> T {
        let mut world = self.world();
        let now = self.now();
        step(&mut world, now)
    }

    fn now(&self) -> Millis {
        millis(self.0.started.elapsed())
    }

    /// A panic while the world was locked is a defect that its own thread reports.
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight, until its response is sent or its caller gives up.
struct InFlight<'simulator>(&'simulator Simulator);

impl<'simulator> InFlight<'simulator> {
    fn enter(simulator: &'simulator Simulator) -> Self {
        simulator.world().state.ledger.enter();
        Self(simulator)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.world().state.ledger.leave();
    }
}

/// The response as the router returns it.
fn into_http(delivery: Delivery) -> http::Response<Body> {
    match delivery {
        Delivery::Response(response) => response.map(Body::from),
        Delivery::Dropped => {
            let mut response = http::Response::new(Body::empty());
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
