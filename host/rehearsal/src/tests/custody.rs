//! What custody takes of a run: its books, and the pages that it reads and writes anew.

use std::collections::VecDeque;

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, Response};
use http_body_util::{BodyExt as _, Full};
use intune_sync_egress::{
    Admitted, Authorization, ClientError, Conclusion, Counts, Credential, Custody, Gated, Proposal,
    ReportedOutcome, ResponseBody, Terms, Timeouts, Transport, UnknownToken, sync::PresentedToken,
};
use intune_sync_graph::{
    BATCH_MAX, BATCH_PATH, BULK_MAX, BULK_PATH, GraphRoot, LIST_PATH, batch_body, bulk_body,
    sync_path,
};
use intune_sync_ids::Guid;
use intune_sync_selection::Selection;

use super::{cost::cpu, *};

const ROOT: &str = "https://graph.microsoft.com";
/// Devices on a page.
const PAGE: usize = 1_000;

/// Returns what was prepared, in order.
#[derive(Clone, Default)]
struct Prepared(Arc<Mutex<VecDeque<(u16, Bytes)>>>);

impl Transport for Prepared {
    fn send<'a>(
        &'a self,
        _: Request<Bytes>,
        _: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        let prepared = self.0.lock().expect("no panic").pop_front();
        let (status, body) = prepared.expect("each request has a response");
        let body = Full::new(body).map_err(|never| match never {});
        let response = Response::builder().status(status).body(body.boxed());
        Box::pin(std::future::ready(Ok(response.expect("a response"))))
    }
}

struct NoToken;

impl Credential<PresentedToken> for NoToken {
    fn authorization(&self, _: &PresentedToken) -> Result<Option<Authorization>, UnknownToken> {
        Ok(None)
    }
}

/// Microseconds of CPU time a device that custody takes, its list included, in a run of this many devices.
pub(super) fn share(devices: u32, dispatch: Dispatch) -> f64 {
    let ids: Vec<Guid> = (0..devices)
        .map(|n| {
            Guid::random(u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
        })
        .collect();
    let rules = Rules {
        origin: ROOT.parse().expect("an origin"),
        writes: Writes::SyncsAndBulk,
    };
    let prepared = Prepared::default();
    let gated = Gated::new(rules, NoToken, Carrier::other(prepared.clone()));
    let requests: Vec<_> = requests(&ids, dispatch).collect();
    let admitted: Vec<Admitted<'_, _, _>> = requests
        .iter()
        .map(|(path, body, returned)| {
            let mut queue = prepared.0.lock().expect("no panic");
            queue.push_back(returned.clone());
            admit(&gated, path, body.as_deref())
        })
        .collect();
    let custody = Custody::new(Terms {
        root: GraphRoot::parse(ROOT).expect("a root"),
        selection: Selection::default(),
        started_at: Duration::ZERO,
        max_retries: 5,
    });
    let (seconds, ()) = cpu(|| {
        for admitted in admitted {
            let held = custody
                .hold(admitted)
                .unwrap_or_else(|refusal| panic!("{refusal}"));
            let sent = held.send(Timeouts::default(), |_| |_| {}).now_or_never();
            assert!(sent.is_some_and(|sent| sent.is_ok()));
        }
        for id in &ids {
            let compared = custody.device_done(*id, ReportedOutcome::Accepted);
            assert!(compared.is_ok());
        }
        let counts = Counts {
            total: devices,
            success: devices,
            ..Counts::default()
        };
        assert_eq!(custody.conclude(&counts, Conclusion::Completed), Ok(()));
    });
    seconds * 1e6 / f64::from(devices)
}

type Exchange = (String, Option<String>, (u16, Bytes));

/// The pages of the list, and then the syncs: path, body, and what Graph returns.
fn requests(ids: &[Guid], dispatch: Dispatch) -> impl Iterator<Item = Exchange> {
    let pages = ids.len().div_ceil(PAGE);
    let pages = ids.chunks(PAGE).enumerate().map(move |(at, ids)| {
        let path = match at {
            0 => LIST_PATH.to_owned(),
            at => format!("{LIST_PATH}?$skiptoken={at}"),
        };
        (
            path,
            None,
            (200, page(ids, (at + 1 < pages).then_some(at + 1))),
        )
    });
    let chunk = match dispatch {
        Dispatch::Single => 1,
        Dispatch::Batch => BATCH_MAX,
        Dispatch::Bulk => BULK_MAX,
    };
    let syncs = ids.chunks(chunk).map(move |ids| match dispatch {
        Dispatch::Single => (sync_path(ids[0]), None, (204, Bytes::new())),
        Dispatch::Batch => {
            let item = |number| format!(r#"{{"id":"{number}","status":204}}"#);
            let items: Vec<String> = (1..=ids.len()).map(item).collect();
            let body = format!(r#"{{"responses":[{}]}}"#, items.join(","));
            (
                BATCH_PATH.to_owned(),
                Some(batch_body(ids)),
                (200, body.into()),
            )
        }
        Dispatch::Bulk => {
            let named: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
            let body = format!(r#"{{"successfulDeviceIds":[{}]}}"#, named.join(","));
            (
                BULK_PATH.to_owned(),
                Some(bulk_body(ids)),
                (200, body.into()),
            )
        }
    });
    pages.chain(syncs)
}

fn page(ids: &[Guid], next: Option<usize>) -> Bytes {
    let rows = ids.iter().map(|id| {
        format!(
            r#"{{"id":"{id}","deviceName":"DESKTOP-{}","operatingSystem":"Windows","managementAgent":"mdm","managementState":"managed","lastSyncDateTime":"2026-11-11T07:28:00Z"}}"#,
            &id.to_string()[..7]
        )
    });
    let rows: Vec<String> = rows.collect();
    let next = next.map_or_else(String::new, |next| {
        format!(r#""@odata.nextLink":"{ROOT}{LIST_PATH}?$skiptoken={next}","#)
    });
    format!(r#"{{{next}"value":[{}]}}"#, rows.join(",")).into()
}

fn admit<'a>(
    gated: &'a Gated<Writes, NoToken>,
    path: &str,
    body: Option<&str>,
) -> Admitted<'a, Writes, NoToken> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer x"));
    let method = match path.starts_with(LIST_PATH) && !path.ends_with("/syncDevice") {
        true => Method::GET,
        false => Method::POST,
    };
    let admitted = gated.admit(&Proposal {
        method: &method,
        uri: &format!("{ROOT}{path}").parse().expect("an address"),
        headers: &headers,
        body: body.unwrap_or_default().as_bytes(),
    });
    admitted.unwrap_or_else(|refusal| panic!("{path}: {refusal}"))
}

#[test]
fn what_is_measured_is_a_run_that_goes_well() {
    for dispatch in [Dispatch::Single, Dispatch::Batch, Dispatch::Bulk] {
        assert!(share(2_500, dispatch).is_finite());
    }
}
