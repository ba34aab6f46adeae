//! The connection from the egress to the simulated tenant.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use intune_sync_egress::{ClientError, Limits, ResponseBody, Transport};
use intune_sync_simulator::{Delivery, Tenant};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

/// The line to a tenant: what a connection is elsewhere. Clones lead to the same tenant.
#[derive(Clone)]
pub(crate) struct Line {
    pump: UnboundedSender<Message>,
    calls: Arc<AtomicU64>,
}

/// What the pump is told.
pub(super) enum Message {
    /// A request leaves.
    Call(Box<Call>),
    /// Nobody waits for this call's answer any more.
    GiveUp(CallId),
    /// The rehearsal is over: the tenant is handed out.
    HangUp(oneshot::Sender<Tenant>),
}

/// A request and who waits for its answer.
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) request: Request<Bytes>,
    pub(super) limits: Limits,
    pub(super) answer: oneshot::Sender<Outcome>,
}

/// The answer; none when it did not come in time.
pub(super) type Outcome = Option<Delivery>;

/// Calls are numbered in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallId(u64);

impl Line {
    pub(super) fn new(pump: UnboundedSender<Message>) -> Self {
        Self {
            pump,
            calls: Arc::default(),
        }
    }

    /// Sends a request and waits for its answer. Where the future is dropped, the request is given up.
    ///
    /// # Errors
    ///
    /// When the connection is closed in place of an answer, or none comes in time.
    pub(crate) async fn call(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, ClientError> {
        let host = request.uri().host().unwrap_or("?").to_owned();
        let id = CallId(self.calls.fetch_add(1, Ordering::Relaxed));
        let (answer, answered) = oneshot::channel();
        let mut pending = Pending {
            line: self,
            call: Some(id),
        };
        self.tell(Message::Call(Box::new(Call {
            id,
            request,
            limits,
            answer,
        })));
        let outcome = answered.await;
        pending.call = None;
        match outcome {
            Ok(Some(Delivery::Response(response))) => Ok(response),
            Ok(None) => Err(ClientError::ReadTimeout {
                host,
                after: limits.first_byte,
            }),
            Ok(Some(Delivery::Dropped)) | Err(_) => Err(ClientError::Closed {
                host,
                reason: "it was closed without an answer".to_owned(),
            }),
        }
    }

    /// Ends the tenant's service, and answers it.
    pub(super) async fn hang_up(&self) -> Tenant {
        let (tenant, handed_out) = oneshot::channel();
        self.tell(Message::HangUp(tenant));
        handed_out
            .await
            .expect("the pump runs until it has handed the tenant out, which is done once")
    }

    fn tell(&self, message: Message) {
        // A pump that has ended needs to be told nothing; who waits for an answer then sees the line closed.
        let _ = self.pump.send(message);
    }
}

impl Transport for Line {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        Box::pin(async move {
            let host = request.uri().host().unwrap_or("?").to_owned();
            let answer = self.call(request, limits).await?;
            if answer.body().len() as u64 > limits.body {
                return Err(ClientError::TooLarge {
                    host,
                    limit: limits.body,
                });
            }
            Ok(answer.map(|body| Full::new(body).map_err(|never| match never {}).boxed()))
        })
    }
}

/// A call whose answer is waited for.
struct Pending<'a> {
    line: &'a Line,
    /// None once it was answered.
    call: Option<CallId>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call {
            self.line.tell(Message::GiveUp(call));
        }
    }
}
