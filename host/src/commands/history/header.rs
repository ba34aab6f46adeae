//! What the history says of a run before it begins: whose devices, which, how, and by what.

use intune_sync_egress::TokenCache;
use intune_sync_history::{Header, Subject};
use intune_sync_settings::Group;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    cli::{HistoryOptions, JobOptions},
    commands::component::hexadecimal,
};

/// How many ids of devices a selection names; of more it has the digest.
const IDS_SHOWN: usize = 100;

/// The header of a run with this id, of the component with this digest.
pub(super) fn header(
    job: &JobOptions,
    options: &HistoryOptions,
    component_sha256: &[u8],
    tokens: &TokenCache,
    (id, started): (&str, Timestamp),
) -> Header {
    Header {
        id: id.to_owned(),
        started_at: format!("{started:.3}"),
        subject: subject(job, tokens),
        settings: json(&settings(job)),
        selection: json(&selection(job)),
        arguments: json(&options.arguments),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        component_sha256: hexadecimal(component_sha256),
    }
}

/// How the job is done, as flags.
fn settings(job: &JobOptions) -> Vec<String> {
    let mut settings = job.given.flags(Group::Pace);
    settings.extend(job.given.flags(Group::Job));
    settings
}

/// Whose devices, and as whom: what the token says. Of an opaque one, where Graph is and which source it came from.
pub(in crate::commands) fn subject(job: &JobOptions, tokens: &TokenCache) -> Subject {
    let claims = tokens.claims().unwrap_or_default();
    let app = claims.who().unwrap_or("unknown").to_owned();
    Subject {
        cloud: job.cloud.to_string(),
        tenant: claims.tenant.unwrap_or_else(|| job.graph.to_string()),
        app,
    }
}

/// Which devices, as flags. Many names of devices are their digest.
pub(in crate::commands) fn selection(job: &JobOptions) -> Vec<String> {
    let mut given = job.given.clone();
    let mut many = Vec::new();
    for (flag, ids) in [
        ("--device", &mut given.device),
        ("--exclude-device", &mut given.exclude_device),
    ] {
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > IDS_SHOWN {
            let digest = digest(ids.iter().map(|id| id.bits().to_be_bytes()));
            many.extend([
                flag.to_owned(),
                format!("{} devices, sha256 {digest}", ids.len()),
            ]);
            ids.clear();
        }
    }
    let mut selection = given.flags(Group::Criteria);
    selection.extend(given.flags(Group::Selection));
    selection.extend(many);
    for (flag, listed) in [
        ("--devices-from", &job.files.taken),
        ("--exclude-devices-from", &job.files.excluded),
    ] {
        let names = listed.texts();
        if !names.is_empty() {
            selection.push(flag.to_owned());
            selection.push(match names.len() {
                0..=IDS_SHOWN => names.join(", "),
                many => {
                    let digest = digest(names.iter().map(|name| [name.as_bytes(), &[0]].concat()));
                    format!("{many} names, sha256 {digest}")
                }
            });
        }
    }
    selection
}

fn digest(parts: impl Iterator<Item = impl AsRef<[u8]>>) -> String {
    let mut digest = Sha256::new();
    parts.for_each(|part| digest.update(part));
    hexadecimal(&digest.finalize())
}

fn json(texts: &[String]) -> String {
    serde_json::to_string(texts).unwrap_or_default()
}
