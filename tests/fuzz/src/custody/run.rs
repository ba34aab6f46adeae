//! The run itself: custody behind the gate, and a Graph that returns what the input says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use intune_sync_egress::{
    Authorization, Carrier, ClientError, Conclusion, Counts, Credential, Custody, Gated, Limits,
    Proposal, ReportedOutcome, ResponseBody, Rules, Timeouts, Transport, UnknownToken,
    sync::{PresentedToken, Writes},
};
use intune_sync_graph::GraphRoot;
use intune_sync_ids::Guid;
use intune_sync_selection::Selection;

use super::{DEVICES, Page, Returned, System, Terms, Wanted, Way, rule::Said};

const ROOT: &str = "https://graph.microsoft.com";
const LIST: &str = "/v1.0/deviceManagement/managedDevices";

type Reply = Option<(u16, String)>;

#[derive(Clone, Default)]
struct Graph(Arc<Mutex<VecDeque<Reply>>>);

impl Transport for Graph {
    fn send<'a>(
        &'a self,
        _: Request<Bytes>,
        _: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        let reply = self.0.lock().expect("no panic").pop_front();
        Box::pin(async move {
            let Some((status, body)) = reply.expect("what leaves has a reply") else {
                return std::future::pending().await;
            };
            let body = Full::new(Bytes::from(body)).map_err(|never| match never {});
            let response = Response::builder().status(status).body(body.boxed());
            Ok(response.expect("a response"))
        })
    }
}

struct Tokens;

impl Credential<PresentedToken> for Tokens {
    fn authorization(&self, _: &PresentedToken) -> Result<Option<Authorization>, UnknownToken> {
        Ok(None)
    }
}

pub(super) struct Run {
    custody: Custody,
    gated: Gated<Writes, Tokens>,
    graph: Graph,
}

impl Run {
    pub(super) fn new(terms: Terms) -> Self {
        let graph = Graph::default();
        let named = (0..DEVICES).filter(|device| terms.named >> device & 1 == 1);
        let mut selection = Selection {
            devices: named.map(id).collect(),
            limit: terms.limit.map(Into::into),
            ..Selection::default()
        };
        if terms.windows_only {
            selection.os.push("windows".to_owned());
        }
        let rules = Rules {
            origin: ROOT.parse().expect("an origin"),
            writes: Writes::SyncsAndBulk,
        };
        Self {
            custody: Custody::new(intune_sync_egress::Terms {
                root: GraphRoot::parse(ROOT).expect("a root"),
                selection,
                started_at: Duration::ZERO,
                max_retries: terms.max_retries.into(),
            }),
            gated: Gated::new(rules, Tokens, Carrier::other(graph.clone())),
            graph,
        }
    }

    pub(super) fn read(&mut self, wanted: Wanted, page: &Result<Page, u16>) -> Result<(), String> {
        let query = match wanted {
            Wanted::First => "$select=id,operatingSystem".to_owned(),
            Wanted::Prying => "$select=id,complianceState".to_owned(),
            Wanted::Link(link) => format!("$skiptoken={link}"),
        };
        let reply = match page {
            Ok(page) => Some((200, body(page))),
            Err(0) => None,
            Err(status) => Some((*status, String::new())),
        };
        let got = self.send(Method::GET, &format!("{LIST}?{query}"), "", reply)?;
        assert!(!got.contains("secret"), "{got}");
        Ok(())
    }

    pub(super) fn sync(
        &mut self,
        way: Way,
        devices: &[u8],
        returned: &Returned,
    ) -> Result<(), String> {
        let ids: Vec<Guid> = devices.iter().copied().map(id).collect();
        let reply = match returned {
            Returned::Nothing => None,
            Returned::Whole(status) => Some((*status, String::new())),
            Returned::Each(each) if way == Way::Bulk => Some((200, listed(&ids, each))),
            Returned::Each(each) => Some((200, items(each))),
        };
        let quoted: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
        let (path, body) = match way {
            Way::Single => (format!("{LIST}/{}/syncDevice", ids[0]), String::new()),
            Way::Batch => {
                let item = |(number, id): (usize, &Guid)| {
                    let url = format!("/deviceManagement/managedDevices/{id}/syncDevice");
                    format!(r#"{{"id":"item-{number}","method":"POST","url":"{url}"}}"#)
                };
                let items: Vec<String> = ids.iter().enumerate().map(item).collect();
                let body = format!(r#"{{"requests":[{}]}}"#, items.join(","));
                ("/v1.0/$batch".to_owned(), body)
            }
            Way::Bulk => (
                "/beta/deviceManagement/managedDevices/executeAction".to_owned(),
                format!(
                    r#"{{"actionName":"syncDevice","deviceIds":[{}]}}"#,
                    quoted.join(",")
                ),
            ),
        };
        self.send(Method::POST, &path, &body, reply).map(drop)
    }

    pub(super) fn report(&mut self, device: u8, said: Said) -> Result<(), String> {
        let outcome = match said {
            Said::Accepted => ReportedOutcome::Accepted,
            Said::Gone => ReportedOutcome::Gone,
            Said::Skipped => ReportedOutcome::Skipped,
            Said::Failed => ReportedOutcome::Failed,
        };
        let compared = self.custody.device_done(id(device), outcome);
        compared.map(drop).map_err(|untrue| untrue.to_string())
    }

    pub(super) fn conclude(&self, completed: bool, counts: [u32; 5]) -> Result<(), String> {
        let [total, success, error, skipped, gone] = counts;
        let counts = Counts {
            total,
            success,
            error,
            skipped,
            gone,
            ..Counts::default()
        };
        let conclusion = match completed {
            true => Conclusion::Completed,
            false => Conclusion::Unfinished,
        };
        let concluded = self.custody.conclude(&counts, conclusion);
        concluded.map_err(|untrue| untrue.to_string())
    }

    pub(super) fn settle(&self) -> Vec<(u8, Said)> {
        let settled = self.custody.settle().into_iter();
        let device = |settled| (0..DEVICES).find(|device| id(*device) == settled);
        settled
            .map(|(id, outcome, _)| {
                let said = match outcome {
                    ReportedOutcome::Accepted => Said::Accepted,
                    ReportedOutcome::Gone => Said::Gone,
                    ReportedOutcome::Skipped => Said::Skipped,
                    ReportedOutcome::Failed => Said::Failed,
                };
                (device(id).expect("one of the devices"), said)
            })
            .collect()
    }

    /// Returns what the component gets; nothing if there is no response.
    fn send(&self, method: Method, path: &str, body: &str, reply: Reply) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        headers.insert(
            "authorization",
            HeaderValue::from_static("Bearer surrogate"),
        );
        let admitted = self.gated.admit(&Proposal {
            method: &method,
            uri: &format!("{ROOT}{path}").parse().expect("an address"),
            headers: &headers,
            body: body.as_bytes(),
        });
        let admitted = admitted.map_err(|refusal| refusal.to_string())?;
        let held = self.custody.hold(admitted);
        let held = held.map_err(|refusal| refusal.to_string())?;
        self.graph.0.lock().expect("no panic").push_back(reply);
        Ok(
            match held.send(Timeouts::default(), |_| |_| {}).now_or_never() {
                None => String::new(),
                Some(response) => {
                    let body = response.expect("a response").into_body();
                    String::from_utf8_lossy(&body).into_owned()
                }
            },
        )
    }
}

fn id(device: u8) -> Guid {
    Guid::random(u128::from(device) + 1)
}

fn body(page: &Page) -> String {
    let rows = page.rows.iter().map(|(device, system)| {
        let system = match system {
            System::Windows => "Windows",
            System::Other => "iOS",
            System::Linux => "Linux (ubuntu)",
        };
        let id = id(*device);
        format!(r#"{{"id":"{id}","operatingSystem":"{system}","userPrincipalName":"secret"}}"#)
    });
    let rows: Vec<String> = rows.collect();
    let next = page.next.map_or_else(String::new, |link| {
        format!(r#""@odata.nextLink":"{ROOT}{LIST}?$skiptoken={link}","#)
    });
    format!(r#"{{{next}"value":[{}]}}"#, rows.join(","))
}

fn items(each: &[u16]) -> String {
    let numbered = each.iter().enumerate().rev();
    let items = numbered
        .filter(|(_, status)| **status != 0)
        .map(|(at, status)| format!(r#"{{"id":"{}","status":{status}}}"#, at + 1));
    let items: Vec<String> = items.collect();
    format!(r#"{{"responses":[{}]}}"#, items.join(","))
}

fn listed(ids: &[Guid], each: &[u16]) -> String {
    let named = |wanted: &[u16]| {
        let ids = ids
            .iter()
            .zip(each)
            .filter(|(_, status)| wanted.contains(status));
        let ids: Vec<String> = ids.map(|(id, _)| format!("\"{id}\"")).collect();
        ids.join(",")
    };
    format!(
        r#"{{"successfulDeviceIds":[{}],"notFoundDeviceIds":[{}],"notSupportedDeviceIds":[{}],"failedDeviceIds":[{}]}}"#,
        named(&[204]),
        named(&[404]),
        named(&[409]),
        named(&[503, 401]),
    )
}
