//! Which messages of a report may carry a value: by the bytes that stay the same while one byte moves.

use super::tracks::{Group, Sample};
use sidetone_devices::hid::quirks::Condition;
use std::collections::BTreeSet;

/// Bytes in which a message may be named.
const NAMING_BYTES: usize = 8;
/// A byte with more values than that names no message: it counts or measures.
const MOST_NAMES: usize = 16;

/// A byte of a kind of message, as far as the steps show it.
#[derive(Debug)]
pub(super) struct Spot {
    /// The byte with the value.
    pub(super) byte: usize,
    /// What to require of the other bytes, narrowest last.
    pub(super) when: Vec<Vec<Condition>>,
}

const fn is(byte: usize, value: u8) -> Condition {
    Condition {
        byte,
        mask: 0xff,
        is: value,
    }
}

/// The bytes that may carry what was done in `phases`, each of which must have a report of the message.
pub(super) fn spots(group: &Group<'_>, phases: &BTreeSet<usize>) -> Vec<Spot> {
    let own: Vec<&Sample<'_>> = group
        .samples
        .iter()
        .filter(|sample| phases.contains(&sample.phase))
        .collect();
    let mut spots = Vec::new();
    for selector in selectors(group, &own) {
        let matched: Vec<&Sample<'_>> = own
            .iter()
            .filter(|sample| selector.is_none_or(|one| sample.meets(&[one])))
            .copied()
            .collect();
        let covered: BTreeSet<usize> = matched.iter().map(|sample| sample.phase).collect();
        if covered != *phases {
            continue;
        }
        let shortest = matched.iter().map(|sample| sample.data.len()).min();
        for byte in 1..=shortest.unwrap_or(0) {
            let kind = group.kind(byte);
            if selector.is_some_and(|one| one.byte == byte || kind.structured)
                || kind.spoken_for == u8::MAX
                || constant(&matched, byte).is_some()
            {
                continue;
            }
            spots.push(Spot {
                byte,
                when: conditions(group, &matched, selector, byte),
            });
        }
    }
    spots
}

fn selectors(group: &Group<'_>, own: &[&Sample<'_>]) -> Vec<Option<Condition>> {
    let mut all = vec![None];
    for byte in 1..=NAMING_BYTES {
        if group.kind(byte).structured {
            continue;
        }
        let values: BTreeSet<u8> = own.iter().filter_map(|sample| sample.byte(byte)).collect();
        if values.len() <= MOST_NAMES {
            all.extend(values.into_iter().map(|value| Some(is(byte, value))));
        }
    }
    all
}

/// The value of a byte if it is the same in all.
fn constant(samples: &[&Sample<'_>], byte: usize) -> Option<u8> {
    let first = samples.first()?.byte(byte)?;
    samples
        .iter()
        .all(|sample| sample.byte(byte) == Some(first))
        .then_some(first)
}

fn conditions(
    group: &Group<'_>,
    matched: &[&Sample<'_>],
    selector: Option<Condition>,
    byte: usize,
) -> Vec<Vec<Condition>> {
    if group.kind(byte).structured {
        return vec![Vec::new()];
    }
    let same = |naming: usize| {
        let value = constant(matched, naming)?;
        (naming != byte).then(|| is(naming, value))
    };
    // A message is named by what stands before its value. Zeros may be padding; they are required only
    // where that tells messages apart.
    let wide: Vec<Condition> = (1..=NAMING_BYTES)
        .filter_map(same)
        .filter(|one| (one.byte < byte && one.is != 0) || Some(*one) == selector)
        .collect();
    let tells = |one: &Condition| {
        let mut others = group.samples.iter();
        others.any(|sample| !sample.meets(std::slice::from_ref(one)))
    };
    let narrow: Vec<Condition> = (1..=NAMING_BYTES)
        .filter_map(same)
        .filter(|one| wide.contains(one) || tells(one))
        .collect();
    if narrow == wide {
        vec![wide]
    } else {
        vec![wide, narrow]
    }
}
