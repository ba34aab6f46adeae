//! The egress of a notification: the one request of an instance, and what came of it.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use http::{Request, Response, StatusCode, request::Parts};
use http_body_util::{BodyExt, Collected, Full, LengthLimitError, Limited};
use intune_sync_egress::{
    Anonymous, ClientError, Gated, HttpClient, ResponseBody, SendError, Timeouts,
    webhook::{self, Address, BODY_LIMIT, Webhook},
};
use intune_sync_graph::{retry_after::named_wait, shortened};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use crate::{
    egress::{in_words, lock, proposal},
    state::Outlet,
};

/// How much of a response is kept to be shown, in characters.
const SHOWN: usize = 200;

/// What came of a message that has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// A response.
    Response {
        /// Its status.
        status: StatusCode,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
        /// The first line of its body, shortened. Empty where it repeats something of the address.
        line: String,
    },
    /// No response.
    NoResponse(ClientError),
}

/// The one request of an instance.
pub(crate) struct Delivery {
    webhook: Gated<Webhook, Anonymous>,
    address: Address,
    timeout: Duration,
    state: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// A request was begun, whatever became of it.
    begun: bool,
    /// Why the first refused request was refused.
    refused: Option<String>,
    receipt: Option<Receipt>,
}

impl Delivery {
    /// The delivery of one message to this address. Its response may take as long as `timeout`.
    pub(crate) fn new(address: &Address, client: HttpClient, timeout: Duration) -> Self {
        Self {
            webhook: Gated::new(webhook::Rules::of(address), Anonymous, client),
            address: address.clone(),
            timeout,
            state: Mutex::default(),
        }
    }

    /// What came of the message; `None` where none has left, or the head of its response has not come.
    pub(crate) fn receipt(&self) -> Option<Receipt> {
        lock(&self.state).receipt.clone()
    }

    fn begin(&self, head: &Parts) -> Result<(), Error> {
        let judged = self.webhook.check_head(&proposal(head, b""));
        judged.map_err(|refusal| self.refuse(refusal.to_string()))?;
        let mut state = lock(&self.state);
        if state.begun {
            drop(state);
            return Err(self.refuse("a second request".to_owned()));
        }
        state.begun = true;
        Ok(())
    }

    async fn send_one(&self, head: Parts, body: WasiBody) -> Result<Response<WasiBody>, Error> {
        let body = Limited::new(body, BODY_LIMIT).collect().await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => self.refuse(webhook::Refusal::TooLarge.to_string()),
            false => self.refuse("a body that was not finished".to_owned()),
        })?;
        let admitted = self
            .webhook
            .admit(&proposal(&head, &body.to_bytes()))
            .map_err(|refusal| self.refuse(refusal.to_string()))?;
        let timeouts = Timeouts {
            first_byte: self.timeout,
            between_bytes: self.timeout,
        };
        let response = match admitted.send(timeouts).await {
            Ok(response) => response,
            Err(SendError::Client(error)) => {
                lock(&self.state).receipt = Some(Receipt::NoResponse(error.clone()));
                return Err(in_words(error));
            }
            Err(error @ SendError::Token(_)) => return Err(self.refuse(error.to_string())),
        };
        Ok(self.take_in(response).await)
    }

    /// Takes the response in, and hands it on.
    async fn take_in(&self, response: Response<ResponseBody>) -> Response<WasiBody> {
        let (head, body) = response.into_parts();
        // Its status is what counts: a body that breaks off is an empty one, and one that stalls does not hide it.
        let receipt = |line| Receipt::Response {
            status: head.status,
            retry_after: named_wait(&head.headers, None, SystemTime::now()),
            line,
        };
        lock(&self.state).receipt = Some(receipt(String::new()));
        // Nobody is shown the body of a success, and it may never end.
        let body = match head.status.is_success() {
            true => Collected::default(),
            false => body.collect().await.unwrap_or_default(),
        };
        let body = body.to_bytes();
        lock(&self.state).receipt = Some(receipt(self.first_line(&body)));
        let body = Full::new(body).map_err(|never| match never {});
        Response::from_parts(head, body.boxed_unsync())
    }

    fn first_line(&self, body: &[u8]) -> String {
        let body = String::from_utf8_lossy(body);
        let line = body.lines().next().unwrap_or_default().trim();
        match self.address.is_in(line) {
            true => String::new(),
            false => shortened(line, SHOWN).to_owned(),
        }
    }

    fn refuse(&self, reason: String) -> Error {
        lock(&self.state).refused.get_or_insert(reason);
        Error::HttpRequestDenied
    }
}

impl Outlet for Delivery {
    fn refusal(&self) -> Option<String> {
        lock(&self.state).refused.clone()
    }

    /// Method, address and headers are judged at once, whether or not the future is ever polled.
    fn send(
        self: &Arc<Self>,
        request: Request<WasiBody>,
        _: RequestOptions,
    ) -> impl Future<Output = Result<Response<WasiBody>, Error>> + Send + 'static {
        let (head, body) = request.into_parts();
        let begun = self.begin(&head);
        let delivery = Arc::clone(self);
        async move {
            begun?;
            delivery.send_one(head, body).await
        }
    }
}
