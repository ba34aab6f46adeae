//! The bulk action `executeAction`.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// The bulk action `executeAction`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BulkConfig {
    /// How it is refused, if it is.
    pub refusal: Option<BulkRefusal>,
    /// The most ids in a call.
    pub max_ids: NonZeroU32,
    /// Whether too many ids give 413 instead of 400.
    pub too_large: bool,
    /// Whether the result is wrapped in `"value"`.
    pub wrapped: bool,
    /// How a call is charged.
    pub cost: BulkCost,
}

impl Default for BulkConfig {
    fn default() -> Self {
        Self {
            refusal: None,
            max_ids: NonZeroU32::new(100).expect("100 is not 0"),
            too_large: false,
            wrapped: false,
            cost: BulkCost::Call,
        }
    }
}

/// How `executeAction` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkRefusal {
    /// 400: no such action.
    BadRequest,
    /// 403: not for this app.
    Forbidden,
    /// 404: no such segment.
    NotFound,
}

/// How an `executeAction` is charged to the quota for writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkCost {
    /// 1 per call.
    Call,
    /// 1 per device.
    Device,
}
