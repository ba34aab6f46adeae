//! Numbers on the command line, read with integers only.

use std::ops::RangeInclusive;

use intune_sync_ranges::RATE;

/// Why a value is refused: the end of the sentence "`x` is not allowed for `--flag`: …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// A parser of whole numbers within `range`; `unit` names what is counted.
///
/// # Errors
///
/// The parser's: when the text is not a whole number, or not within the range.
pub fn whole(
    range: RangeInclusive<u32>,
    unit: &'static str,
) -> impl Fn(&str) -> Result<u32, Refused> + Clone + Send + Sync + 'static {
    move |text| {
        digits(text)
            .and_then(|text| text.parse().ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                Refused(format!(
                    "it takes {} to {} {unit}",
                    range.start(),
                    range.end()
                ))
            })
    }
}

/// A seed: any whole number of 64 bits.
///
/// # Errors
///
/// When it is not a whole number, or too large.
pub fn seed(text: &str) -> Result<u64, Refused> {
    digits(text)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Refused(format!("it takes a whole number from 0 to {}", u64::MAX)))
}

/// A share in percent, `0.5`, as hundredths of a percent: less than 100.
///
/// # Errors
///
/// When it is not a number from 0 to 99.99 with up to two decimals.
pub fn percent(text: &str) -> Result<u16, Refused> {
    let refused = || Refused("it takes 0 to 99.99 percent, with up to two decimals".into());
    let Decimal { digits, scale } = decimal(text).ok_or_else(refused)?;
    let missing = 2_u32.checked_sub(scale).ok_or_else(refused)?;
    u16::try_from(digits * 10_u128.pow(missing))
        .ok()
        .filter(|share| *share < 10_000)
        .ok_or_else(refused)
}

/// A rate in syncs per second, `9.5`, as syncs in 1,000 seconds: more than 0, at most 1,000,000 a second.
///
/// # Errors
///
/// When it is not such a number, or has more than three decimals.
pub fn rate(text: &str) -> Result<u64, Refused> {
    let refused = || {
        let most = thousandths(*RATE.end());
        Refused(format!(
            "it takes more than 0 and at most {most} syncs per second, with up to three decimals"
        ))
    };
    let Decimal { digits, scale } = decimal(text).ok_or_else(refused)?;
    let missing = 3_u32.checked_sub(scale).ok_or_else(refused)?;
    u64::try_from(digits * 10_u128.pow(missing))
        .ok()
        .filter(|rate| RATE.contains(rate))
        .ok_or_else(refused)
}

/// A number of thousandths, as a rate or a length of time is held, in decimals as it is written on the command line:
/// `1500` is `1.5`.
pub fn thousandths(number: u64) -> String {
    let text = format!("{}.{:03}", number / 1000, number % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The number `digits / 10^scale`.
pub struct Decimal {
    /// All digits, without the point.
    pub digits: u128,
    /// How many of them are behind the point.
    pub scale: u32,
}

/// Reads `12`, `1.5`, `0.025`: digits with at most one point between them, at most 18 in all.
pub fn decimal(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (whole, fraction) = (digits(whole)?, digits(fraction)?.trim_end_matches('0'));
    if whole.len() + fraction.len() > 18 {
        return None;
    }
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some(Decimal {
        digits,
        scale: u32::try_from(fraction.len()).ok()?,
    })
}

/// The text, where it is digits and nothing else: `parse` alone would take `+5`.
fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_keep_to_their_range() {
        let size = whole(1..=10_000, "devices");
        for (text, expected) in [
            ("1", Some(1)),
            ("50", Some(50)),
            ("010", Some(10)),
            ("10000", Some(10_000)),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
        for text in [
            "",
            "0",
            "-1",
            "+5",
            "10001",
            "1000000",
            "99999999999999999999",
            "1.5",
            "ten",
            "5 ",
            "٣",
        ] {
            assert_eq!(
                size(text),
                Err(Refused("it takes 1 to 10000 devices".into())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_rate_is_counted_in_thousandths() {
        for (text, expected) in [
            ("9.5", 9_500),
            ("10", 10_000),
            ("0.001", 1),
            ("0.5", 500),
            ("9.50000", 9_500),
            ("1000000", 1_000_000_000),
        ] {
            assert_eq!(rate(text), Ok(expected), "{text}");
            assert_eq!(rate(&thousandths(expected)), Ok(expected), "{text}");
        }
        for text in [
            "",
            "0",
            "0.0",
            "0.0001",
            "-1",
            "1000000.001",
            "1e3",
            "1,5",
            ".5",
            "5.",
            "1.2.3",
            "fast",
            "NaN",
        ] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_percentage_is_counted_in_hundredths() {
        for (text, expected) in [("0", 0), ("2", 200), ("0.05", 5), ("99.99", 9_999)] {
            assert_eq!(percent(text), Ok(expected), "{text}");
        }
        for text in ["", "100", "0.001", "-1", "1%", "99.999", "many"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn thousandths_are_written_without_trailing_zeros() {
        for (number, expected) in [
            (0, "0"),
            (1, "0.001"),
            (1_500, "1.5"),
            (10_000, "10"),
            (100_020, "100.02"),
        ] {
            assert_eq!(thousandths(number), expected);
        }
    }
}
