//! Groups and their members, as Graph serves them from the directory (docs/graph-facts.md#groups).

mod request;

use http::request::Parts;
use intune_sync_ids::Guid;
use serde_json::{Map, Value, json};

pub(crate) use self::request::Request;
use self::request::{Query, is_eventual};
use crate::{
    config::ErrorStyle,
    entra::groups::{Group, Kind},
    fleet::{Fleet, device::Device},
    graph::{
        access,
        error::{GraphError, RequestContext},
        exchange::Exchange,
    },
    response::Response,
};

/// Each of these permits reading groups and their members.
const MAY_READ: [&str; 5] = [
    "Directory.Read.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
];
/// Each of these permits reading more of a device than its id.
const MAY_READ_DEVICES: [&str; 3] = [
    "Device.Read.All",
    "Device.ReadWrite.All",
    "Directory.Read.All",
];
/// The page of a caller that names no size.
const PAGE: u32 = 100;

/// Executes a request about groups. `origin` is that of the links.
pub(crate) fn respond(
    exchange: &mut Exchange<'_>,
    origin: &str,
    request: &Request,
    parts: &Parts,
) -> Response {
    match execute(exchange, origin, request, parts) {
        Ok(body) => Response::json(200, body.to_string()),
        Err(error) => {
            exchange.count(&error);
            // The directory is not Intune: its errors are plain.
            error.response(&RequestContext {
                style: ErrorStyle::Plain,
                ..exchange.context(0)
            })
        }
    }
}

fn execute(
    exchange: &mut Exchange<'_>,
    origin: &str,
    request: &Request,
    parts: &Parts,
) -> Result<Value, GraphError> {
    if let Some(status) = exchange.state.groups.next_failure() {
        return Err(failure(exchange, status));
    }
    access::may_use_directory(exchange, &MAY_READ)?;
    let groups = &exchange.state.groups;
    match request {
        Request::Group(id) => Ok(group_json(groups.get(*id).ok_or_else(|| not_found(*id))?)),
        Request::Named(name) => {
            let name = name.as_ref().map_err(Clone::clone)?;
            let found: Vec<Value> = groups.named(name).map(group_json).collect();
            Ok(json!({ "value": found }))
        }
        Request::Members { group, kind, query } => {
            if !query.counts || !is_eventual(&parts.headers) {
                return Err(GraphError::new(
                    400,
                    "Request_UnsupportedQuery",
                    "The specified query requires the header ConsistencyLevel: eventual and $count=true.",
                ));
            }
            let group = groups.get(*group).ok_or_else(|| not_found(*group))?;
            Ok(page(exchange, origin, group, *kind, query))
        }
    }
}

fn failure(exchange: &Exchange<'_>, status: u16) -> GraphError {
    match status {
        429 => GraphError::throttled(exchange.retry_after(0, exchange.ordinal)),
        status => GraphError::failed(status),
    }
}

fn page(exchange: &Exchange<'_>, origin: &str, group: &Group, kind: Kind, query: &Query) -> Value {
    let config = &exchange.config.groups;
    let members = exchange.state.groups.members(group, kind);
    let top = query.top.unwrap_or(PAGE).min(config.page_size.get()) as usize;
    let (first, end) = (
        query.skip.saturating_sub(config.repeated as usize),
        query.skip.saturating_add(top),
    );
    let readable = match kind {
        Kind::Devices => MAY_READ_DEVICES
            .iter()
            .any(|role| exchange.caller.has(role)),
        Kind::Users => true,
    };
    let fleet = &exchange.state.fleet;
    let rows: Vec<Value> = members
        .numbers()
        .take(end)
        .skip(first)
        .map(|number| row(fleet, kind, number, readable, query))
        .collect();
    let mut page = json!({
        "@odata.context": format!("{origin}/v1.0/$metadata#{}", match kind {
            Kind::Devices => "devices",
            Kind::Users => "users",
        }),
        "@odata.count": members.count(),
        "value": rows,
    });
    if end < members.count() {
        let path = format!("/v1.0/groups/{}/transitiveMembers/{}", group.id, cast(kind));
        page["@odata.nextLink"] = json!(format!("{origin}{path}?{}", query.from(end)));
    }
    page
}

/// A member. Of one that may not be read, all but its id is null.
fn row(fleet: &Fleet, kind: Kind, number: u32, readable: bool, query: &Query) -> Value {
    let mut row = Map::new();
    row.insert("@odata.type".into(), json!(format!("#{}", cast(kind))));
    for property in &query.properties {
        let device = || Device::new(fleet, number, 0);
        let value = match (kind, property.as_str()) {
            (Kind::Devices, "id") => json!(device().directory_id().to_string()),
            (Kind::Users, "id") => json!(fleet.user_id(number).to_string()),
            _ if !readable => Value::Null,
            (Kind::Devices, "deviceId") => json!(device().entra_id().to_string()),
            (Kind::Devices, "displayName") => json!(device().name()),
            _ => Value::Null,
        };
        row.insert(property.clone(), value);
    }
    Value::Object(row)
}

fn cast(kind: Kind) -> &'static str {
    match kind {
        Kind::Devices => "microsoft.graph.device",
        Kind::Users => "microsoft.graph.user",
    }
}

fn group_json(group: &Group) -> Value {
    json!({ "id": group.id.to_string(), "displayName": group.name })
}

fn not_found(id: Guid) -> GraphError {
    let message = format!(
        "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
    );
    GraphError::new(404, "Request_ResourceNotFound", message)
}
