//! The devices of a run as the test cases that pipelines read: JUnit's XML.
//!
//! There is no standard of it: these are the elements that GitLab, Azure Pipelines and Jenkins read.

use std::io::{self, Write};

use intune_sync_history::{Device, Run, Totals};
use intune_sync_report::one_line;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

/// How many cases end in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    tests: u64,
    failures: u64,
    errors: u64,
    skipped: u64,
}

/// What is written of a device that did not pass.
struct Mark<'a> {
    element: &'static str,
    kind: String,
    message: &'a str,
}

impl Counts {
    pub(super) fn add(&mut self, device: &Device) {
        self.add_mark(mark(device).map(|mark| mark.element));
    }

    fn add_mark(&mut self, element: Option<&str>) {
        self.tests += 1;
        match element {
            Some("failure") => self.failures += 1,
            Some("skipped") => self.skipped += 1,
            Some(_) => self.errors += 1,
            None => {}
        }
    }
}

/// Writes cases, one a device.
pub(super) struct Cases<W: Write>(Writer<W>);

impl<W: Write> Cases<W> {
    /// Begins the file of this run, with these counts of its devices. A run that did not do its work is a case too,
    /// which has an error: where no device was reached, nothing else would say so.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn begin(
        output: W,
        run: &Run,
        totals: &Totals,
        mut counts: Counts,
    ) -> io::Result<Self> {
        let is_done = matches!(
            run.outcome.as_deref(),
            Some("completed" | "completed-with-errors")
        );
        if !is_done {
            counts.add_mark(Some("error"));
        }
        let mut xml = Writer::new(output);
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let counts = [
            ("tests", counts.tests.to_string()),
            ("failures", counts.failures.to_string()),
            ("errors", counts.errors.to_string()),
            ("skipped", counts.skipped.to_string()),
            ("time", seconds(totals.duration_ms)),
        ];
        open(
            &mut xml,
            "testsuites",
            [("name", "intune-sync".to_owned())],
            &counts,
        )?;
        // A time without its zone, as the format has it: UTC.
        let started = run.started_at.split(['.', 'Z']).next().unwrap_or_default();
        let suite = [
            ("name", format!("intune-sync {}", run.id)),
            ("timestamp", started.to_owned()),
        ];
        open(&mut xml, "testsuite", suite, &counts)?;
        let evidence = run.evidence_sha256.clone().unwrap_or_default();
        let properties = [
            ("run", &run.id),
            ("tenant", &run.subject.tenant),
            ("identity", &run.subject.app),
            ("program", &run.program),
            ("component-sha256", &run.component_sha256),
            ("evidence-sha256", &evidence),
        ];
        open(&mut xml, "properties", [], &[])?;
        for (name, value) in properties {
            let property = xml.create_element("property");
            let attributes = [("name", name), ("value", value.as_str())];
            property.with_attributes(attributes).write_empty()?;
        }
        close(&mut xml, "properties")?;
        let mut cases = Self(xml);
        if !is_done {
            let sentence = intune_sync_page::sentence(run, totals);
            let mark = Mark {
                element: "error",
                kind: run
                    .outcome
                    .clone()
                    .unwrap_or_else(|| "not-ended".to_owned()),
                message: &sentence,
            };
            let hint = run.hint.as_deref().map(text).unwrap_or_default();
            cases.case("intune-sync", "the run", Some(&mark), &hint)?;
        }
        Ok(cases)
    }

    /// A device.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn write(&mut self, device: &Device) -> io::Result<()> {
        let os = match device.os.as_str() {
            "" => "unknown".to_owned(),
            os => text(os),
        };
        let name = format!("{} ({})", text(&device.name), device.id);
        let part = |name: &str, part: &Option<String>| match part.as_deref() {
            None | Some("") => String::new(),
            Some(part) => format!("{name}: {}\n", text(part)),
        };
        let details = part("request-id", &device.request_id)
            + &part("client-request-id", &device.client_request_id);
        let class = format!("intune-sync.{os}");
        self.case(&class, &name, mark(device).as_ref(), &details)
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn end(mut self) -> io::Result<()> {
        close(&mut self.0, "testsuite")?;
        close(&mut self.0, "testsuites")?;
        self.0.get_mut().write_all(b"\n")
    }

    fn case(
        &mut self,
        class: &str,
        name: &str,
        mark: Option<&Mark<'_>>,
        details: &str,
    ) -> io::Result<()> {
        self.0.get_mut().write_all(b"\n")?;
        let case = self.0.create_element("testcase");
        let case = case.with_attributes([("classname", class), ("name", name), ("time", "0")]);
        let Some(mark) = mark else {
            return case.write_empty().map(drop);
        };
        let written = case.write_inner_content(|xml| {
            let message = text(mark.message);
            let element = xml.create_element(mark.element);
            let element = match mark.element {
                // The format has no type of it.
                "skipped" => element.with_attribute(("message", message.as_str())),
                _ => element
                    .with_attributes([("type", mark.kind.as_str()), ("message", message.as_str())]),
            };
            match details {
                "" => element.write_empty(),
                details => element.write_text_content(BytesText::new(details)),
            }
            .map(drop)
        });
        written.map(drop)
    }
}

/// What a device is marked with. One that was accepted passes, whether or not it has checked in since.
fn mark(device: &Device) -> Option<Mark<'_>> {
    let message = device.message.as_deref().unwrap_or_default();
    let (element, kind, message) = match device.outcome.as_str() {
        "accepted" => return None,
        "failed" => {
            let status = device.status.map(|status| status.to_string());
            let code = device.code.as_deref().unwrap_or_default();
            let kind = format!("{} {}", status.unwrap_or_default(), text(code));
            let kind = match kind.trim() {
                "" => "no response".to_owned(),
                kind => kind.to_owned(),
            };
            ("failure", kind, message)
        }
        "skipped" => ("skipped", String::new(), message),
        "gone" => ("skipped", String::new(), "no longer in Intune"),
        _ => (
            "error",
            "not-reached".to_owned(),
            "the run did not reach this device",
        ),
    };
    Some(Mark {
        element,
        kind,
        message,
    })
}

/// A text that XML permits: without control characters, and without the two that are not characters at all.
fn text(text: &str) -> String {
    one_line(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

fn open<W: Write, const N: usize>(
    xml: &mut Writer<W>,
    name: &str,
    first: [(&str, String); N],
    rest: &[(&str, String)],
) -> io::Result<()> {
    let mut start = BytesStart::new(name);
    let attributes = first.iter().chain(rest);
    start.extend_attributes(attributes.map(|(name, value)| (*name, value.as_str())));
    xml.get_mut().write_all(b"\n")?;
    xml.write_event(Event::Start(start))
}

fn close<W: Write>(xml: &mut Writer<W>, name: &str) -> io::Result<()> {
    xml.get_mut().write_all(b"\n")?;
    xml.write_event(Event::End(BytesEnd::new(name)))
}

#[cfg(test)]
mod tests {
    use intune_sync_history::{Header, History, Recorder, StateDir, Subject};
    use intune_sync_wit::RunStatus;
    use quick_xml::Reader;

    use super::*;
    use crate::commands::conclusion::nothing_done;

    /// A run as the history has it, with this outcome.
    fn run(outcome: &str) -> Run {
        let folder = tempfile::tempdir().expect("a directory");
        let place = StateDir::at(folder.path());
        let open = || History::open(&place).expect("it can be opened");
        let text = str::to_owned;
        let header = Header {
            id: text("20261126-041500-9c1f"),
            started_at: text("2026-11-26T04:15:00.000Z"),
            subject: Subject {
                cloud: text("public"),
                tenant: text("t"),
                app: text("a"),
            },
            settings: text("[]"),
            selection: text("[]"),
            arguments: text("[]"),
            program: text("0.1.0"),
            component_sha256: text("00"),
        };
        let recorder = Recorder::begin(open(), &header, None);
        let summary = nothing_done(RunStatus::Stopped);
        let ended = recorder
            .expect("it begins")
            .end(&summary, outcome, "2026-11-26T04:16:00Z");
        ended.expect("it ends");
        open().run(&header.id).expect("there is one")
    }

    fn device(name: &str, outcome: &str) -> Device {
        Device {
            id: "0-0".to_owned(),
            name: name.to_owned(),
            os: "Win & \u{1}Mac".to_owned(),
            outcome: outcome.to_owned(),
            attempts: 1,
            status: Some(404),
            code: Some("Not<Found>".to_owned()),
            message: Some(format!("no {name}")),
            request_id: Some("r".to_owned()),
            client_request_id: None,
            at: 0,
            last_sync_at: None,
            checked_in: None,
        }
    }

    /// What a reader of XML makes of the file: the names of elements, each with its attribute `name` or `message`.
    fn written(outcome: &str, devices: &[Device]) -> Vec<(String, String)> {
        let (run, mut counts, mut xml) = (run(outcome), Counts::default(), Vec::new());
        devices.iter().for_each(|device| counts.add(device));
        let cases = Cases::begin(&mut xml, &run, &Totals::default(), counts);
        let mut cases = cases.expect("a vector takes everything");
        for device in devices {
            cases.write(device).expect("a vector takes everything");
        }
        cases.end().expect("a vector takes everything");
        let xml = String::from_utf8(xml).expect("UTF-8");
        let mut reader = Reader::from_str(&xml);
        let mut elements = Vec::new();
        loop {
            match reader.read_event().expect("it is well-formed") {
                Event::Start(start) | Event::Empty(start) => {
                    let mut value = String::new();
                    for attribute in start.attributes() {
                        let attribute = attribute.expect("it is well-formed");
                        if matches!(attribute.key.as_ref(), "name" | "message") {
                            value = quick_xml::escape::unescape(&attribute.value)
                                .expect("it is well-formed")
                                .into_owned();
                        }
                    }
                    elements.push((start.name().as_ref().to_owned(), value));
                }
                Event::Eof => return elements,
                _ => {}
            }
        }
    }

    #[test]
    fn names_stay_text_in_xml_too() {
        let hostile = "a\"/><error/>&\u{0}\u{fffe}\u{202e}b";
        let cases = written("completed-with-errors", &[device(hostile, "failed")]);
        let clean = "a\"/><error/>& \u{fffd} b";
        let last: Vec<(&str, &str)> = cases[cases.len() - 2..]
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let (named, message) = (format!("{clean} (0-0)"), format!("no {clean}"));
        assert_eq!(
            last,
            [("testcase", named.as_str()), ("failure", message.as_str())]
        );
    }

    #[test]
    fn each_outcome_has_its_mark_and_a_run_that_was_stopped_has_one_too() {
        let outcomes = ["accepted", "failed", "skipped", "gone", "pending"];
        let devices = outcomes.map(|outcome| device("PC", outcome));
        let marks = |outcome| -> Vec<String> {
            let elements = written(outcome, &devices).into_iter().map(|(name, _)| name);
            elements
                .filter(|name| ["testcase", "failure", "skipped", "error"].contains(&name.as_str()))
                .collect()
        };
        let of_devices = [
            "testcase", "testcase", "failure", "testcase", "skipped", "testcase", "skipped",
            "testcase", "error",
        ];
        assert_eq!(marks("completed-with-errors"), of_devices);
        assert_eq!(
            marks("stopped"),
            [&["testcase", "error"], &of_devices[..]].concat()
        );
    }
}
