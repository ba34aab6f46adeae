//! Rows for people and for spreadsheets.

use std::io::{self, Write};

use crate::output::table;

/// Rows for people, a line each, the columns aligned.
pub(super) fn aligned<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let one_line = |row: [String; N]| row.map(|cell| crate::printer::one_line(&cell));
    table(&rows.map(one_line).collect::<Vec<_>>())
}

/// Rows as CSV.
pub(super) fn csv<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = Vec::new();
    let mut writer = Csv::to(&mut text);
    for row in rows {
        writer
            .write(row)
            .expect("a vector takes everything, and the rows are alike");
    }
    writer.end().expect("a vector takes everything");
    String::from_utf8(text).expect("what was text is text")
}

/// Writes rows as CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub(super) struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    pub(super) fn to(output: W) -> Self {
        let mut builder = csv::WriterBuilder::new();
        builder
            .quote_style(csv::QuoteStyle::Always)
            .terminator(csv::Terminator::CRLF);
        Self(builder.from_writer(output))
    }

    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn write<const N: usize>(&mut self, row: [String; N]) -> io::Result<()> {
        let row = row.map(
            |cell| match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                true => format!("'{cell}"),
                false => cell,
            },
        );
        Ok(self.0.write_record(row)?)
    }

    /// # Errors
    ///
    /// When what is left cannot be written.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_csv_are_quoted_and_never_formulas() {
        let row = ["a,b", "say \"x\"", "=1+1", "", "PC-1"].map(str::to_owned);
        assert_eq!(
            csv([row].into_iter()),
            "\"a,b\",\"say \"\"x\"\"\",\"'=1+1\",\"\",\"PC-1\"\r\n"
        );
    }
}
