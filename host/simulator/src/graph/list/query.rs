//! A query for a page of the list, and the devices that are on it.

use url::form_urlencoded;

use crate::{
    clock::Millis,
    config::{ListConfig, NextLink},
    dice::Draw,
    fleet::{
        Fleet, Index,
        device::Device,
        filter::Filter,
        property::{PROPERTIES, Property},
    },
    graph::error::GraphError,
};

/// The query of a request for a page.
pub(crate) struct Query {
    /// Devices on a page.
    top: u32,
    pub(crate) properties: Vec<(&'static str, Property)>,
    filter: Filter,
    /// Whether it has a filter that is silently ignored.
    pub(crate) ignored_filter: bool,
    pub(crate) position: Position,
    /// The query as it was sent, without its `$skiptoken`.
    pub(crate) rest: String,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The page's number, from 1.
    pub(crate) page: u32,
    /// The first device that the previous page considered.
    previous: Index,
    /// The first device that this page considers.
    start: Index,
}

/// A page.
pub(crate) struct Page {
    pub(crate) rows: Vec<Index>,
    next: Option<Position>,
}

impl Query {
    /// Parses the query part of a request's URL.
    pub(crate) fn read(query: &str, config: &ListConfig) -> Result<Self, GraphError> {
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
            let status = match &*name {
                "$filter" => config.filter_status,
                "$select" => config.select_status,
                _ => None,
            };
            if let Some(status) = status {
                return Err(GraphError::failed(status));
            }
            match &*name {
                "$skiptoken" => {
                    let position = Position::read(&value);
                    read.position = position
                        .ok_or_else(|| GraphError::bad_request("Skip token is invalid."))?;
                    continue;
                }
                "$top" => {
                    let top: Option<u32> = value.parse().ok().filter(|top| *top > 0);
                    read.top = top
                        .ok_or_else(|| GraphError::bad_request("Invalid value for $top."))?
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

    /// Walks the fleet from the page's start until the page is full.
    pub(crate) fn page(&self, fleet: &Fleet, now: Millis, config: &ListConfig) -> Page {
        let Position {
            page,
            previous,
            start,
        } = self.position;
        let chance = |share, draw, subject| fleet.dice.chance(share, draw, subject);
        // At most every second page, so that the list makes progress.
        if page.is_multiple_of(2) && chance(config.empty_pages, Draw::EmptyPage, page.into()) {
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
        let is_late = |index: &Index| chance(config.late, Draw::Late, (*index).into());
        let comes_again =
            |index: &Index| chance(config.duplicates, Draw::Duplicate, (*index).into());

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

    /// The position that the link on a page leads to, if there is one.
    pub(crate) fn link_position(
        &self,
        fleet: &Fleet,
        page: &Page,
        next_link: NextLink,
    ) -> Option<Position> {
        let Position { page: number, .. } = self.position;
        let after = Position {
            page: number.saturating_add(1),
            ..Position::FIRST
        };
        match next_link {
            NextLink::Absent => None,
            NextLink::Next
            | NextLink::OtherOrigin
            | NextLink::Raw
            | NextLink::Long
            | NextLink::TooLong
            | NextLink::Renamed
            | NextLink::Object => page.next,
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

fn selected(name: &str) -> Result<(&'static str, Property), GraphError> {
    let unknown = || {
        GraphError::bad_request(format!(
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

    /// As a `$skiptoken`.
    pub(crate) fn token(self) -> String {
        format!("{:08x}{:08x}{:08x}", self.page, self.previous, self.start)
    }

    fn read(token: &str) -> Option<Self> {
        let number =
            |field: usize| u32::from_str_radix(token.get(field * 8..field * 8 + 8)?, 16).ok();
        let position = Self {
            page: number(0)?,
            previous: number(1)?,
            start: number(2)?,
        };
        (position.token() == token && position.previous <= position.start).then_some(position)
    }
}
