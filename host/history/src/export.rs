//! Everything that the history has of a run, as JSON lines.

use std::{
    io::{self, Write},
    ops::ControlFlow,
};

use serde::Serialize;

use crate::{DeviceFilter, Error, Evidence, History, Run, Wait, read::Device};

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] Error),
    /// The lines cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// A line.
#[derive(Serialize)]
#[serde(tag = "table", rename_all = "lowercase")]
enum Line<'a> {
    Run(&'a Run),
    Device(&'a Device),
    Request {
        run: &'a str,
        seq: i64,
        at: i64,
        kind: &'a str,
        devices: Vec<&'a str>,
        status: Option<u16>,
        request_id: Option<&'a str>,
        ms: Option<i64>,
        hash: Option<String>,
    },
    Wait {
        run: &'a str,
        #[serde(flatten)]
        wait: Wait,
    },
}

impl History {
    /// Writes a run, with the parts that it resumes: a line for each part, each device with its last outcome, and each
    /// request and each wait.
    ///
    /// # Errors
    ///
    /// When there is no such run, the history cannot be read, or the lines not be written.
    pub fn export(&self, run: &str, output: &mut impl Write) -> Result<(), ExportError> {
        let parts = self.parts(&self.run(run)?.id)?;
        for part in &parts {
            line(output, &Line::Run(&self.run(part)?))?;
        }
        self.devices(run, DeviceFilter::All, |device| {
            line(output, &Line::Device(&device)).map_err(ExportError::from)
        })?;
        for part in parts.iter().rev() {
            let mut written = Ok(());
            self.rows(part, i64::MIN, |row, hash| {
                let request = Line::Request {
                    run: part,
                    seq: row.seq,
                    at: row.at,
                    kind: &row.kind,
                    devices: row.devices.split_whitespace().collect(),
                    status: row.status,
                    request_id: row.request_id.as_deref(),
                    ms: row.ms,
                    hash: hash.and_then(|hash| Some(Evidence::from_bytes(&hash)?.to_string())),
                };
                written = line(output, &request);
                Ok(match written {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                })
            })?;
            written?;
        }
        for part in parts.iter().rev() {
            for wait in self.waits(part)? {
                line(output, &Line::Wait { run: part, wait })?;
            }
        }
        Ok(())
    }
}

fn line(output: &mut impl Write, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")
}
