//! The file that `--devices-from` names: one device id a line, or a CSV with a header.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use intune_sync_ids::Guid;
use intune_sync_settings::Advice;

/// The names of the column that holds Intune's device id, in Graph's exports and in the admin center's.
const COLUMNS: [&str; 2] = ["id", "device id"];

/// The ids in the file, in its order; `-` is standard input.
///
/// # Errors
///
/// A file that cannot be read, that holds no device, or a line that is not a device id: the message names it.
pub(in crate::cli) fn read(path: &Path) -> Result<Vec<Guid>, Advice> {
    if path.as_os_str() == "-" {
        return parse(io::stdin().lock(), "standard input");
    }
    let name = format!("`{}`", path.display());
    let unreadable = |error: &io::Error| {
        Advice::new(
            format!("{name} cannot be read: {error}"),
            "`--devices-from` takes a file with one device id a line, or `-` for standard input",
        )
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(unreadable(&io::ErrorKind::IsADirectory.into()));
    }
    parse(BufReader::new(file), &name)
}

fn parse(mut reader: impl BufRead, name: &str) -> Result<Vec<Guid>, Advice> {
    let mut devices = Vec::new();
    let mut layout = None;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(|error| {
            Advice::new(
                format!("{name} cannot be read: {error}"),
                "check the file that `--devices-from` names",
            )
        })?;
        if length == 0 {
            break;
        }
        let text = str::from_utf8(&line).map_err(|_| {
            Advice::new(
                format!("{name}, line {number}: this is not UTF-8 text"),
                "save the file as UTF-8; in PowerShell: `Out-File -Encoding utf8`",
            )
        })?;
        let text = if number == 1 {
            text.trim_start_matches('\u{feff}')
        } else {
            text
        }
        .trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let entry = match layout.get_or_insert_with(|| Layout::of(text)) {
            Layout::Unread(table) => {
                layout = Some(Layout::Table(*table));
                continue;
            }
            Layout::Table(table) => table.field(text).unwrap_or_default(),
            Layout::List => text
                .split_once('#')
                .map_or(text, |(entry, _comment)| entry.trim_end())
                .to_owned(),
        };
        let id: Guid = entry.trim().parse().map_err(|_| {
            let shown: String = if entry.is_empty() { text } else { &entry }.chars().take(80).collect();
            Advice::new(
                format!("{name}, line {number}: `{shown}` is not a device id"),
                "give one GUID a line, such as `00112233-4455-6677-8899-aabbccddeeff`, or a CSV with a column `Id` or \
                 `Device ID`",
            )
        })?;
        devices.push(id);
    }
    if devices.is_empty() {
        return Err(Advice::new(
            format!("{name} holds no device id"),
            "leave `--devices-from` out to select from the whole fleet",
        ));
    }
    Ok(devices)
}

/// How the file is laid out, which its first line says.
enum Layout {
    /// One a line.
    List,
    /// In a table, of which the header is still to be passed over.
    Unread(Table),
    /// In a table.
    Table(Table),
}

impl Layout {
    fn of(first: &str) -> Self {
        let separator = [',', ';', '\t']
            .into_iter()
            .find(|separator| first.contains(*separator))
            .unwrap_or(',');
        let column = fields(first, separator).and_then(|header| {
            header.iter().position(|field| {
                COLUMNS
                    .iter()
                    .any(|column| field.trim().eq_ignore_ascii_case(column))
            })
        });
        column.map_or(Self::List, |column| {
            Self::Unread(Table { separator, column })
        })
    }
}

/// A CSV file.
#[derive(Clone, Copy)]
struct Table {
    separator: char,
    column: usize,
}

impl Table {
    /// The device id in a row; `None` if the row ends before it or is malformed.
    fn field(self, row: &str) -> Option<String> {
        fields(row, self.separator)?.into_iter().nth(self.column)
    }
}

/// The fields of a row. In quotes a separator is text, and a doubled quote is one. None where a quote stays open.
fn fields(row: &str, separator: char) -> Option<Vec<String>> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = row.chars().peekable();
    while let Some(c) = chars.next() {
        let field = fields.last_mut().expect("there is one from the start");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            _ if c == separator && !quoted => fields.push(String::new()),
            _ => field.push(c),
        }
    }
    (!quoted).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00112233-4455-6677-8899-aabbccddeeff";
    const B: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

    #[test]
    fn lists_and_tables_are_read() {
        for text in [
            format!("{A}\n{B}\n"),
            format!("\u{feff}# fleet\r\n\r\n{A} # reception\r\n  {B}"),
            format!("Id\n{A}\n{B}\n"),
            format!("#TYPE System.Object\n\"Id\"\n\"{A}\"\n\"{B}\"\n"),
            format!("Device name,Device ID,OS\n\"PC, the \"\"first\"\"\",{A},Windows\n,{B},\n"),
            format!("name;azureADDeviceId;ID\nPC;{B};{A}\nPC;{A};{B}\n"),
            format!("id\tname\n{A}\tPC\n{B}\tPC\n"),
        ] {
            assert_eq!(
                parse(text.as_bytes(), "x").as_deref(),
                Ok([A, B].map(|id| id.parse().expect("a GUID")).as_slice()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_bad_line_is_named_by_file_number_and_value() {
        for (text, expected) in [
            (
                format!("{A}\n\nfoo # bar\n"),
                "`ids.txt`, line 3: `foo` is not a device id",
            ),
            (
                format!("{A},{B}\n"),
                "`ids.txt`, line 1: `00112233-4455-6677-8899-aabbccddeeff,ffffffff-ffff-ffff-ffff-ffffffffffff` is not a device id",
            ),
            (
                "Name,Azure AD Device ID\nPC,x\n".into(),
                "`ids.txt`, line 1: `Name,Azure AD Device ID` is not a device id",
            ),
            (
                format!("id,name\n{A},PC\n,PC\n"),
                "`ids.txt`, line 3: `,PC` is not a device id",
            ),
            (
                format!("name,id\n\"PC,{A}\n"),
                "`ids.txt`, line 2: `\"PC,00112233-4455-6677-8899-aabbccddeeff` is not a device id",
            ),
            (
                format!("name,id\nPC,{A}x\n"),
                "`ids.txt`, line 2: `00112233-4455-6677-8899-aabbccddeeffx` is not a device id",
            ),
            ("".into(), "`ids.txt` holds no device id"),
            ("# nothing\n\n".into(), "`ids.txt` holds no device id"),
            ("id,name\n".into(), "`ids.txt` holds no device id"),
        ] {
            let error = parse(text.as_bytes(), "`ids.txt`").expect_err(expected);
            assert_eq!(error.message, expected);
        }
        let utf16 = b"\xff\xfe0\x000\x00";
        let error = parse(utf16.as_slice(), "`ids.txt`").expect_err("UTF-16");
        assert_eq!(error.message, "`ids.txt`, line 1: this is not UTF-8 text");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(Path::new("/nowhere/ids.txt")).expect_err("there is no such file");
        assert!(
            error
                .message
                .starts_with("`/nowhere/ids.txt` cannot be read: "),
            "{error}"
        );
        assert!(read(Path::new("/")).is_err());
    }
}
