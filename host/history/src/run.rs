//! A run as the history keeps it.

use intune_sync_wit::{Learned, Summary};
use rusqlite::Row;
use serde::Serialize;

/// Whose devices a run syncs, and as whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The cloud: `public`.
    pub cloud: String,
    /// The tenant's id.
    pub tenant: String,
    /// The id of the application, or of the account that signed in.
    pub app: String,
}

impl Subject {
    /// What differs between two, each with both values: `tenant a instead of b`.
    #[must_use]
    pub fn difference(&self, earlier: &Self) -> Vec<String> {
        let fields = [
            ("cloud", &self.cloud, &earlier.cloud),
            ("tenant", &self.tenant, &earlier.tenant),
            ("identity", &self.app, &earlier.app),
        ];
        fields
            .into_iter()
            .filter(|(_, now, then)| now != then)
            .map(|(name, now, then)| format!("{name} `{now}` instead of `{then}`"))
            .collect()
    }
}

/// What is known of a run when it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its id, as the output has it.
    pub id: String,
    /// When it began: RFC 3339, in UTC.
    pub started_at: String,
    /// Whose devices, and as whom.
    pub subject: Subject,
    /// The settings, as JSON, without the selection.
    pub settings: String,
    /// Which devices, as JSON.
    pub selection: String,
    /// The arguments of the command, as JSON.
    pub arguments: String,
    /// The program's version.
    pub program: String,
    /// The component's digest.
    pub component_sha256: String,
}

/// How a run ended, under the names that the output has for it.
pub type RunOutcome = String;

/// The counts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Devices that the selection matched.
    pub total: u64,
    /// Accepted.
    pub success: u64,
    /// Failed.
    pub error: u64,
    /// Matched, but cannot sync.
    pub skipped: u64,
    /// No longer there.
    pub gone: u64,
    /// Without a final outcome.
    pub pending: u64,
    /// Batches that are done.
    pub batches: u64,
    /// What was sent again after a transient failure.
    pub retries: u64,
    /// What got a 429.
    pub throttled: u64,
    /// HTTP requests.
    pub requests: u64,
    /// In milliseconds.
    pub duration_ms: u64,
}

impl From<&Summary> for Totals {
    fn from(summary: &Summary) -> Self {
        Self {
            total: summary.total.into(),
            success: summary.success.into(),
            error: summary.error.into(),
            skipped: summary.skipped.into(),
            gone: summary.gone.into(),
            pending: summary.pending.into(),
            batches: summary.batches.into(),
            retries: summary.retries,
            throttled: summary.throttled,
            requests: summary.requests,
            duration_ms: summary.duration,
        }
    }
}

impl Totals {
    /// Adds what earlier parts have done to the summary of the last one.
    #[must_use]
    pub fn and(&self, part: Summary) -> Summary {
        let add = |earlier: u64, now: u32| {
            u32::try_from(earlier.saturating_add(now.into())).unwrap_or(u32::MAX)
        };
        Summary {
            total: add(self.total - self.pending, part.total),
            success: add(self.success, part.success),
            error: add(self.error, part.error),
            skipped: add(self.skipped, part.skipped),
            gone: add(self.gone, part.gone),
            pending: part.pending,
            batches: add(self.batches, part.batches),
            retries: self.retries + part.retries,
            throttled: self.throttled + part.throttled,
            requests: self.requests + part.requests,
            duration: self.duration_ms + part.duration,
            status: part.status,
        }
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// What it did: `sync`.
    pub purpose: String,
    /// Whose devices, and as whom.
    #[serde(flatten)]
    pub subject: Subject,
    /// The settings, as JSON.
    pub settings: String,
    /// Which devices, as JSON.
    pub selection: String,
    /// The arguments of the command, as JSON.
    pub arguments: String,
    /// The version of the program.
    pub program: String,
    /// The component's digest.
    pub component_sha256: String,
    /// The run of which this one is the next part.
    pub resumes: Option<String>,
    /// How it ended. None for a run under way, and for one that was killed.
    pub outcome: Option<RunOutcome>,
    /// Why it ended before its work was done, in one sentence without a full stop.
    pub problem: Option<String>,
    /// What helps, in one sentence without a full stop.
    pub hint: Option<String>,
    /// The counts, of all parts so far.
    #[serde(flatten)]
    pub totals: Totals,
    /// The hash of the last request.
    pub evidence_sha256: Option<String>,
    /// Syncs in 1,000 seconds that are known to be admitted. None if nothing was throttled.
    pub learned_rate: Option<u64>,
    /// Whether a bulk call counts as one write for each device that it carries.
    pub bulk_counts_devices: Option<bool>,
    /// How far this machine's clock was ahead of Graph's, in milliseconds. None if it hardly was.
    pub clock_ahead_ms: Option<i64>,
    /// When to find out who has checked in, in milliseconds since 1970. None if nobody has asked for that.
    pub confirm_at: Option<i64>,
    /// When that was done: RFC 3339, in UTC.
    pub confirmed_at: Option<String>,
}

impl Run {
    pub(crate) const COLUMNS: &str = "id, started_at, ended_at, purpose, cloud, tenant, app, settings, selection, \
        arguments, program, component_sha256, resumes, outcome, problem, hint, total, success, error, skipped, gone, pending, \
        batches, retries, throttled, requests, duration_ms, evidence_sha256, learned_rate, bulk_counts_devices, clock_ahead_ms, confirm_at, confirmed_at";

    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let count = |name: &str| {
            row.get::<_, i64>(name)
                .map(|count| u64::try_from(count).unwrap_or(0))
        };
        Ok(Self {
            id: row.get("id")?,
            started_at: row.get("started_at")?,
            ended_at: row.get("ended_at")?,
            purpose: row.get("purpose")?,
            subject: Subject {
                cloud: row.get("cloud")?,
                tenant: row.get("tenant")?,
                app: row.get("app")?,
            },
            settings: row.get("settings")?,
            selection: row.get("selection")?,
            arguments: row.get("arguments")?,
            program: row.get("program")?,
            component_sha256: row.get("component_sha256")?,
            resumes: row.get("resumes")?,
            outcome: row.get("outcome")?,
            problem: row.get("problem")?,
            hint: row.get("hint")?,
            totals: Totals {
                total: count("total")?,
                success: count("success")?,
                error: count("error")?,
                skipped: count("skipped")?,
                gone: count("gone")?,
                pending: count("pending")?,
                batches: count("batches")?,
                retries: count("retries")?,
                throttled: count("throttled")?,
                requests: count("requests")?,
                duration_ms: count("duration_ms")?,
            },
            evidence_sha256: row.get("evidence_sha256")?,
            learned_rate: row
                .get::<_, Option<i64>>("learned_rate")?
                .and_then(|rate| u64::try_from(rate).ok()),
            bulk_counts_devices: row.get("bulk_counts_devices")?,
            clock_ahead_ms: row.get("clock_ahead_ms")?,
            confirm_at: row.get("confirm_at")?,
            confirmed_at: row.get("confirmed_at")?,
        })
    }

    /// What it has learned about the quota.
    #[must_use]
    pub fn learned(&self) -> Option<Learned> {
        Some(Learned {
            rate: self.learned_rate?,
            bulk_counts_devices: self.bulk_counts_devices.unwrap_or_default(),
        })
    }

    /// What it was when it began.
    pub(crate) fn header(&self) -> Header {
        Header {
            id: self.id.clone(),
            started_at: self.started_at.clone(),
            subject: self.subject.clone(),
            settings: self.settings.clone(),
            selection: self.selection.clone(),
            arguments: self.arguments.clone(),
            program: self.program.clone(),
            component_sha256: self.component_sha256.clone(),
        }
    }

    /// Whether it is done, but was to find out later who has checked in, and has not yet.
    #[must_use]
    pub fn awaits_confirmation(&self) -> bool {
        !self.is_unfinished() && self.confirm_at.is_some() && self.confirmed_at.is_none()
    }

    /// Whether there is something left that another part can do.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        let Totals { total, pending, .. } = self.totals;
        match self.outcome.as_deref() {
            None => true,
            Some(outcome) => pending > 0 || total == 0 && !outcome.starts_with("completed"),
        }
    }
}

/// What became of a device, as the history writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceOutcome {
    /// No final outcome yet.
    Pending,
    /// Intune has queued the check-in.
    Accepted,
    /// It was refused, or tried too often.
    Failed,
    /// It cannot sync.
    Skipped,
    /// It no longer exists.
    Gone,
}

impl DeviceOutcome {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Accepted,
        Self::Failed,
        Self::Skipped,
        Self::Gone,
    ];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Gone => "gone",
        }
    }
}
