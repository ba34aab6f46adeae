//! The fleet: the devices that the selection matched, held compactly.

use core::iter;
use std::collections::BTreeMap;

use hashbrown::HashTable;
use intune_sync_graph::{ROWS_MAX, shortened};
use intune_sync_ids::Guid;

use super::DeviceIndex;

/// The most devices of a run: as many as the rows of a list.
pub const DEVICES_MAX: u32 = ROWS_MAX;

/// The operating system of a device that Graph names none of.
pub(crate) const UNKNOWN_OS: &str = "unknown";

/// The devices that the selection matched, each once.
///
/// About 55 bytes a device, names included: a fleet of 100,000 takes 5.5 MB. Everything grows by chunks that never
/// move, since a `Vec` that doubles needs three times its size for a moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fleet {
    devices: Chunks<Device>,
    names: Names,
    by_id: HashTable<DeviceIndex>,
    platforms: Vec<String>,
}

/// What is known of a device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Device {
    /// The bits as bytes, which need no alignment.
    id: [u8; 16],
    name: NameAt,
    /// In seconds since 1970; 0 for never.
    pub(crate) last_sync: u32,
    platform: u8,
    /// How often a sync was sent to it.
    pub(crate) attempts: u8,
    /// How often that failed in a way that counts against `max-retries`.
    pub(crate) failures: u8,
    /// It has its final outcome.
    pub(crate) done: bool,
}

/// What came of [`Fleet::add`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// The device was not known before.
    New(DeviceIndex),
    /// The device is in the fleet already.
    Repeated,
}

impl Device {
    pub(crate) fn id(&self) -> Guid {
        Guid::from_bits(u128::from_ne_bytes(self.id))
    }
}

impl Fleet {
    pub(crate) fn len(&self) -> u32 {
        self.devices.len
    }

    /// The indexes of all devices.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = DeviceIndex> + use<> {
        (0..self.devices.len).map(DeviceIndex)
    }

    /// Adds a device, unless it is in the fleet already.
    pub(crate) fn add(&mut self, id: Guid, name: &str, os: &str, last_sync: u32) -> Added {
        let Self { devices, by_id, .. } = self;
        if by_id
            .find(spread(id), |at| devices.get(*at).id() == id)
            .is_some()
        {
            return Added::Repeated;
        }
        let platform = self.platform(os);
        let device = Device {
            id: id.bits().to_ne_bytes(),
            name: self.names.add(name),
            last_sync,
            platform,
            attempts: 0,
            failures: 0,
            done: false,
        };
        let at = self.devices.push(device);
        let devices = &self.devices;
        self.by_id
            .insert_unique(spread(id), at, |at| spread(devices.get(*at).id()));
        Added::New(at)
    }

    /// The list is complete: the table that finds duplicates is no longer needed.
    pub(crate) fn complete(&mut self) {
        self.by_id = HashTable::new();
    }

    pub(crate) fn device(&self, at: DeviceIndex) -> &Device {
        self.devices.get(at)
    }

    pub(crate) fn device_mut(&mut self, at: DeviceIndex) -> &mut Device {
        self.devices.get_mut(at)
    }

    pub(crate) fn name(&self, at: DeviceIndex) -> &str {
        self.names.get(self.device(at).name)
    }

    /// Its operating system, as Graph names it.
    pub(crate) fn os(&self, at: DeviceIndex) -> &str {
        let platform = usize::from(self.device(at).platform);
        self.platforms.get(platform).map_or("other", String::as_str)
    }

    /// Counts these devices by operating system, as Graph names it; those beyond 255 different ones are `other`.
    pub(crate) fn platforms(&self, devices: &[DeviceIndex]) -> BTreeMap<&str, u32> {
        let mut counts = [0; 1 + u8::MAX as usize];
        for at in devices {
            counts[usize::from(self.device(*at).platform)] += 1;
        }
        let names = self.platforms.iter().map(String::as_str);
        let mut platforms = BTreeMap::new();
        for (name, count) in names.chain(iter::repeat("other")).zip(counts) {
            if count > 0 {
                *platforms.entry(name).or_insert(0) += count;
            }
        }
        platforms
    }

    fn platform(&mut self, os: &str) -> u8 {
        const OTHER: usize = u8::MAX as usize;
        let os = if os.is_empty() {
            UNKNOWN_OS
        } else {
            shortened(os, 40)
        };
        let known = self.platforms.iter().position(|known| known == os);
        let at = known.unwrap_or_else(|| {
            if self.platforms.len() < OTHER {
                self.platforms.push(os.to_owned());
                self.platforms.len() - 1
            } else {
                OTHER
            }
        });
        u8::try_from(at).unwrap_or(u8::MAX)
    }
}

/// Ids are usually random. The multiplication spreads those of a tenant that numbers its devices, upwards only; the
/// table chooses by the lowest bits too, so the upper half is folded into the lower one before each, and at the end.
fn spread(id: Guid) -> u64 {
    let fold = |bits: u64| bits ^ bits >> 32;
    let mix = |bits: u64| fold(bits).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (hi, lo) = id.halves();
    fold(mix(mix(mix(hi) ^ lo)))
}

/// The devices by index, in chunks.
#[derive(Debug, Clone)]
struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    len: u32,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

const CHUNK: u32 = 2048;

impl<T> Chunks<T> {
    fn push(&mut self, value: T) -> DeviceIndex {
        let at = self.len;
        if at.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK as usize));
        }
        self.chunks[(at / CHUNK) as usize].push(value);
        self.len += 1;
        DeviceIndex(at)
    }

    fn get(&self, DeviceIndex(at): DeviceIndex) -> &T {
        &self.chunks[(at / CHUNK) as usize][(at % CHUNK) as usize]
    }

    fn get_mut(&mut self, DeviceIndex(at): DeviceIndex) -> &mut T {
        &mut self.chunks[(at / CHUNK) as usize][(at % CHUNK) as usize]
    }
}

/// Where a name is: its chunk in the upper half, its offset there in the lower.
#[derive(Debug, Clone, Copy)]
struct NameAt(u32);

/// Names, one after the other, each behind a byte with its length.
#[derive(Debug, Clone, Default)]
struct Names {
    chunks: Vec<Vec<u8>>,
}

impl Names {
    const CHUNK: usize = 1 << 16;

    fn add(&mut self, name: &str) -> NameAt {
        let end = (0..=name.len().min(255))
            .rev()
            .find(|end| name.is_char_boundary(*end))
            .unwrap_or(0);
        let bytes = &name.as_bytes()[..end];
        let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
        match self.chunks.last() {
            Some(chunk) if chunk.len() + 1 + bytes.len() <= Self::CHUNK => {}
            _ => self.chunks.push(Vec::with_capacity(Self::CHUNK)),
        }
        let chunk_at = self.chunks.len() - 1;
        let chunk = &mut self.chunks[chunk_at];
        let offset = chunk.len();
        chunk.push(length);
        chunk.extend_from_slice(bytes);
        NameAt(u32::try_from(chunk_at << 16 | offset).unwrap_or(u32::MAX))
    }

    fn get(&self, NameAt(at): NameAt) -> &str {
        let chunk = &self.chunks[(at >> 16) as usize][(at & 0xffff) as usize..];
        core::str::from_utf8(&chunk[1..=usize::from(chunk[0])]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_each_device_once() {
        let mut fleet = Fleet::default();
        for n in 0..10_000_u128 {
            let at = DeviceIndex(u32::try_from(n).expect("a small number"));
            let added = fleet.add(Guid::from_bits(n), &format!("device-{n}"), "Windows", 5);
            assert_eq!(added, Added::New(at));
        }
        for n in 0..10_000_u128 {
            let added = fleet.add(Guid::from_bits(n), "again", "iOS", 6);
            assert_eq!(added, Added::Repeated);
        }
        assert_eq!(fleet.len(), 10_000);
        fleet.complete();
        assert_eq!(fleet.name(DeviceIndex(9_999)), "device-9999");
        assert_eq!(
            fleet.device(DeviceIndex(4_321)).id(),
            Guid::from_bits(4_321)
        );
        assert_eq!(
            fleet.platforms(&[1, 7].map(DeviceIndex)),
            BTreeMap::from([("Windows", 2)])
        );
    }

    /// The table takes the lowest bits for the place and the seven highest to compare: ids that differ in one group
    /// alone, or in one byte of it, must spread over both.
    #[test]
    fn ids_that_differ_in_one_group_spread_like_random_ones() {
        const IDS: u64 = 1 << 14;
        let random = (0..IDS).map(|n| Guid::random(fastrand::Rng::with_seed(n).u128(..)));
        let limit = 2 * most_alike(random.collect());
        // Where each group ends, in bits from the right.
        for shift in [0, 48, 64, 80, 96, 8, 24, 104, 112] {
            let ids = (0..IDS).map(|n| Guid::from_bits(u128::from(n) << shift));
            let most = most_alike(ids.collect());
            assert!(
                most <= limit,
                "shifted by {shift}: {most} in one place, {limit} allowed"
            );
        }
    }

    /// The most ids that share a place of a table for all of them, and the most that also look alike there.
    fn most_alike(ids: Vec<Guid>) -> usize {
        let mask = 2 * ids.len() as u64 - 1;
        let mut places: BTreeMap<u64, usize> = BTreeMap::new();
        for id in ids {
            *places.entry(spread(id) & mask).or_default() += 1;
        }
        places.into_values().max().unwrap_or_default()
    }

    #[test]
    fn names_are_cut_between_characters_and_cross_chunks() {
        let mut names = Names::default();
        let long = "é".repeat(200);
        let names_at: Vec<NameAt> = (0..1000).map(|_| names.add(&long)).collect();
        assert!(names.chunks.len() > 1);
        for at in names_at {
            assert_eq!(names.get(at), "é".repeat(127));
        }
        let empty = names.add("");
        assert_eq!(names.get(empty), "");
    }

    #[test]
    fn a_device_takes_28_bytes() {
        assert_eq!(size_of::<Device>(), 28);
    }

    #[test]
    fn too_many_platforms_become_other() {
        let mut fleet = Fleet::default();
        for n in 0..300_u128 {
            fleet.add(Guid::from_bits(n), "", &format!("os {n}"), 0);
        }
        assert_eq!(
            fleet.platforms(&[254, 255, 299].map(DeviceIndex)),
            BTreeMap::from([("os 254", 1), ("other", 2)])
        );
    }
}
