//! Places that are *pressed*: asserted when something is done, and nowhere else.

use super::messages::spots;
use super::tracks::{Group, Point, Track};
use sidetone_devices::hid::capture::Phase;
use sidetone_devices::hid::quirks::{Condition, Place};
use std::collections::{BTreeMap, BTreeSet};

/// A place that is pressed in each phase in which it is to be.
#[derive(Debug, Clone)]
pub(super) struct Pressed {
    pub(super) place: Place,
    pub(super) active: Option<i64>,
    /// No report tells the release.
    pub(super) each: bool,
}

/// How often a press is to come in each of its phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    Once,
    AtLeastOnce,
}

/// All places that are pressed in `wanted` and in none of the other phases (of which `ignored` do not count).
pub(super) fn presses(
    phases: &[Phase],
    usages: &[Track],
    groups: &[Group<'_>],
    wanted: &BTreeSet<usize>,
    ignored: &BTreeSet<usize>,
    times: Times,
) -> Vec<Pressed> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let judge = Judge {
        phases: phases.len(),
        wanted,
        ignored,
        times,
    };
    let mut found = Vec::new();
    for track in usages {
        for value in judge.values(&track.points) {
            if let Some(each) = judge.each(&track.points, value) {
                found.push(Pressed {
                    place: track.place.clone(),
                    active: track.wide.then_some(value),
                    each,
                });
            }
        }
    }
    for group in groups {
        for spot in spots(group, wanted).into_iter().chain(fixed(group, wanted)) {
            for when in &spot.when {
                let met = group.samples.iter().filter(|sample| sample.meets(when));
                let points: Vec<Point> = met
                    .filter_map(|sample| {
                        Some(Point {
                            phase: sample.phase,
                            interface: sample.interface,
                            value: i64::from(sample.byte(spot.byte)?),
                        })
                    })
                    .collect();
                for value in judge.values(&points) {
                    let Some(each) = judge.each(&points, value) else {
                        continue;
                    };
                    if let Some(new) = of_byte(group, when, &spot, value, each)
                        && found.iter().all(|old: &Pressed| old.place != new.place)
                    {
                        found.push(new);
                    }
                }
            }
        }
    }
    found
}

fn of_byte(
    group: &Group<'_>,
    when: &[Condition],
    spot: &super::messages::Spot,
    value: i64,
    each: bool,
) -> Option<Pressed> {
    let value = u8::try_from(value).ok().filter(|value| *value != 0)?;
    if value & group.kind(spot.byte).spoken_for != 0 {
        return None;
    }
    let mut when = when.to_vec();
    if each {
        when.retain(|one| one.byte != spot.byte);
        when.push(Condition {
            byte: spot.byte,
            mask: 0xff,
            is: value,
        });
    }
    let single = !each && value.is_power_of_two();
    Some(Pressed {
        place: Place::Bytes {
            report: group.report,
            when,
            byte: spot.byte,
            mask: if single { value } else { 0xff },
        },
        active: (!single && !each).then_some(i64::from(value)),
        each,
    })
}

/// Messages that never change in their phases: their first byte that is not zero is as good as a value.
fn fixed<'g>(
    group: &'g Group<'_>,
    wanted: &'g BTreeSet<usize>,
) -> impl Iterator<Item = super::messages::Spot> + 'g {
    let first = group
        .samples
        .iter()
        .find(|sample| wanted.contains(&sample.phase));
    let bytes = first.into_iter().flat_map(|sample| {
        let whole = sample.data.iter().take(8).zip(1_usize..);
        whole
            .filter(|(value, _)| **value != 0)
            .map(|(value, byte)| Condition {
                byte,
                mask: 0xff,
                is: *value,
            })
            .collect::<Vec<_>>()
    });
    let all: Vec<Condition> = bytes
        .filter(|one| !group.kind(one.byte).structured)
        .collect();
    let last = all.last().map(|one| one.byte);
    last.into_iter().map(move |byte| super::messages::Spot {
        byte,
        when: vec![all.iter().filter(|one| one.byte != byte).copied().collect()],
    })
}

struct Judge<'a> {
    phases: usize,
    wanted: &'a BTreeSet<usize>,
    ignored: &'a BTreeSet<usize>,
    times: Times,
}

impl Judge<'_> {
    /// Values that come in the first of the wanted phases; 0 is what is let go.
    fn values(&self, points: &[Point]) -> BTreeSet<i64> {
        let first = self.wanted.first();
        points
            .iter()
            .filter(|point| Some(&point.phase) == first && point.value != 0)
            .map(|point| point.value)
            .collect()
    }

    /// Whether `value` is pressed as it is to be; if so, whether each report of it is a press.
    fn each(&self, points: &[Point], value: i64) -> Option<bool> {
        let mut down: BTreeMap<usize, bool> = BTreeMap::new();
        let mut begun = vec![0_usize; self.phases];
        let mut came = vec![0_usize; self.phases];
        let mut released = vec![true; self.phases];
        for point in points {
            let now = point.value == value;
            let before = down.insert(point.interface, now).unwrap_or(false);
            if let Some(begun) = begun.get_mut(point.phase) {
                *begun += usize::from(now && !before);
            }
            if let Some(came) = came.get_mut(point.phase) {
                *came += usize::from(now);
            }
            if let Some(released) = released.get_mut(point.phase) {
                *released = !now;
            }
        }
        let right = |count: &[usize]| {
            count.iter().enumerate().all(|(at, count)| {
                if self.wanted.contains(&at) {
                    match self.times {
                        Times::Once => *count == 1,
                        Times::AtLeastOnce => *count > 0,
                    }
                } else {
                    self.ignored.contains(&at) || *count == 0
                }
            })
        };
        let all_released = self
            .wanted
            .iter()
            .all(|at| released.get(*at).copied().unwrap_or(false));
        if all_released && right(&begun) {
            return Some(false);
        }
        let never_released = self
            .wanted
            .iter()
            .all(|at| !released.get(*at).copied().unwrap_or(true));
        (never_released && right(&came)).then_some(true)
    }
}
