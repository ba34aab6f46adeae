//! The list of managed devices: `$top`, `$select`, `$filter`, and pages that lead to the next by `@odata.nextLink`.

mod query;

use std::io::Write as _;

use self::query::Query;
use crate::{
    config::{Fault, NextLink},
    fleet::{
        device::Device,
        property::{Property, Value},
    },
    graph::{access, error::GraphError, exchange::Exchange},
    response::Response,
};

/// Another origin, which must never get a token.
const OTHER_ORIGIN: &str = "https://graph.example.com";

/// Responds with a page of the list. `path` is the request's, `origin` that of the links.
pub(crate) fn respond(
    exchange: &mut Exchange<'_>,
    origin: &str,
    path: &str,
    query: &str,
) -> Result<Response, GraphError> {
    exchange.charge_request(1)?;
    access::may_list(exchange)?;
    let config = &exchange.config.list;
    let query = Query::read(query, config)?;
    if config.broken_page == Some(query.position.page) {
        return Err(GraphError::failed(504));
    }
    if let (2, Some(status)) = (query.position.page, config.expired_status)
        && !std::mem::replace(&mut exchange.state.link_expired, true)
    {
        return Err(GraphError::failed(status));
    }
    if exchange.meets(Fault::Page, exchange.config.faults.page) {
        return Err(exchange.transient_failure(exchange.ordinal));
    }
    if query.ignored_filter {
        exchange.state.ledger.statistics.ignored_filters += 1;
    }
    let fleet = &exchange.state.fleet;
    let page = query.page(fleet, exchange.now, config);
    let next = query.link_position(fleet, &page, config.next_link);
    let origin = if config.next_link == NextLink::OtherOrigin {
        OTHER_ORIGIN
    } else {
        origin
    };
    let next_link = next.map(|next| {
        let separator = if query.rest.is_empty() { "" } else { "&" };
        let filler = match config.next_link {
            NextLink::Raw => "&x=Büro \"<{[#%]}>\"".to_owned(),
            NextLink::Long => format!("&x={}", "x".repeat(17 << 10)),
            NextLink::TooLong => format!("&x={}", "x".repeat(33 << 10)),
            _ => String::new(),
        };
        // The link that led here has a filler of its own.
        let rest = query.rest.split("&x=").next().unwrap_or_default();
        format!(
            "{origin}{path}?{rest}{separator}$skiptoken={}{filler}",
            next.token()
        )
    });

    let mut body = Vec::with_capacity(200 + page.rows.len() * 40 * query.properties.len());
    write!(
        body,
        r#"{{"@odata.context":"{origin}/v1.0/$metadata#deviceManagement/managedDevices","#
    )
    .and_then(|()| {
        let count = config.count.unwrap_or(page.rows.len() as u64);
        write!(body, r#""@odata.count":{count},"#)
    })
    .expect("a vector takes everything");
    if let Some(next_link) = next_link {
        let link = serde_json::Value::from(next_link);
        let member = match config.next_link {
            NextLink::Renamed => format!(r#""odata.nextLink":{link},"#),
            NextLink::Object => format!(r#""@odata.nextLink":{{"href":{link}}},"#),
            _ => format!(r#""@odata.nextLink":{link},"#),
        };
        body.extend_from_slice(member.as_bytes());
    }
    body.extend_from_slice(br#""value":["#);
    for (position, index) in page.rows.iter().enumerate() {
        if position > 0 {
            body.push(b',');
        }
        write_row(
            &mut body,
            &Device::new(fleet, *index, exchange.now),
            &query.properties,
        );
    }
    body.extend_from_slice(b"]}");
    Ok(Response::json(200, body))
}

fn write_row(body: &mut Vec<u8>, device: &Device<'_>, properties: &[(&str, Property)]) {
    let mut separator = b'{';
    for (name, property) in properties {
        let value = device.value(*property);
        if value == Value::Absent {
            continue;
        }
        body.push(separator);
        separator = b',';
        body.push(b'"');
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(b"\":");
        value.write(body);
    }
    if separator == b'{' {
        body.push(b'{');
    }
    body.push(b'}');
}
