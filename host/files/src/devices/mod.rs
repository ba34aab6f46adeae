//! The files that `--devices-from` and `--exclude-devices-from` name: one device id a line, a table with a header, or
//! JSON; as it is, or in a ZIP archive.

mod archive;
mod column;
mod json;
mod table;

use intune_sync_ids::Guid;
use intune_sync_settings::Advice;

pub use self::column::{Column, Holds};
use self::table::Table;
use crate::text::decode;

/// What a file names devices by, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceList {
    /// Their ids in Intune.
    Ids(Vec<Guid>),
    /// Their ids in Entra.
    EntraIds(Vec<Guid>),
    /// Their serial numbers.
    SerialNumbers(Vec<String>),
    /// Their names.
    Names(Vec<String>),
}

/// Reads a file. `name` is what messages call it, `column` the one that the user names.
///
/// # Errors
///
/// An entry that names no device: the message names it.
pub fn parse(
    mut bytes: Vec<u8>,
    name: &str,
    column: Option<&Column>,
) -> Result<DeviceList, Advice> {
    if archive::is_one(&bytes) {
        bytes = archive::only_file(&bytes).map_err(|problem| {
            Advice::new(
                format!("the archive {name} cannot be used: {problem}"),
                "give the CSV file, or a ZIP archive that holds nothing else",
            )
        })?;
    }
    let text = decode(&bytes);
    if json::is_one(&text) {
        if let Some(Column { name: wanted, .. }) = column {
            return Err(Advice::new(
                format!("{name} has no column `{wanted}`: it is JSON"),
                "leave `--devices-column` out: of JSON the `id` of each device is read",
            ));
        }
        return json::devices(&text).map_err(|problem| {
            Advice::new(
                format!("{name} {problem}"),
                "give a list of objects with an `id`, such as the output of `intune-sync plan --list --output json`",
            )
        });
    }
    let Some(table) = Table::find(&text, column) else {
        if let Some(Column { name: wanted, .. }) = column {
            return Err(Advice::new(
                format!("{name} has no column `{wanted}`"),
                "give a name from its first line with `--devices-column`",
            ));
        }
        let devices = list(&text).map_err(|wrong| wrong.advice(name, None))?;
        return Ok(DeviceList::Ids(devices));
    };
    let holds = table.holds();
    let devices = match holds {
        Holds::Ids => table.entries().map(DeviceList::Ids),
        Holds::EntraIds => table.entries().map(DeviceList::EntraIds),
        Holds::SerialNumbers => table.entries().map(DeviceList::SerialNumbers),
        Holds::Names => table.entries().map(DeviceList::Names),
    };
    devices.map_err(|wrong| wrong.advice(name, Some(holds)))
}

impl DeviceList {
    /// Whether it names no device.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Ids(ids) | Self::EntraIds(ids) => ids.is_empty(),
            Self::SerialNumbers(texts) | Self::Names(texts) => texts.is_empty(),
        }
    }
}

/// What an entry is read as.
trait Entry: Sized {
    fn read(entry: &str) -> Option<Self>;
}

impl Entry for Guid {
    /// Exports have an id of zeros where there is none.
    fn read(entry: &str) -> Option<Self> {
        entry.parse().ok().filter(|id: &Self| id.bits() != 0)
    }
}

impl Entry for String {
    fn read(entry: &str) -> Option<Self> {
        (!entry.is_empty()).then(|| entry.to_owned())
    }
}

/// An entry that names no device, and on which line.
struct NotADevice {
    line: usize,
    shown: String,
    /// It opens a quote that is never closed.
    open_quote: bool,
}

impl NotADevice {
    fn advice(self, name: &str, holds: Option<Holds>) -> Advice {
        let Self {
            line,
            shown,
            open_quote,
        } = self;
        let shown: String = shown.chars().take(80).collect();
        let what = holds.unwrap_or(Holds::Ids).one();
        let hint = match holds {
            None => format!(
                "give one GUID a line, such as `00112233-4455-6677-8899-aabbccddeeff`, or a CSV with a column {}, or \
                 name the column with `--devices-column`",
                column::OFFERED
            ),
            Some(Holds::Ids | Holds::EntraIds) => {
                "correct it, remove the row, or name another column with `--devices-column`"
                    .to_owned()
            }
            Some(Holds::SerialNumbers | Holds::Names) => {
                "fill it in, remove the row, or name another column with `--devices-column`"
                    .to_owned()
            }
        };
        if open_quote {
            return Advice::new(
                format!("{name}, line {line}: a quote is opened in `{shown}` and never closed"),
                "close it, or write two for one that is meant",
            );
        }
        Advice::new(
            format!("{name}, line {line}: `{shown}` is not {what}"),
            hint,
        )
    }
}

/// The ids of a list: one a line; from a `#` on, a line is a comment.
fn list(text: &str) -> Result<Vec<Guid>, NotADevice> {
    let entries = text.lines().enumerate().filter_map(|(at, line)| {
        let (entry, _comment) = line.split_once('#').unwrap_or((line, ""));
        Some((at + 1, entry.trim())).filter(|(_, entry)| !entry.is_empty())
    });
    entries
        .map(|(line, entry)| {
            entry.parse().map_err(|_| NotADevice {
                line,
                shown: entry.to_owned(),
                open_quote: false,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use miniz_oxide::deflate::compress_to_vec;
    use rawzip::{CompressionMethod, ZipArchiveWriter};

    use super::*;

    const A: &str = "00112233-4455-6677-8899-aabbccddeeff";
    const B: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

    fn ids(bytes: impl AsRef<[u8]>) -> Result<Vec<String>, String> {
        let devices = parse(bytes.as_ref().to_vec(), "`x`", None);
        match devices.map_err(|error| error.message)? {
            DeviceList::Ids(ids) if ids.is_empty() => Err("no device".to_owned()),
            DeviceList::Ids(ids) => Ok(ids.iter().map(ToString::to_string).collect()),
            other => Err(format!("{other:?}")),
        }
    }

    fn both() -> Result<Vec<String>, String> {
        Ok(vec![A.to_owned(), B.to_owned()])
    }

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
            assert_eq!(ids(&text), both(), "{text}");
        }
    }

    #[test]
    fn a_row_is_no_comment_whatever_it_begins_with() {
        for text in [
            format!("Name,Id\n#1 reception,{A}\nPC,{B}\n"),
            format!("#,Id\n#1,{A}\n#2,{B}\n"),
            format!("# of all,\tsince 9:00\nName,Id\n#1,{A}\n#2,{B}\n"),
            format!("Name,Id\nPC #1,{A}\n\"#2\",{B}\n"),
        ] {
            assert_eq!(ids(&text), both(), "{text}");
        }
    }

    #[test]
    fn tables_are_read_as_programs_write_them() {
        for text in [
            format!("Name,Id\n\"two\nlines\",{A}\n\"PC\r\n\",{B}\n"),
            format!("\"Name\nand owner\",Id\nPC,{A}\nPC,{B}\n"),
            format!("sep=;\r\nName;Id\r\nPC, old;{A}\r\nPC;{B}\r\n"),
            format!("sep=\t\nName\tId\nPC\t{A}\nPC\t{B}\n"),
            format!("sep=|\nName|Id\nPC|{A}\nPC|{B}\n"),
            format!("\u{feff}SEP=;\nId\n{A}\n{B}\n"),
            format!("Name, short;Device ID\nPC;{A}\nPC, old;{B}\n"),
            format!("Name, short\tDevice ID\nPC\t{A}\nPC\t{B}\n"),
            format!("\n\nName,Id\n\nPC,{A}\n\nPC,{B}\n"),
            format!("Name,Id\nPC,{A},one too many\nPC,{B}"),
        ] {
            assert_eq!(ids(&text), both(), "{text}");
        }
    }

    #[test]
    fn the_column_of_ids_has_many_names() {
        for name in [
            "Id",
            "ID",
            " id ",
            "Device ID",
            "DeviceId",
            "device_id",
            "managedDeviceId",
            "Intune device ID",
            "IntuneDeviceID",
            "Geräte-ID",
        ] {
            let text = format!("Name;{name};OS\nPC;{A};Windows\nPC;{B};\n");
            assert_eq!(ids(&text), both(), "{name}");
        }
        let text = format!("DeviceId,managedDeviceId,Id\n{B},{A},x\n{A},{B},x\n");
        assert_eq!(ids(&text), both(), "the one that says most counts");
    }

    #[test]
    fn a_file_can_be_encoded_as_windows_does() {
        let text = format!("Name;Geräte-ID\nGerät;{A}\nPC;{B}\n");
        let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(order).collect()
        };
        let (little, big) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
        let windows: Vec<u8> = text
            .chars()
            .map(|c| u8::try_from(c).expect("Latin-1"))
            .collect();
        for bytes in [
            [b"\xff\xfe".as_slice(), &little].concat(),
            [b"\xfe\xff".as_slice(), &big].concat(),
            [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(),
            little,
            big,
            windows,
        ] {
            assert_eq!(ids(&bytes), both(), "{bytes:?}");
        }
    }

    /// An archive of files, each with its name.
    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = ZipArchiveWriter::new(Vec::new());
        for (name, text) in files {
            let file = archive
                .new_file(name)
                .compression_method(CompressionMethod::DEFLATE);
            let (mut entry, config) = file.start().expect("a file");
            let mut sums = config.wrap(io::sink());
            sums.write_all(text.as_bytes()).expect("counted");
            let (_, descriptor) = sums.finish().expect("counted");
            entry
                .write_all(&compress_to_vec(text.as_bytes(), 6))
                .expect("its text");
            entry.finish(descriptor).expect("the end of a file");
        }
        archive.finish().expect("an archive")
    }

    #[test]
    fn an_archive_is_read_as_it_is_downloaded() {
        let text = format!("\u{feff}Device name,Device ID\nPC,{A}\nPC,{B}\n");
        let export = ("DevicesWithInventory_1.csv", text.as_str());
        assert_eq!(ids(archive(&[export])), both());
        let of_a_mac = [export, ("__MACOSX/._DevicesWithInventory_1.csv", "x")];
        assert_eq!(ids(archive(&of_a_mac)), both());

        let several = ids(archive(&[export, ("b.csv", "")])).expect_err("two files");
        let expected = "the archive `x` cannot be used: it does not hold exactly one file";
        assert_eq!(several, expected);
        assert_eq!(ids(archive(&[])).expect_err("no file"), expected);
        let mut broken = archive(&[export]);
        broken.truncate(60);
        let broken = ids(&broken).expect_err("half an archive");
        assert!(
            broken.starts_with("the archive `x` cannot be used: "),
            "{broken}"
        );
    }

    #[test]
    fn a_file_can_name_no_device() {
        for text in [
            "",
            "# nothing\n\n",
            "id,name\n",
            "Name\n",
            "[]",
            r#"{"Failures":[]}"#,
        ] {
            let devices = parse(text.as_bytes().to_vec(), "`x`", None);
            assert!(devices.expect(text).is_empty(), "{text}");
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
                "`ids.txt`, line 2: `x` is not an Entra device id",
            ),
            (
                format!("id,name\n{A},PC\n,PC\n"),
                "`ids.txt`, line 3: `,PC` is not a device id",
            ),
            (
                format!("name,id\n\"PC,{A}\n"),
                "`ids.txt`, line 2: a quote is opened in `\"PC,00112233-4455-6677-8899-aabbccddeeff` and never closed",
            ),
            (
                format!("name,id\nPC,{A}x\n"),
                "`ids.txt`, line 2: `00112233-4455-6677-8899-aabbccddeeffx` is not a device id",
            ),
            (
                format!("sep=;\r\n\r\nname;id\r\n\"two\r\nlines\";{A}\r\n\r\n\"PC\";x\r\n"),
                "`ids.txt`, line 7: `x` is not a device id",
            ),
            (
                format!("id,name\n{A},\"PC\n{B},PC\n"),
                "`ids.txt`, line 2: a quote is opened in `00112233-4455-6677-8899-aabbccddeeff,\"PC` and never closed",
            ),
        ] {
            let error = parse(text.into_bytes(), "`ids.txt`", None).expect_err(expected);
            assert_eq!(error.message, expected);
        }
    }

    #[test]
    fn other_columns_name_devices_too() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let id = A.parse().expect("an id");
        for (text, column, expected) in [
            (
                "Device name,Owner\n PC-1 ,x\n\"Küche, 2\",y\n".to_owned(),
                None,
                DeviceList::Names(texts(&["PC-1", "Küche, 2"])),
            ),
            (
                "Seriennummer;Name\n5CD0;PC\n".to_owned(),
                None,
                DeviceList::SerialNumbers(texts(&["5CD0"])),
            ),
            (
                format!("Device name,Microsoft Entra Device ID\nPC,{A}\n"),
                None,
                DeviceList::EntraIds(vec![id]),
            ),
            (
                format!("Asset,Device ID\nPC-1,{A}\n"),
                Some("Asset"),
                DeviceList::Names(texts(&["PC-1"])),
            ),
            (
                format!("Asset,Device ID\n{A},x\n"),
                Some("asset"),
                DeviceList::Ids(vec![id]),
            ),
            (
                "Asset\n0012\n".to_owned(),
                Some("Asset=serial-number"),
                DeviceList::SerialNumbers(texts(&["0012"])),
            ),
        ] {
            let column = column.map(|column| column.parse::<Column>().expect("a column"));
            let devices = parse(text.clone().into_bytes(), "`x`", column.as_ref());
            assert_eq!(devices, Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_another_column_is_named() {
        for (text, column, expected) in [
            (
                "Serial number,Name\n,PC\n",
                None,
                "`x`, line 2: `,PC` is not a serial number",
            ),
            (
                "Name\nPC\n \n\"\"\n",
                None,
                "`x`, line 3: `` is not a device name",
            ),
            ("Owner\nPC\n", Some("Asset"), "`x` has no column `Asset`"),
            (
                "Azure AD Device ID\n00000000-0000-0000-0000-000000000000\n",
                None,
                "`x`, line 2: `00000000-0000-0000-0000-000000000000` is not an Entra device id",
            ),
            ("[]", Some("Asset"), "`x` has no column `Asset`: it is JSON"),
            ("[{}]", None, "`x` has no device id in `{}`"),
        ] {
            let column = column.map(|column| column.parse::<Column>().expect("a column"));
            let error = parse(text.as_bytes().to_vec(), "`x`", column.as_ref());
            assert_eq!(error.expect_err(text).message, expected);
        }
    }
}
