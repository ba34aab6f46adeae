//! A long table of devices: the first rows are in the page as they are, all of them are data for its script, which
//! sorts, filters, copies and downloads them.

use intune_sync_report::{devices, escape_json};
use serde::Serialize;

/// How many rows the page has without its script. The script shows this many at a time.
pub(crate) const ROWS_SHOWN: usize = 100;

/// A long table.
#[derive(Debug)]
pub(crate) struct Listing<const N: usize> {
    /// What its data is called in the page.
    pub(crate) id: &'static str,
    /// What it lists, in one phrase.
    pub(crate) caption: &'static str,
    /// The names of the values of a row.
    pub(crate) columns: [&'static str; N],
    /// The cells of the table: what each is called, and which values it has, the main one first.
    pub(crate) cells: &'static [(&'static str, &'static [usize])],
    pub(crate) rows: Vec<[String; N]>,
}

/// A cell, as the page has it without its script.
pub(crate) struct Cell<'a> {
    pub(crate) label: &'static str,
    pub(crate) main: &'a str,
    pub(crate) rest: Vec<&'a str>,
}

impl<const N: usize> Listing<N> {
    /// The rows that are there without the script.
    pub(crate) fn first(&self) -> impl Iterator<Item = Vec<Cell<'_>>> {
        self.rows.iter().take(ROWS_SHOWN).map(|row| {
            let cell = |(label, values): &(&'static str, &[usize])| {
                let mut values = values.iter().map(|value| row[*value].as_str());
                Cell {
                    label,
                    main: values.next().unwrap_or_default(),
                    rest: values.filter(|value| !value.is_empty()).collect(),
                }
            };
            self.cells.iter().map(cell).collect()
        })
    }

    /// How many devices the page does not show without its script, if there are more.
    pub(crate) fn beyond(&self) -> Option<String> {
        let beyond = self.rows.len().saturating_sub(ROWS_SHOWN);
        (beyond > 0).then(|| devices(beyond as u64))
    }

    /// All rows, for the script. Nothing in it can end the element around it.
    pub(crate) fn json(&self) -> String {
        /// What the script reads.
        #[derive(Serialize)]
        struct Data<'a> {
            columns: &'a [&'static str],
            cells: Vec<&'a [usize]>,
            rows: Vec<&'a [String]>,
        }
        let data = Data {
            columns: &self.columns,
            cells: self.cells.iter().map(|(_, values)| *values).collect(),
            rows: self.rows.iter().map(<[String; N]>::as_slice).collect(),
        };
        let json = serde_json::to_string(&data).expect("it is plain data with text keys");
        // In JSON these occur within texts only.
        escape_json(&json)
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
    }
}
