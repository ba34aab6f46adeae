//! The devices of the tenant: their properties follow from seed and index, only their history is stored.

pub(crate) mod device;
pub(crate) mod filter;
pub(crate) mod property;

use intune_sync_ids::Guid;

use crate::{
    clock::{Clock, Millis},
    config::FleetConfig,
    dice::{Dice, Draw, random_guid},
};

/// A device's number, from 0.
pub(crate) type Index = u32;

/// All devices.
pub(crate) struct Fleet {
    pub(crate) config: FleetConfig,
    pub(crate) dice: Dice,
    pub(crate) clock: Clock,
    records: Vec<Record>,
}

/// The history of a device: all the memory that a device takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Record {
    /// Syncs that arrived for it.
    pub(crate) attempts: u16,
    /// Syncs that were executed.
    pub(crate) syncs: u8,
    /// Whether a response has reported the final outcome to the caller.
    pub(crate) known: bool,
    /// When it was last synced, in seconds since the start, plus 1; 0 if it never was.
    synced_at: u32,
}

/// How a sync of a device ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// 204.
    Syncs,
    /// 404.
    Gone,
    /// 400.
    Unsupported,
    /// 500, always.
    Failing,
    /// 403, always.
    Forbidden,
    /// 401, always.
    Unauthorized,
}

impl Fleet {
    pub(crate) fn new(config: FleetConfig, dice: Dice, clock: Clock) -> Self {
        let records = vec![Record::default(); config.devices as usize];
        Self {
            config,
            dice,
            clock,
            records,
        }
    }

    /// How many devices there are.
    pub(crate) fn devices(&self) -> u32 {
        self.config.devices
    }

    /// The history of a device of the fleet.
    pub(crate) fn record(&self, index: Index) -> Record {
        self.records[index as usize]
    }

    /// A sync of the device has arrived. Returns its number, from 1.
    pub(crate) fn attempt(&mut self, index: Index) -> u16 {
        let record = &mut self.records[index as usize];
        record.attempts = record.attempts.saturating_add(1);
        record.attempts
    }

    /// The caller has learned the final outcome of the device.
    pub(crate) fn mark_known(&mut self, index: Index) {
        self.records[index as usize].known = true;
    }

    /// Syncs the device at `now`. Returns how often it has been synced by then.
    pub(crate) fn sync(&mut self, index: Index, now: Millis) -> u8 {
        let record = &mut self.records[index as usize];
        record.syncs = record.syncs.saturating_add(1);
        record.synced_at =
            u32::try_from(now / 1_000).map_or(u32::MAX, |seconds| seconds.saturating_add(1));
        record.syncs
    }

    /// When the device last checked in because of a sync, as of `now`, in seconds since the start.
    pub(crate) fn checked_in(&self, index: Index, now: Millis) -> Option<u64> {
        let synced_at = u64::from(self.record(index).synced_at.checked_sub(1)?);
        if self
            .dice
            .chance(self.config.offline, Draw::Offline, index.into())
        {
            return None;
        }
        let delay = self.dice.below(
            u64::from(self.config.check_in_seconds) + 1,
            Draw::CheckIn,
            index.into(),
        );
        Some(synced_at + delay).filter(|at| *at <= now / 1_000)
    }

    /// The id of a device.
    pub(crate) fn id(&self, index: Index) -> Guid {
        let lo = self.permute(index.into());
        random_guid(self.dice.roll(Draw::Guid, lo), lo)
    }

    /// The number of the user of a device.
    pub(crate) fn user_of(&self, index: Index) -> u32 {
        index / self.config.devices_per_user
    }

    /// The id of a user.
    pub(crate) fn user_id(&self, user: u32) -> Guid {
        let lo = self.dice.roll(Draw::User, user.into());
        random_guid(lo.rotate_left(17), lo)
    }

    /// The device with an id.
    pub(crate) fn index(&self, id: Guid) -> Option<Index> {
        // The upper half, and the two fixed bits of the lower one, are compared with the id of that index.
        let (_, lo) = id.halves();
        let lo = lo & ((1 << 62) - 1);
        let index = Index::try_from(self.restore(lo)).ok()?;
        (index < self.devices() && self.id(index) == id).then_some(index)
    }

    /// A permutation of the numbers below 2⁶²: a Feistel network of four rounds.
    fn permute(&self, value: u64) -> u64 {
        let (mut left, mut right) = (value >> 31, value & HALF);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.round(round, right));
        }
        left << 31 | right
    }

    /// The inverse of `permute`.
    fn restore(&self, value: u64) -> u64 {
        let (mut left, mut right) = (value >> 31, value & HALF);
        for round in (0..ROUNDS).rev() {
            (left, right) = (right ^ self.round(round, left), left);
        }
        left << 31 | right
    }

    fn round(&self, round: u64, half: u64) -> u64 {
        self.dice.roll(Draw::Round, round << 31 | half) & HALF
    }
}

const ROUNDS: u64 = 4;
const HALF: u64 = (1 << 31) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_leads_back_to_its_device_and_no_other_id_does() {
        for seed in 0..20 {
            let config = FleetConfig {
                devices: 2_000,
                ..FleetConfig::default()
            };
            let fleet = Fleet::new(config, Dice::new(seed), Clock::new(Some(0), 0));
            let mut ids = std::collections::HashSet::new();
            for index in 0..fleet.devices() {
                let id = fleet.id(index);
                assert_eq!(fleet.index(id), Some(index), "seed {seed}");
                assert_eq!(id.to_string().parse(), Ok(id));
                assert!(ids.insert(id));
                assert_eq!(&id.to_string()[14..15], "4", "its version");
                let (hi, lo) = id.halves();
                assert_eq!(fleet.index(Guid::from_halves(hi ^ 1 << 36, lo)), None);
            }
            assert_eq!(fleet.index(fleet.id(fleet.devices())), None);
        }
    }
}
