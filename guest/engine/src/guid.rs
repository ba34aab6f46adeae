use core::{fmt, str::FromStr};

use crate::contract::WireGuid;

/// A device's id, or the id of a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(u128);

/// A GUID as it is written.
pub struct GuidText([u8; 36]);

impl GuidText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits and dashes are ASCII.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A text that is no GUID.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a GUID of the form 00000000-0000-0000-0000-000000000000")]
pub struct GuidError;

impl Guid {
    /// The GUID made of 128 bits of randomness, as RFC 9562 lays out version 4.
    #[must_use]
    pub fn random(bits: u128) -> Self {
        const VERSION: u128 = 0xf << 76;
        const VARIANT: u128 = 0x3 << 62;
        Self(bits & !VERSION & !VARIANT | (0x4 << 76) | (0x2 << 62))
    }

    /// The 128 bits.
    #[must_use]
    pub fn bits(self) -> u128 {
        self.0
    }

    /// The GUID of these 128 bits.
    #[must_use]
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// The 36 characters of the usual form, in lower case.
    #[must_use]
    pub fn text(self) -> GuidText {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = *b"........-....-....-....-............";
        for (byte, at) in self.0.to_be_bytes().into_iter().zip(PAIRS) {
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 0xf)];
        }
        GuidText(text)
    }
}

impl FromStr for Guid {
    type Err = GuidError;

    /// Takes the 36 characters of the usual form, in any letter case, and nothing else.
    fn from_str(text: &str) -> Result<Self, GuidError> {
        let text: &[u8; 36] = text.as_bytes().try_into().map_err(|_| GuidError)?;
        let mut bytes = [0; 16];
        let mut all = 0;
        for (byte, at) in bytes.iter_mut().zip(PAIRS) {
            let [high, low] = [text[at], text[at + 1]].map(|digit| HEX[usize::from(digit)]);
            all |= high | low;
            *byte = high << 4 | low & 0xf;
        }
        let dashes = [8, 13, 18, 23].map(|at| text[at]);
        if all > 0xf || dashes != *b"----" {
            return Err(GuidError);
        }
        Ok(Self(u128::from_be_bytes(bytes)))
    }
}

/// Where each byte's two digits stand.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The value of each hexadecimal digit, and 255 for all other bytes.
const HEX: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        values[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    values
};

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<WireGuid> for Guid {
    fn from(WireGuid { hi, lo }: WireGuid) -> Self {
        Self(u128::from(hi) << 64 | u128::from(lo))
    }
}

impl From<Guid> for WireGuid {
    fn from(Guid(bits): Guid) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "each half is cut out on purpose"
        )]
        Self {
            hi: (bits >> 64) as u64,
            lo: bits as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_usual_form() {
        let text = "00112233-4455-6677-8899-aabbccddeeff";
        let guid: Guid = text.to_uppercase().parse().expect("a GUID");
        assert_eq!(guid.to_string(), text);
        let wire = WireGuid::from(guid);
        assert_eq!(
            (wire.hi, wire.lo),
            (0x0011_2233_4455_6677, 0x8899_aabb_ccdd_eeff)
        );
        assert_eq!(Guid::from(wire), guid);
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "00112233445566778899aabbccddeeff",
            "{00112233-4455-6677-8899-aabbccddeeff}",
            "00112233-4455-6677-8899-aabbccddeefg",
            "00112233-4455-6677-8899-aabbccddeef",
            "0011223-34455-6677-8899-aabbccddeeff",
            "00112233_4455-6677-8899-aabbccddeeff",
            "00112233-4455-6677-8899aaabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeeff ",
            "+0112233-4455-6677-8899-aabbccddeeff",
        ] {
            assert_eq!(text.parse::<Guid>(), Err(GuidError), "{text}");
        }
    }

    #[test]
    fn random_ones_are_of_version_4() {
        assert_eq!(
            Guid::random(u128::MAX).to_string(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
        assert_eq!(
            Guid::random(0).to_string(),
            "00000000-0000-4000-8000-000000000000"
        );
    }
}
