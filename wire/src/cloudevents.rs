//! CloudEvents attributes in MQTT 5 user properties: the *binary mode* of the CloudEvents MQTT
//! binding 1.0 (§3.1), so that the payload stays flat.

use crate::stamp::Stamp;
use crate::topics::Topics;

/// The version of CloudEvents.
pub const SPEC_VERSION: &str = "1.0";

/// The five attributes of one message; the time only if the stamp has one.
///
/// `kind` is what stands after `sidetone.`, e.g. `event.mute.on`, `alert.double_talk`.
#[must_use]
pub fn attributes(topics: &Topics, stamp: &Stamp, kind: &str) -> Vec<(String, String)> {
    let id = match (stamp.seq, stamp.ts) {
        (Some(seq), _) => format!("{}-{}-{seq}", stamp.node, stamp.boot),
        (None, Some(ts)) => format!("{}-{}-{kind}-{ts}", stamp.node, stamp.boot),
        (None, None) => format!("{}-{}-{kind}", stamp.node, stamp.boot),
    };
    let mut attributes = vec![
        ("specversion".to_owned(), SPEC_VERSION.to_owned()),
        ("id".to_owned(), id),
        ("source".to_owned(), format!("/{}", topics.base())),
        ("type".to_owned(), format!("sidetone.{kind}")),
    ];
    if let Some(ts) = stamp.ts {
        attributes.push(("time".to_owned(), rfc3339(ts)));
    }
    attributes
}

/// `2026-11-22T00:12:34.567Z` from milliseconds since 1970 UTC (RFC 3339 §5.6).
#[must_use]
pub fn rfc3339(ms: u64) -> String {
    let (seconds, milli) = (ms / 1000, ms % 1000);
    let (days, second_of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (
        second_of_day / 3600,
        second_of_day / 60 % 60,
        second_of_day % 60,
    );
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Year, month and day of the proleptic Gregorian calendar, by 400-year eras that begin in March,
/// so that the leap day is the last of its year.
fn civil(days_since_1970: u64) -> (u64, u64, u64) {
    const DAYS_PER_ERA: u64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const EPOCH: u64 = 719_468;
    let days = days_since_1970 + EPOCH;
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{NodeName, OrgName};

    /// Expected values from `date -u -d @N +%FT%TZ`.
    #[test]
    fn times_are_as_date_says() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
            (1_795_305_600_000, "2026-11-22T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(ms), text);
        }
    }

    #[test]
    fn the_five_attributes() {
        let (Ok(org), Ok(node)) = (OrgName::new("acme"), NodeName::new("ws-1")) else {
            panic!("names")
        };
        let topics = Topics::new(org, node.clone());
        let mut stamp = Stamp::new(node, 7);
        (stamp.seq, stamp.ts) = (Some(3), Some(0));
        let pairs = attributes(&topics, &stamp, "event.mute.on");
        let get = |key: &str| {
            pairs
                .iter()
                .find(|(k, _)| k == key)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(get("specversion"), Some("1.0"));
        assert_eq!(get("id"), Some("ws-1-7-3"));
        assert_eq!(get("source"), Some("/sidetone/v1/acme/node/ws-1"));
        assert_eq!(get("type"), Some("sidetone.event.mute.on"));
        assert_eq!(get("time"), Some("1970-01-01T00:00:00.000Z"));
    }
}
