//! A run: custody, a gate, and a Graph that returns what it is told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use intune_sync_egress::{
    Authorization, Carrier, ClientError, Credential, Custody, CustodyRefusal, Gated, Held, Limits,
    Proposal, ResponseBody, Rules, Terms, Timeouts, Transport, UnknownToken,
    sync::{Head, PresentedToken, Writes},
};
use intune_sync_graph::{GraphRoot, batch_body, bulk_body};
use intune_sync_ids::Guid;
use intune_sync_selection::Selection;

pub(crate) const ROOT: &str = "https://graph.microsoft.com";
pub(crate) const DEVICES: &str = "/v1.0/deviceManagement/managedDevices";

/// A device's id.
pub(crate) fn id(n: u32) -> Guid {
    Guid::random(n.into())
}

/// A page of these devices, with a link to the next one.
pub(crate) fn page(devices: &[u32], next: Option<&str>) -> String {
    let rows = devices.iter().map(|n| {
        format!(
            r#"{{"id":"{}","deviceName":"device {n}","operatingSystem":"Windows","serialNumber":"secret {n}"}}"#,
            id(*n)
        )
    });
    let rows: Vec<String> = rows.collect();
    let next = next.map_or_else(String::new, |query| {
        format!(r#""@odata.nextLink":"{ROOT}{DEVICES}?{query}","#)
    });
    format!(r#"{{{next}"value":[{}]}}"#, rows.join(","))
}

/// A response of Graph.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// With this status and body.
    Is(u16, String),
    /// It never comes.
    None,
}

/// Keeps what leaves, and replies in order; 204 after that.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    replies: VecDeque<Reply>,
    left: Vec<Request<Bytes>>,
}

impl Transport for Script {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        _: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        let mut script = self.0.lock().expect("no panic");
        let echoed = request.headers()["client-request-id"].clone();
        script.left.push(request);
        let reply = script
            .replies
            .pop_front()
            .unwrap_or(Reply::Is(204, String::new()));
        Box::pin(async move {
            let Reply::Is(status, body) = reply else {
                return std::future::pending().await;
            };
            let body = Full::new(Bytes::from(body)).map_err(|never| match never {});
            let response = Response::builder()
                .status(status)
                .header("client-request-id", echoed)
                .header("request-id", "graph's own")
                .body(body.boxed());
            Ok(response.expect("a response"))
        })
    }
}

pub(crate) struct Tokens;

impl Credential<PresentedToken> for Tokens {
    fn authorization(&self, _: &PresentedToken) -> Result<Option<Authorization>, UnknownToken> {
        Ok(Some(Authorization::new(HeaderValue::from_static(
            "Bearer real-token",
        ))))
    }
}

/// A run.
pub(crate) struct Run {
    pub(crate) custody: Custody,
    gated: Gated<Writes, Tokens>,
    script: Script,
}

/// What the component got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Run {
    pub(crate) fn new(selection: Selection) -> Self {
        let script = Script::default();
        let rules = Rules {
            origin: ROOT.parse().expect("an origin"),
            writes: Writes::SyncsAndBulk,
        };
        Self {
            custody: Custody::new(Terms {
                root: GraphRoot::parse(ROOT).expect("a root"),
                selection,
                started_at: Duration::from_secs(1_794_382_080),
                max_retries: 2,
            }),
            gated: Gated::new(rules, Tokens, Carrier::other(script.clone())),
            script,
        }
    }

    /// A run of the whole fleet, which is these devices, after its list was read.
    pub(crate) fn of(devices: &[u32]) -> Self {
        let run = Self::new(Selection::default());
        run.reply(200, &page(devices, None));
        run.list("").expect("the first page");
        run
    }

    /// What Graph returns next.
    pub(crate) fn reply(&self, status: u16, body: &str) {
        let reply = Reply::Is(status, body.to_owned());
        self.script
            .0
            .lock()
            .expect("no panic")
            .replies
            .push_back(reply);
    }

    /// Graph does not return anything next.
    pub(crate) fn no_reply(&self) {
        self.script
            .0
            .lock()
            .expect("no panic")
            .replies
            .push_back(Reply::None);
    }

    /// What has left.
    pub(crate) fn left(&self) -> Vec<Request<Bytes>> {
        self.script.0.lock().expect("no panic").left.clone()
    }

    /// Reads a page by this query.
    pub(crate) fn list(&self, query: &str) -> Result<Got, CustodyRefusal> {
        let query = match query {
            "" => String::new(),
            query => format!("?{query}"),
        };
        self.send(Method::GET, &format!("{DEVICES}{query}"), "")
    }

    pub(crate) fn sync(&self, device: Guid) -> Result<Got, CustodyRefusal> {
        self.send(Method::POST, &format!("{DEVICES}/{device}/syncDevice"), "")
    }

    pub(crate) fn batch(&self, devices: &[Guid]) -> Result<Got, CustodyRefusal> {
        self.send(Method::POST, "/v1.0/$batch", &batch_body(devices))
    }

    pub(crate) fn bulk(&self, devices: &[Guid]) -> Result<Got, CustodyRefusal> {
        let path = "/beta/deviceManagement/managedDevices/executeAction";
        self.send(Method::POST, path, &bulk_body(devices))
    }

    /// Enters a request, which may leave then.
    pub(crate) fn hold(
        &self,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<Held<'_, Tokens>, CustodyRefusal> {
        let mut headers = HeaderMap::new();
        headers.insert(
            "authorization",
            HeaderValue::from_static("Bearer surrogate"),
        );
        let own = HeaderValue::from_static("00000000-0000-4000-8000-00000000000c");
        headers.insert("client-request-id", own);
        let proposal = Proposal {
            method: &method,
            uri: &format!("{ROOT}{path}").parse().expect("an address"),
            headers: &headers,
            body: body.as_bytes(),
        };
        // A page is judged by its head before the rest is there, and no differently.
        let by_head = match self.gated.check_head(&proposal).expect("it is on the list") {
            Head::Read(read) => self.custody.check_read(&read, &proposal),
            Head::Write => Ok(()),
        };
        let admitted = self.gated.admit(&proposal).expect("it is on the list");
        let held = self.custody.hold(admitted);
        if method == Method::GET {
            let said = |refusal: &CustodyRefusal| refusal.to_string();
            assert_eq!(
                by_head.as_ref().err().map(said),
                held.as_ref().err().map(said),
                "{path}"
            );
        }
        held
    }

    /// Sends a request and waits for its response; if there is none, the request is cancelled.
    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<Got, CustodyRefusal> {
        let held = self.hold(method, path, body)?;
        let sent = futures::FutureExt::now_or_never(held.send(Timeouts::default(), |_| |_| {}));
        Ok(match sent {
            None => Got {
                status: 0,
                headers: HeaderMap::new(),
                body: String::new(),
            },
            Some(response) => {
                let (head, body) = response.expect("a response").into_parts();
                Got {
                    status: head.status.as_u16(),
                    headers: head.headers,
                    body: String::from_utf8_lossy(&body).into_owned(),
                }
            }
        })
    }
}
