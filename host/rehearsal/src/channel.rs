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

/// Carries requests to a tenant. Clones lead to the same tenant.
#[derive(Clone)]
pub(crate) struct Channel {
    task: UnboundedSender<Message>,
    calls: Arc<AtomicU64>,
}

/// What the task is sent.
pub(super) enum Message {
    /// A request leaves.
    Call(Box<Call>),
    /// The caller of this call no longer waits.
    GiveUp(CallId),
    /// The rehearsal is over: the tenant is handed out.
    Close(oneshot::Sender<Tenant>),
}

/// A request, and where its response goes.
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) request: Request<Bytes>,
    pub(super) limits: Limits,
    pub(super) respond_to: oneshot::Sender<Outcome>,
}

/// The response; `None` when it did not arrive in time.
pub(super) type Outcome = Option<Delivery>;

/// Calls are numbered in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallId(u64);

impl Channel {
    pub(super) fn new(task: UnboundedSender<Message>) -> Self {
        Self {
            task,
            calls: Arc::default(),
        }
    }

    /// Sends a request and waits for its response. Where the future is dropped, the request is given up.
    ///
    /// # Errors
    ///
    /// When the connection is closed instead of a response, or none arrives in time.
    pub(crate) async fn call(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, ClientError> {
        let host = request.uri().host().unwrap_or("?").to_owned();
        let id = CallId(self.calls.fetch_add(1, Ordering::Relaxed));
        let (respond_to, response) = oneshot::channel();
        let mut pending = Pending {
            channel: self,
            call: Some(id),
        };
        self.send_message(Message::Call(Box::new(Call {
            id,
            request,
            limits,
            respond_to,
        })));
        let outcome = response.await;
        pending.call = None;
        match outcome {
            Ok(Some(Delivery::Response(response))) => Ok(response),
            Ok(None) => Err(ClientError::ReadTimeout {
                host,
                after: limits.first_byte,
            }),
            Ok(Some(Delivery::Dropped)) | Err(_) => Err(ClientError::Closed {
                host,
                reason: "it was closed without a response".to_owned(),
            }),
        }
    }

    /// Ends the tenant's service, and returns the tenant.
    pub(super) async fn close(&self) -> Tenant {
        let (tenant, handed_out) = oneshot::channel();
        self.send_message(Message::Close(tenant));
        handed_out
            .await
            .expect("the task runs until it has handed the tenant out, which is done once")
    }

    fn send_message(&self, message: Message) {
        // Once the task has ended, a caller that waits for a response sees the channel closed.
        let _ = self.task.send(message);
    }
}

impl Transport for Channel {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        Box::pin(async move {
            let host = request.uri().host().unwrap_or("?").to_owned();
            let response = self.call(request, limits).await?;
            if response.body().len() as u64 > limits.body {
                return Err(ClientError::TooLarge {
                    host,
                    limit: limits.body,
                });
            }
            Ok(response.map(|body| Full::new(body).map_err(|never| match never {}).boxed()))
        })
    }
}

/// A call that waits for its response.
struct Pending<'a> {
    channel: &'a Channel,
    /// `None` once it has its response.
    call: Option<CallId>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call {
            self.channel.send_message(Message::GiveUp(call));
        }
    }
}
