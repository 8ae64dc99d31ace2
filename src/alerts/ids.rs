//! Where the identities of calls and alerts come from.

use uuid::{Builder, NoContext, Timestamp, Uuid};

/// Mints UUIDv7 (RFC 9562 §5.7) from the time it is given.
#[derive(Debug, Clone)]
pub struct IdMint(Source);

#[derive(Debug, Clone)]
enum Source {
    Random,
    Seeded(u64),
}

impl IdMint {
    /// Unguessable identities, for live use.
    #[must_use]
    pub const fn random() -> Self {
        Self(Source::Random)
    }

    /// The same identities at every run with the same seed, for recordings and tests. Different
    /// mints need different seeds.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(seed))
    }

    /// A second mint that never repeats this one's identities.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        match &mut self.0 {
            Source::Random => Self(Source::Random),
            Source::Seeded(state) => Self(Source::Seeded(splitmix(state))),
        }
    }

    /// The next identity, `utc_ms` milliseconds after 1970 UTC.
    pub fn mint(&mut self, utc_ms: u64) -> Uuid {
        match &mut self.0 {
            Source::Random => {
                let nanos = u32::try_from(utc_ms % 1_000).unwrap_or(0) * 1_000_000;
                Uuid::new_v7(Timestamp::from_unix(NoContext, utc_ms / 1_000, nanos))
            }
            Source::Seeded(state) => {
                let mut tail = [0_u8; 10];
                let (first, second) =
                    (splitmix(state).to_le_bytes(), splitmix(state).to_le_bytes());
                tail[..8].copy_from_slice(&first);
                tail[8..].copy_from_slice(&second[..2]);
                Builder::from_unix_timestamp_millis(utc_ms, &tail).into_uuid()
            }
        }
    }
}

/// The SplitMix64 generator (Steele, Lea and Flood 2014): enough to tell ids apart, not to hide them.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::IdMint;

    #[test]
    fn both_kinds_are_version_7_of_the_given_time() {
        for mut mint in [IdMint::random(), IdMint::seeded(1)] {
            let id = mint.mint(1_700_000_000_123);
            assert_eq!(id.get_version_num(), 7);
            let bits = id.as_u128() >> 80;
            assert_eq!(bits, 1_700_000_000_123);
            assert_ne!(id, mint.mint(1_700_000_000_123));
        }
    }

    #[test]
    fn a_seed_repeats_itself() {
        let (mut a, mut b) = (IdMint::seeded(7), IdMint::seeded(7));
        assert_eq!(a.mint(5), b.mint(5));
        assert_eq!(a.mint(6), b.mint(6));
    }
}
