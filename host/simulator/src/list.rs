//! The list of managed devices: `$top`, `$select`, `$filter`, and pages that lead to the next by `@odata.nextLink`.

use std::io::Write as _;

use url::form_urlencoded;

use crate::config::{ListConfig, NextLink};
use crate::device::{Device, PROPERTIES, Property, Value};
use crate::dice::Matter;
use crate::errors::Refusal;
use crate::exchange::Exchange;
use crate::faults::Fault;
use crate::filter::Filter;
use crate::fleet::{Fleet, Index};
use crate::reply::Reply;

/// What a request for a page asks for.
struct Query {
    /// Devices on a page.
    top: u32,
    properties: Vec<(&'static str, Property)>,
    filter: Filter,
    ignored_filter: bool,
    position: Position,
    /// The query as it came, without its `$skiptoken`.
    rest: String,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    /// The page's number, from 1.
    page: u32,
    /// The first device that the previous page went through.
    previous: Index,
    /// The first device that this page goes through.
    start: Index,
}

/// What is on a page.
struct Page {
    rows: Vec<Index>,
    next: Option<Position>,
}

/// Another origin: nothing that knows a token must follow a link there.
const OTHER_ORIGIN: &str = "https://graph.example.com";

/// Answers a page of the list. `path` is the request's, `origin` that of the links.
pub(crate) fn answer(exchange: &mut Exchange<'_>, origin: &str, path: &str, query: &str) -> Reply {
    match page(exchange, origin, path, query) {
        Ok(reply) => reply,
        Err(refusal) => exchange.refuse(&refusal),
    }
}

fn page(
    exchange: &mut Exchange<'_>,
    origin: &str,
    path: &str,
    query: &str,
) -> Result<Reply, Refusal> {
    exchange.take_request(1)?;
    exchange.caller.may_list()?;
    let config = &exchange.config.list;
    let query = Query::read(query, config)?;
    if config.broken_page == Some(query.position.page) {
        return Err(Refusal::failed(504));
    }
    if exchange.meets(Fault::Page, exchange.config.faults.page) {
        return Err(exchange.failure(exchange.ordinal));
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
        format!(
            "{origin}{path}?{}{separator}$skiptoken={}",
            query.rest,
            next.token()
        )
    });

    let mut body = Vec::with_capacity(200 + page.rows.len() * 40 * query.properties.len());
    write!(
        body,
        r#"{{"@odata.context":"{origin}/v1.0/$metadata#deviceManagement/managedDevices","#
    )
    .and_then(|()| write!(body, r#""@odata.count":{},"#, page.rows.len()))
    .expect("a vector takes all that is written");
    if let Some(next_link) = next_link {
        body.extend_from_slice(br#""@odata.nextLink":"#);
        serde_json::to_writer(&mut body, &next_link).expect("a string can always be written");
        body.push(b',');
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
    Ok(Reply::json(200, body))
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

impl Query {
    fn read(query: &str, config: &ListConfig) -> Result<Self, Refusal> {
        let mut read = Self {
            top: config.page_size.get(),
            properties: PROPERTIES.to_vec(),
            filter: Filter::default(),
            ignored_filter: false,
            position: Position::FIRST,
            rest: String::new(),
        };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let Some((name, value)) = form_urlencoded::parse(part.as_bytes()).next() else {
                continue;
            };
            match &*name {
                "$skiptoken" => {
                    let position = Position::read(&value);
                    read.position =
                        position.ok_or_else(|| Refusal::bad_request("Skip token is invalid."))?;
                    continue;
                }
                "$top" => {
                    let top: Option<u32> = value.parse().ok().filter(|top| *top > 0);
                    read.top = top
                        .ok_or_else(|| Refusal::bad_request("Invalid value for $top."))?
                        .min(read.top);
                }
                "$select" => {
                    read.properties = value.split(',').map(selected).collect::<Result<_, _>>()?
                }
                "$filter" => match Filter::parse(&value).filter(|_| !config.ignore_filters) {
                    Some(filter) => read.filter = filter,
                    None => read.ignored_filter = true,
                },
                _ => {}
            }
            if !read.rest.is_empty() {
                read.rest.push('&');
            }
            read.rest.push_str(part);
        }
        Ok(read)
    }

    /// Goes through the fleet from the page's beginning until the page is full.
    fn page(&self, fleet: &Fleet, now: u64, config: &ListConfig) -> Page {
        let Position {
            page,
            previous,
            start,
        } = self.position;
        let chance = |share, matter, subject| fleet.dice.chance(share, matter, subject);
        // Every second page at most, so that the list goes on.
        if page.is_multiple_of(2) && chance(config.empty_pages, Matter::EmptyPage, page.into()) {
            return Page {
                rows: Vec::new(),
                next: Some(Position {
                    page: page.saturating_add(1),
                    ..self.position
                }),
            };
        }
        let passes = |index: &Index| {
            let device = Device::new(fleet, *index, now);
            device.is_listed() && self.filter.matches(&device)
        };
        let is_late = |index: &Index| chance(config.late, Matter::Late, (*index).into());
        let comes_again =
            |index: &Index| chance(config.duplicates, Matter::Duplicate, (*index).into());

        let carried_over = (previous..start.min(fleet.devices()))
            .filter(|index| is_late(index) || comes_again(index));
        let mut rows: Vec<Index> = carried_over.filter(passes).collect();
        let mut own: Vec<Index> = Vec::new();
        let mut end = start;
        while end < fleet.devices() && (own.len() as u64) < u64::from(self.top) {
            if passes(&end) {
                own.push(end);
            }
            end += 1;
        }
        let is_last = end >= fleet.devices();
        rows.extend(own.into_iter().filter(|index| is_last || !is_late(index)));
        let next = (!is_last).then_some(Position {
            page: page.saturating_add(1),
            previous: start,
            start: end,
        });
        Page { rows, next }
    }

    /// Where the link on a page leads, if there is one.
    fn link_position(&self, fleet: &Fleet, page: &Page, next_link: NextLink) -> Option<Position> {
        let Position { page: number, .. } = self.position;
        let after = Position {
            page: number.saturating_add(1),
            ..Position::FIRST
        };
        match next_link {
            NextLink::Next | NextLink::OtherOrigin => page.next,
            NextLink::Loop if number > 1 => Some(self.position),
            NextLink::Loop => page.next.or(Some(self.position)),
            NextLink::Endless => page.next.or(Some(after)),
            NextLink::EndlessEmpty => {
                let end = fleet.devices();
                page.next.or(Some(Position {
                    previous: end,
                    start: end,
                    ..after
                }))
            }
        }
    }
}

fn selected(name: &str) -> Result<(&'static str, Property), Refusal> {
    let unknown = || {
        Refusal::bad_request(format!(
            "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type \
             'microsoft.graph.managedDevice'."
        ))
    };
    Property::named(name.trim()).ok_or_else(unknown)
}

impl Position {
    const FIRST: Self = Self {
        page: 1,
        previous: 0,
        start: 0,
    };

    fn token(self) -> String {
        format!("{:08x}{:08x}{:08x}", self.page, self.previous, self.start)
    }

    fn read(token: &str) -> Option<Self> {
        let number =
            |place: usize| u32::from_str_radix(token.get(place * 8..place * 8 + 8)?, 16).ok();
        let position = Self {
            page: number(0)?,
            previous: number(1)?,
            start: number(2)?,
        };
        (position.token() == token && position.previous <= position.start).then_some(position)
    }
}
