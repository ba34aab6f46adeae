//! How long the list is: by its pages, and by what it says of itself.

use crate::{NextLink, Page};

/// The rows of a list that were read, and how many devices it says that it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListExtent {
    rows: u64,
    counted: Option<u64>,
}

/// A list that is shorter than it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// Rows read.
    pub listed: u64,
    /// Devices that it has, if it says how many.
    pub counted: Option<u64>,
}

impl ListExtent {
    /// Rows read so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds the next page. Returns what is missing, if no page follows that can be read and the list says that it has
    /// more.
    pub fn add(&mut self, page: &Page<'_>) -> Option<Shortfall> {
        self.rows += page.value.len() as u64;
        self.counted = self.counted.max(page.count);
        let shortfall = Shortfall {
            listed: self.rows,
            counted: self.counted.filter(|counted| *counted > self.rows),
        };
        match page.next {
            NextLink::Url(_) => None,
            NextLink::Unusable => Some(shortfall),
            NextLink::None => shortfall.counted.map(|_| shortfall),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceRow;

    fn page(rows: usize, next: NextLink, count: Option<u64>) -> Page<'static> {
        Page::of(vec![DeviceRow::default(); rows], next, count)
    }

    #[test]
    fn a_list_that_is_shorter_than_it_says_is_noticed() {
        let count = Some(949);
        for (next, count, missing) in [
            (NextLink::None, Some(40), None),
            (NextLink::None, Some(39), None),
            (NextLink::None, None, None),
            (NextLink::None, count, Some(count)),
            (NextLink::Unusable, count, Some(count)),
            (NextLink::Unusable, None, Some(None)),
            (NextLink::Unusable, Some(40), Some(None)),
        ] {
            let shortfall = missing.map(|counted| Shortfall {
                listed: 40,
                counted,
            });
            let added = ListExtent::default().add(&page(40, next.clone(), count));
            assert_eq!(added, shortfall, "{next:?} {count:?}");
        }
    }

    #[test]
    fn the_rows_of_all_pages_count_and_the_most_that_any_says() {
        let mut extent = ListExtent::default();
        let link = || NextLink::Url("u".to_owned());
        assert_eq!(extent.add(&page(40, link(), Some(949))), None);
        assert_eq!(extent.rows(), 40);
        assert_eq!(extent.clone().add(&page(909, NextLink::None, None)), None);
        let shortfall = Shortfall {
            listed: 948,
            counted: Some(949),
        };
        let last = page(908, NextLink::None, Some(7));
        assert_eq!(extent.add(&last), Some(shortfall));
    }
}
