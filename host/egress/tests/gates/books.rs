//! The books of a run, as far as a gate needs them to send.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use intune_sync_egress::{
    Authorization, Carrier, ClientError, Credential, Custody, Gated, Limits, Proposal,
    ResponseBody, Rules, Terms, Timeouts, Transport, UnknownToken,
    sync::{PresentedToken, Writes},
};
use intune_sync_graph::{GraphRoot, LIST_PATH};
use intune_sync_selection::Selection;

const ROOT: &str = "https://graph.microsoft.com";

/// Has no devices.
struct Empty;

impl Transport for Empty {
    fn send<'a>(
        &'a self,
        _: Request<Bytes>,
        _: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        let body = Full::new(Bytes::from_static(br#"{"value":[]}"#));
        let response = Response::new(body.map_err(|never| match never {}).boxed());
        Box::pin(std::future::ready(Ok(response)))
    }
}

struct NoToken;

impl Credential<PresentedToken> for NoToken {
    fn authorization(&self, _: &PresentedToken) -> Result<Option<Authorization>, UnknownToken> {
        Ok(None)
    }
}

/// The books of a run of one device, which is named.
pub(crate) fn books(device: &str) -> Custody {
    Custody::new(Terms {
        root: GraphRoot::parse(ROOT).expect("a root"),
        selection: Selection {
            devices: vec![device.parse().expect("a GUID")],
            ..Selection::default()
        },
        started_at: Duration::ZERO,
        max_retries: 0,
    })
}

/// The same, and the list was read to its end.
pub(crate) async fn books_with_list(device: &str) -> Custody {
    let custody = books(device);
    let rules = Rules {
        origin: ROOT.parse().expect("an origin"),
        writes: Writes::None,
    };
    let gated = Gated::new(rules, NoToken, Carrier::other(Empty));
    let mut headers = HeaderMap::new();
    headers.insert(
        "authorization",
        HeaderValue::from_static("Bearer surrogate"),
    );
    let admitted = gated.admit(&Proposal {
        method: &Method::GET,
        uri: &format!("{ROOT}{LIST_PATH}").parse().expect("an address"),
        headers: &headers,
        body: b"",
    });
    let held = custody.hold(admitted.expect("it is on the list"));
    let page = held
        .expect("the first")
        .send(Timeouts::default(), |_| |_| {});
    assert_eq!(page.await.expect("a page").status(), 200);
    custody
}
