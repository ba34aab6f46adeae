use http::{HeaderMap, Method, Uri};

use crate::request::Target;
use intune_sync_ids::{Guid, Origin, Quoted};

use crate::{ANSWER_BODY_LIMIT, BatchItem, Bearer, LIST_BODY_LIMIT, Refusal, batch, bulk, headers};

/// The most bytes in a body. A full batch or bulk action has under 5 KiB.
pub const BODY_LIMIT: usize = 64 * 1024;

/// What differs from run to run in what may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The only place that requests go to.
    pub origin: Origin,
    /// What may be written.
    pub writes: Writes,
}

/// Which writes may leave in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// None: the run only plans.
    None,
    /// Syncs, alone and in batches.
    Syncs,
    /// Syncs, and `executeAction` too: bulk dispatch was asked for.
    SyncsAndBulk,
}

/// What decides which requests leave.
#[derive(Clone, Debug)]
pub struct Gate {
    rules: Rules,
}

/// A request that may leave, written by the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// `GET` or `POST`.
    pub method: Method,
    /// The address, absolute, at the rules' origin.
    pub uri: Uri,
    /// All headers but `authorization` and what belongs to the connection.
    pub headers: HeaderMap,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
    /// What stood behind `Bearer` in `authorization`. The host puts a header with the real token in its place.
    pub token: Bearer,
    /// What the request does.
    pub call: Call,
}

/// What a request does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Reads a page of the list of devices.
    List,
    /// Syncs a device.
    Sync(Guid),
    /// Syncs each of 1 to 20 devices.
    Batch(Vec<BatchItem>),
    /// Syncs 1 to 100 devices by the bulk action.
    Bulk(Vec<Guid>),
}

impl Call {
    /// How many devices it syncs; 0 for the list.
    pub fn writes(&self) -> u32 {
        let devices = match self {
            Self::List => 0,
            Self::Sync(_) => 1,
            Self::Batch(items) => items.len(),
            Self::Bulk(devices) => devices.len(),
        };
        u32::try_from(devices).expect("a batch has at most 20 items, a bulk action 100 devices")
    }

    /// The most bytes that the answer's body may have, decompressed.
    pub const fn answer_limit(&self) -> usize {
        match self {
            Self::List => LIST_BODY_LIMIT,
            Self::Sync(_) | Self::Batch(_) | Self::Bulk(_) => ANSWER_BODY_LIMIT,
        }
    }
}

impl Gate {
    /// A gate under these rules.
    pub const fn new(rules: Rules) -> Self {
        Self { rules }
    }

    /// The rules it is under.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Decides whether a request may leave, and what leaves in its place.
    ///
    /// `uri` must be absolute, `body` the whole body; trailers are not part of it and never leave.
    ///
    /// # Errors
    ///
    /// Whatever [`rules_table`](crate::rules_table) does not list.
    pub fn check(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Allowed, Refusal> {
        self.decide(method, uri, headers, body).map_err(|refusal| {
            headers::secrets(headers)
                .iter()
                .fold(refusal, |refusal, secret| refusal.hiding(secret))
        })
    }

    fn decide(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Allowed, Refusal> {
        let Rules { origin, writes } = &self.rules;
        if Origin::of(uri).as_ref() != Some(origin) {
            return Err(Refusal::Origin {
                uri: Quoted::new(uri.to_string()),
                allowed: origin.clone(),
            });
        }
        let target = Target::read(method, uri)?;
        match (&target, writes) {
            (Target::List { .. }, _) | (_, Writes::SyncsAndBulk) => {}
            (_, Writes::None) => return Err(Refusal::WritesOff),
            (Target::Bulk, Writes::Syncs) => return Err(Refusal::BulkOff),
            (Target::Sync(_) | Target::Batch, Writes::Syncs) => {}
        }
        if body.len() > BODY_LIMIT {
            return Err(Refusal::BodyLength { length: body.len() });
        }
        let (call, sent_body) = read_body(&target, body)?;
        let (sent_headers, token) = headers::read(headers, !sent_body.is_empty())?;
        Ok(Allowed {
            method: target.method(),
            uri: origin.at(target.write()),
            headers: sent_headers,
            body: sent_body,
            token,
            call,
        })
    }
}

/// What the request does, and its body written anew.
fn read_body(target: &Target, body: &[u8]) -> Result<(Call, Vec<u8>), Refusal> {
    match target {
        Target::List { .. } | Target::Sync(_) if !body.is_empty() => {
            Err(Refusal::BodyPresent { length: body.len() })
        }
        Target::List { .. } => Ok((Call::List, Vec::new())),
        Target::Sync(device) => Ok((Call::Sync(*device), Vec::new())),
        Target::Batch => {
            let items = batch::read(body)?;
            let body = batch::write(&items);
            Ok((Call::Batch(items), body))
        }
        Target::Bulk => {
            let devices = bulk::read(body)?;
            let body = bulk::write(&devices);
            Ok((Call::Bulk(devices), body))
        }
    }
}
