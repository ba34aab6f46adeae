//! A table of devices: CSV as Graph's exports, the admin center, PowerShell and Excel write it.

use std::slice;

use csv::{Position, ReaderBuilder, StringRecord};
use intune_sync_ids::Guid;

use super::{
    Entry, NotADevice,
    column::{self, Column, Holds},
};

/// What can be between two fields.
const SEPARATORS: &[u8] = b",;\t";

/// A table: rows of fields below a header, of which one column is read.
pub(super) struct Table<'a> {
    /// The whole text, for the numbers of lines.
    text: &'a str,
    /// Where the header begins.
    header: usize,
    separator: u8,
    column: usize,
    /// What the column holds, if its name says it.
    holds: Option<Holds>,
}

impl<'a> Table<'a> {
    /// The table in a text, if it is one. Lines such as PowerShell's `#TYPE` and Excel's `sep=;` can precede the
    /// header.
    pub(super) fn find(text: &'a str, wanted: Option<&Column>) -> Option<Self> {
        let mut declared = None;
        let mut header = 0;
        for line in text.split_inclusive('\n') {
            match line.trim_end_matches(['\r', '\n']).as_bytes() {
                [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] => {
                    declared = Some(*separator);
                }
                _ if line.trim().is_empty() => {}
                // A header can begin with `#` too.
                _ => {
                    let separators = declared.as_ref().map_or(SEPARATORS, slice::from_ref);
                    let tables = separators.iter().filter_map(|separator| {
                        Self::with_header(text, header, *separator, wanted)
                    });
                    let table = tables.min_by_key(|(_, rank)| *rank);
                    if table.is_some() || !line.starts_with('#') {
                        return table.map(|(table, _)| table);
                    }
                }
            }
            header += line.len();
        }
        None
    }

    /// The table whose header begins there, and the rank of its column.
    fn with_header(
        text: &'a str,
        header: usize,
        separator: u8,
        wanted: Option<&Column>,
    ) -> Option<(Self, usize)> {
        let mut table = Self {
            text,
            header,
            separator,
            column: 0,
            holds: None,
        };
        let names = table.records().next()?.ok()?;
        let (column, holds, rank) = column::find(names.iter(), wanted)?;
        (table.column, table.holds) = (column, holds);
        Some((table, rank))
    }

    fn records(&self) -> impl Iterator<Item = csv::Result<StringRecord>> + use<'a> {
        ReaderBuilder::new()
            .delimiter(self.separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(&self.text.as_bytes()[self.header..])
            .into_records()
    }

    /// What the column holds: what its name says, or else Intune's ids if each entry is one, and names if not.
    pub(super) fn holds(&self) -> Holds {
        self.holds.unwrap_or_else(|| {
            let mut rows = self.records().skip(1).filter_map(Result::ok);
            let is_id = |row: StringRecord| {
                let entry = row.get(self.column).unwrap_or_default();
                entry.trim().parse::<Guid>().is_ok()
            };
            match rows.all(is_id) {
                true => Holds::Ids,
                false => Holds::Names,
            }
        })
    }

    /// What each row has in the column.
    pub(super) fn entries<T: Entry>(&self) -> Result<Vec<T>, NotADevice> {
        // An odd quote may be meant (`27" screen`); one that swallows the lines after it is not.
        let is_odd = self.text[self.header..].matches('"').count() % 2 == 1;
        let mut swallows = None;
        let rows = self.records().skip(1);
        let entries = rows.map(|row| {
            let row = row.map_err(|error| self.not_a_device(error.position(), ""))?;
            let entry = row.get(self.column).unwrap_or_default().trim();
            let lines = row.iter().any(|field| field.contains('\n'));
            swallows = row.position().cloned().filter(|_| is_odd && lines);
            T::read(entry).ok_or_else(|| self.not_a_device(row.position(), entry))
        });
        let entries = entries.collect();
        match swallows {
            Some(position) => Err(NotADevice {
                open_quote: true,
                ..self.not_a_device(Some(&position), "")
            }),
            None => entries,
        }
    }

    /// What a row has instead: the entry, or without one, the row itself.
    fn not_a_device(&self, position: Option<&Position>, entry: &str) -> NotADevice {
        let start = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let rest = self.text.get(self.header + start..).unwrap_or_default();
        // What ends the row before belongs to it.
        let row = rest.trim_start_matches(['\r', '\n']);
        let before = &self.text[..self.text.len() - row.len()];
        let shown = match entry {
            "" => row.lines().next().unwrap_or_default().trim(),
            entry => entry,
        };
        NotADevice {
            line: before.matches('\n').count() + 1,
            shown: shown.to_owned(),
            open_quote: false,
        }
    }
}
