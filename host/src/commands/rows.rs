//! Rows for people and for spreadsheets.

use crate::output::table;

/// Rows for people, a line each, the columns aligned.
pub(super) fn aligned<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let one_line = |row: [String; N]| row.map(|cell| crate::printer::one_line(&cell));
    table(&rows.map(one_line).collect::<Vec<_>>())
}

/// Rows as CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub(super) fn csv<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        let row = row.map(
            |cell| match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                true => format!("'{cell}"),
                false => cell,
            },
        );
        writer
            .write_record(row)
            .expect("a vector takes everything, and the rows are alike");
    }
    let text = writer.into_inner().expect("a vector takes everything");
    String::from_utf8(text).expect("what was text is text")
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
