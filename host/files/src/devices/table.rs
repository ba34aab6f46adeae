//! A table of devices: CSV as Graph's exports, the admin center, PowerShell and Excel write it.

use std::slice;

use csv::{Position, ReaderBuilder, StringRecord};
use intune_sync_ids::Guid;

use super::NotAnId;

/// The names of the column that holds Intune's device id, in Graph's exports and in the admin center's, in
/// lower case and in one word. The first one counts.
const COLUMNS: [&str; 5] = [
    "manageddeviceid",
    "intunedeviceid",
    "id",
    "deviceid",
    "geräteid",
];

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
}

impl<'a> Table<'a> {
    /// The table in a text, if it is one. Lines such as PowerShell's `#TYPE` and Excel's `sep=;` can precede the header.
    pub(super) fn find(text: &'a str) -> Option<Self> {
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
                    let table = separators
                        .iter()
                        .find_map(|separator| Self::with_header(text, header, *separator));
                    if table.is_some() || !line.starts_with('#') {
                        return table;
                    }
                }
            }
            header += line.len();
        }
        None
    }

    fn with_header(text: &'a str, header: usize, separator: u8) -> Option<Self> {
        let mut table = Self {
            text,
            header,
            separator,
            column: 0,
        };
        let names = table.records().next()?.ok()?;
        let names: Vec<String> = names.iter().map(plain).collect();
        let mut known = COLUMNS.iter();
        table.column = known.find_map(|column| names.iter().position(|name| name == column))?;
        Some(table)
    }

    fn records(&self) -> impl Iterator<Item = csv::Result<StringRecord>> + use<'a> {
        ReaderBuilder::new()
            .delimiter(self.separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(&self.text.as_bytes()[self.header..])
            .into_records()
    }

    /// The ids in the rows.
    pub(super) fn devices(&self) -> Result<Vec<Guid>, NotAnId> {
        let rows = self.records().skip(1);
        rows.map(|row| {
            let row = row.map_err(|error| self.not_an_id(error.position(), ""))?;
            let entry = row.get(self.column).unwrap_or_default().trim();
            entry
                .parse()
                .map_err(|_| self.not_an_id(row.position(), entry))
        })
        .collect()
    }

    /// What a row has instead of an id: the entry, or without one, the row itself.
    fn not_an_id(&self, position: Option<&Position>, entry: &str) -> NotAnId {
        let start = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let rest = self.text.get(self.header + start..).unwrap_or_default();
        // What ends the row before belongs to it.
        let row = rest.trim_start_matches(['\r', '\n']);
        let before = &self.text[..self.text.len() - row.len()];
        let shown = match entry {
            "" => row.lines().next().unwrap_or_default().trim(),
            entry => entry,
        };
        NotAnId {
            line: before.matches('\n').count() + 1,
            shown: shown.to_owned(),
        }
    }
}

/// The name of a column in lower case, in one word: `Device ID`, `DeviceId` and `device-id` are one.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, ' ' | '-' | '_'));
    letters.flat_map(char::to_lowercase).collect()
}
