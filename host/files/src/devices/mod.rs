//! The file that `--devices-from` names: one device id a line, or a table with a header; as it is, or in a ZIP archive.

mod archive;
mod table;

use intune_sync_ids::Guid;
use intune_sync_settings::Advice;

use self::table::Table;
use crate::text::decode;

/// The ids in a file, in its order. `name` is what messages call it.
///
/// # Errors
///
/// A file that holds no device, or a line that is not a device id: the message names it.
pub fn parse(mut bytes: Vec<u8>, name: &str) -> Result<Vec<Guid>, Advice> {
    if archive::is_one(&bytes) {
        bytes = archive::only_file(&bytes).map_err(|problem| {
            Advice::new(
                format!("the archive {name} cannot be used: {problem}"),
                "give `--devices-from` the CSV file, or a ZIP archive that holds nothing else",
            )
        })?;
    }
    let text = decode(&bytes);
    let devices = match Table::find(&text) {
        Some(table) => table.devices(),
        None => list(&text),
    };
    let devices = devices.map_err(|NotAnId { line, shown }| {
        let shown: String = shown.chars().take(80).collect();
        Advice::new(
            format!("{name}, line {line}: `{shown}` is not a device id"),
            "give one GUID a line, such as `00112233-4455-6677-8899-aabbccddeeff`, or a CSV with a column `Id` or \
             `Device ID`",
        )
    })?;
    if devices.is_empty() {
        return Err(Advice::new(
            format!("{name} holds no device id"),
            "write the ids of the devices to sync into it, one a line",
        ));
    }
    Ok(devices)
}

/// What is not a device id, and on which line.
struct NotAnId {
    line: usize,
    shown: String,
}

/// The ids of a list: one a line; from a `#` on, a line is a comment.
fn list(text: &str) -> Result<Vec<Guid>, NotAnId> {
    let entries = text.lines().enumerate().filter_map(|(at, line)| {
        let (entry, _comment) = line.split_once('#').unwrap_or((line, ""));
        Some((at + 1, entry.trim())).filter(|(_, entry)| !entry.is_empty())
    });
    entries
        .map(|(line, entry)| {
            entry.parse().map_err(|_| NotAnId {
                line,
                shown: entry.to_owned(),
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
        let devices = parse(bytes.as_ref().to_vec(), "`x`").map_err(|error| error.message)?;
        Ok(devices.iter().map(ToString::to_string).collect())
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
    fn an_empty_file_does_not_lead_to_the_whole_fleet() {
        let error = parse(Vec::new(), "`x`").expect_err("no id");
        assert_eq!(
            error.hint,
            "write the ids of the devices to sync into it, one a line"
        );
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
            (
                format!("sep=;\r\n\r\nname;id\r\n\"two\r\nlines\";{A}\r\n\r\n\"PC\";x\r\n"),
                "`ids.txt`, line 7: `x` is not a device id",
            ),
            ("".into(), "`ids.txt` holds no device id"),
            ("# nothing\n\n".into(), "`ids.txt` holds no device id"),
            ("id,name\n".into(), "`ids.txt` holds no device id"),
        ] {
            let error = parse(text.into_bytes(), "`ids.txt`").expect_err(expected);
            assert_eq!(error.message, expected);
        }
    }
}
