//! A Graph for tests of the core: responds on virtual time, with faults drawn from a seed, and records everything.

use std::{collections::BTreeMap, time::Duration};

use intune_sync_engine::http::{Method, NoResponse, Request, Response};
use intune_sync_ids::Guid;
use serde_json::{Value, json};

/// How often each fault happens, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub throttled: u8,
    pub transient: u8,
    pub no_response: u8,
    pub unreadable: u8,
    pub missing_item: u8,
    pub gone: u8,
    pub rejected: u8,
    pub(crate) token_refused: u8,
    pub duplicate_rows: bool,
}

/// The server, and everything it has seen.
pub(crate) struct Graph {
    pub(crate) faults: Faults,
    pub(crate) random: fastrand::Rng,
    pub(crate) devices: Vec<Guid>,
    page: usize,
    /// A Retry-After that was sent is not over before this.
    closed_until: Duration,
    /// Requests that arrived although a Retry-After, received by then, was not over.
    pub(crate) early: Vec<String>,
    /// How often a sync of each device was requested.
    pub(crate) requested: BTreeMap<Guid, u32>,
    /// Devices whose final status was delivered.
    pub(crate) known: BTreeMap<Guid, u16>,
    /// Devices that were requested again after that.
    pub(crate) requested_after_known: Vec<Guid>,
    /// The bulk action is refused.
    pub(crate) bulk_refused: bool,
    pub(crate) token: u32,
    pub(crate) bodies: Vec<String>,
    /// Responds to a request before anything else does.
    pub(crate) script: Option<Script>,
}

/// The response to a request, if the script has one.
pub(crate) type Script = Box<dyn FnMut(&Request) -> Option<Response>>;

/// A response, the final statuses in it, and its Retry-After.
pub(crate) struct Reply {
    pub(crate) result: Result<Response, NoResponse>,
    pub(crate) known: Vec<(Guid, u16)>,
    pub(crate) retry_after: Option<Duration>,
}

impl Graph {
    pub(crate) fn new(seed: u64, devices: usize, faults: Faults) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let devices = (0..devices)
            .map(|_| Guid::random(random.u128(..)))
            .collect();
        Self {
            faults,
            random,
            devices,
            page: 7,
            closed_until: Duration::ZERO,
            early: Vec::new(),
            requested: BTreeMap::new(),
            known: BTreeMap::new(),
            requested_after_known: Vec::new(),
            bulk_refused: false,
            token: 1,
            bodies: Vec::new(),
            script: None,
        }
    }

    /// The response was received.
    pub(crate) fn delivered(&mut self, now: Duration, reply: &Reply) {
        self.known.extend(reply.known.iter().copied());
        if let Some(wait) = reply.retry_after {
            self.closed_until = self.closed_until.max(now + wait);
        }
    }

    pub(crate) fn respond(&mut self, now: Duration, request: &Request) -> Reply {
        if now < self.closed_until {
            self.early.push(format!(
                "{} at {now:?}, closed until {:?}",
                request.path_and_query, self.closed_until
            ));
        }
        self.bodies.extend(request.body.clone());
        if let Some(response) = self.script.as_mut().and_then(|script| script(request)) {
            return Reply {
                result: Ok(response),
                known: vec![],
                retry_after: None,
            };
        }
        if self.chance(self.faults.token_refused) {
            self.token += 1;
        }
        if request.token.0 < self.token {
            return plain(
                401,
                json!({"error":{"code":"InvalidAuthenticationToken","message":"revoked"}}),
            );
        }
        if self.chance(self.faults.no_response) {
            if self.random.bool() {
                self.execute(request);
            }
            return Reply {
                result: Err(NoResponse::Transport("cut".into())),
                known: vec![],
                retry_after: None,
            };
        }
        if self.chance(self.faults.unreadable) {
            self.execute(request);
            let body = b"<html>gateway</html>".to_vec();
            return Reply {
                result: Ok(Response {
                    status: 200,
                    headers: vec![],
                    body,
                }),
                known: vec![],
                retry_after: None,
            };
        }
        if self.chance(self.faults.transient) {
            return plain(
                [500, 502, 503, 504, 408, 507, 509][self.random.usize(0..7)],
                Value::Null,
            );
        }
        if self.chance(self.faults.throttled) {
            return self.throttled();
        }
        match request.method {
            Method::Get => self.list(&request.path_and_query),
            Method::Post if request.path_and_query.ends_with("/syncDevice") => self.single(request),
            Method::Post if request.path_and_query.ends_with("/$batch") => self.batch(request),
            Method::Post => self.bulk(request),
        }
    }

    fn throttled(&mut self) -> Reply {
        let form = self.random.u8(0..4);
        let (headers, wait) = match form {
            0 => (vec![("Retry-After".into(), "3".into())], Some(3_000)),
            1 => (vec![("retry-after".into(), "0.249".into())], Some(249)),
            2 => (
                vec![
                    ("RETRY-AFTER".into(), "Wed, 11 Nov 2026 07:28:09 GMT".into()),
                    ("date".into(), "Wed, 11 Nov 2026 07:28:05 GMT".into()),
                ],
                Some(4_000),
            ),
            _ => (vec![], None),
        };
        Reply {
            result: Ok(Response {
                status: 429,
                headers,
                body: vec![],
            }),
            known: vec![],
            retry_after: wait.map(Duration::from_millis),
        }
    }

    fn list(&mut self, path: &str) -> Reply {
        let from: usize = path
            .split_once("skip=")
            .map_or(0, |(_, n)| n.parse().expect("our own link"));
        let to = (from + self.page).min(self.devices.len());
        let mut rows: Vec<Value> = self.devices[from..to]
            .iter()
            .map(|id| json!({"id": id.to_string(), "deviceName": format!("D-{id}"), "operatingSystem": "Windows"}))
            .collect();
        if self.faults.duplicate_rows && !rows.is_empty() {
            rows.push(rows[0].clone());
        }
        let mut page = json!({ "value": rows });
        if to < self.devices.len() {
            page["@odata.nextLink"] = json!(format!(
                "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices?skip={to}"
            ));
        }
        plain(200, page)
    }

    fn single(&mut self, request: &Request) -> Reply {
        let id = request
            .path_and_query
            .split('/')
            .nth(4)
            .and_then(|id| id.parse().ok())
            .expect("a device");
        self.request(id);
        let status = self.fate(id);
        Reply {
            known: vec![(id, status)],
            ..plain(status, Value::Null)
        }
    }

    fn batch(&mut self, request: &Request) -> Reply {
        let mut responses = Vec::new();
        let (mut known, mut retry_after) = (Vec::new(), None);
        for (item, id) in items(request) {
            self.request(id);
            if self.chance(self.faults.missing_item) {
                continue;
            }
            if self.chance(self.faults.throttled) {
                let wait = self.random.u64(1..9_000);
                let text = format!("{}.{:03}", wait / 1000, wait % 1000);
                responses
                    .push(json!({"id": item, "status": 429, "headers": {"retry-AFTER": text}}));
                retry_after = retry_after.max(Some(Duration::from_millis(wait)));
                continue;
            }
            if self.chance(self.faults.transient) {
                responses.push(json!({"id": item, "status": 503}));
                continue;
            }
            let status = self.fate(id);
            responses.push(json!({"id": item, "status": status}));
            known.push((id, status));
        }
        self.random.shuffle(&mut responses);
        Reply {
            known,
            retry_after,
            ..plain(200, json!({ "responses": responses }))
        }
    }

    fn bulk(&mut self, request: &Request) -> Reply {
        if self.bulk_refused {
            return plain(404, Value::Null);
        }
        let ids = bulk_ids(request);
        if ids.len() > 30 {
            return plain(413, Value::Null);
        }
        let (mut lists, mut known) = ([vec![], vec![], vec![], vec![]], Vec::new());
        for id in ids {
            self.request(id);
            if self.chance(self.faults.missing_item) {
                continue;
            }
            if self.chance(self.faults.transient) {
                lists[3].push(id.to_string());
                continue;
            }
            let status = self.fate(id);
            let list = match status {
                204 => 0,
                404 => 1,
                _ => 2,
            };
            lists[list].push(id.to_string());
            known.push((id, status));
        }
        let [ok, gone, unsupported, failed] = lists;
        let lists = json!({"successfulDeviceIds": ok, "notFoundDeviceIds": gone,
                            "notSupportedDeviceIds": unsupported, "failedDeviceIds": failed});
        Reply {
            known,
            ..plain(
                200,
                if self.random.bool() {
                    json!({ "value": lists })
                } else {
                    lists
                },
            )
        }
    }

    fn execute(&mut self, request: &Request) {
        if request.path_and_query.ends_with("/syncDevice") {
            let id = request
                .path_and_query
                .split('/')
                .nth(4)
                .and_then(|id| id.parse().ok())
                .expect("a device");
            self.request(id);
        } else if request.path_and_query.ends_with("/$batch") {
            items(request)
                .into_iter()
                .for_each(|(_, id)| self.request(id));
        } else if request.method == Method::Post {
            bulk_ids(request)
                .into_iter()
                .for_each(|id| self.request(id));
        }
    }

    fn request(&mut self, id: Guid) {
        *self.requested.entry(id).or_default() += 1;
        if self.known.contains_key(&id) {
            self.requested_after_known.push(id);
        }
    }

    /// Fixed for each device.
    pub(crate) fn fate(&self, id: Guid) -> u16 {
        let draw = u8::try_from(id.bits() % 100).expect("below 100");
        if draw < self.faults.gone {
            404
        } else if draw < self.faults.gone + self.faults.rejected {
            400
        } else {
            204
        }
    }

    fn chance(&mut self, percent: u8) -> bool {
        self.random.u8(0..100) < percent
    }
}

fn plain(status: u16, body: Value) -> Reply {
    let body = if body.is_null() {
        vec![]
    } else {
        body.to_string().into_bytes()
    };
    Reply {
        result: Ok(Response {
            status,
            headers: vec![],
            body,
        }),
        known: vec![],
        retry_after: None,
    }
}

fn items(request: &Request) -> Vec<(String, Guid)> {
    let body: Value = serde_json::from_str(request.body.as_deref().expect("a body")).expect("JSON");
    let items = body["requests"].as_array().expect("items").iter();
    items
        .map(|item| {
            let id = item["url"]
                .as_str()
                .and_then(|url| url.split('/').nth(3))
                .and_then(|id| id.parse().ok());
            (
                item["id"].as_str().expect("an id").to_owned(),
                id.expect("a device"),
            )
        })
        .collect()
}

fn bulk_ids(request: &Request) -> Vec<Guid> {
    let body: Value = serde_json::from_str(request.body.as_deref().expect("a body")).expect("JSON");
    assert_eq!(body["actionName"], "syncDevice");
    let ids = body["deviceIds"].as_array().expect("ids").iter();
    ids.map(|id| {
        id.as_str()
            .and_then(|id| id.parse().ok())
            .expect("a device")
    })
    .collect()
}
