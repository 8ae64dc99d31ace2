//! Places that *follow* a step: one value while it is done, another while it is taken back.

use super::messages::spots;
use super::tracks::{Group, Point, Track};
use sidetone_devices::hid::capture::{Action, Phase, Step};
use sidetone_devices::hid::quirks::{Condition, Place};
use std::collections::{BTreeMap, BTreeSet};

/// A contact may bounce: so many changes in one phase are one movement.
const MOST_CHANGES: usize = 3;

/// A place that follows a step in every repetition.
#[derive(Debug, Clone)]
pub(super) struct Follower {
    pub(super) place: Place,
    pub(super) active: Option<i64>,
    pub(super) inverted: bool,
    /// The other steps in which it is asserted as well, and whether it does so as the step goes: asserted
    /// when done, released when taken back.
    pub(super) disturbed_by: BTreeMap<Step, bool>,
    /// Both values are 0 and 1.
    plain: bool,
}

impl Follower {
    /// Nothing else moves it.
    pub(super) fn is_exclusive(&self) -> bool {
        self.disturbed_by.is_empty()
    }

    /// Simple places before those that merely go along: usages, then 0 and 1, then early bytes.
    fn order(&self) -> (bool, bool, bool, usize, usize) {
        let (byte, when) = match &self.place {
            Place::Usage(_) => (0, 0),
            Place::Bytes { byte, when, .. } => (*byte, when.len()),
        };
        (!self.is_exclusive(), byte != 0, !self.plain, byte, when)
    }
}

/// The counted phases of a step.
pub(super) fn counted(phases: &[Phase], step: Step) -> BTreeSet<usize> {
    let own = |(_, phase): &(usize, &Phase)| phase.step == step && phase.counted;
    phases
        .iter()
        .enumerate()
        .filter(own)
        .map(|(at, _)| at)
        .collect()
}

/// All places that follow `step`, the simplest first.
pub(super) fn followers(
    phases: &[Phase],
    usages: &[Track],
    groups: &[Group<'_>],
    step: Step,
) -> Vec<Follower> {
    let own = counted(phases, step);
    let mut found: Vec<Follower> = usages
        .iter()
        .filter_map(|track| of_usage(phases, track, &own, step))
        .collect();
    for group in groups {
        for spot in spots(group, &own) {
            let tried = spot
                .when
                .iter()
                .filter_map(|when| of_byte(phases, group, when, spot.byte, &own, step));
            let best = tried.min_by_key(|follower| follower.disturbed_by.len());
            let new = best.filter(|new| found.iter().all(|old| old.place != new.place));
            found.extend(new);
        }
    }
    found.sort_by_key(Follower::order);
    found
}

fn of_usage(
    phases: &[Phase],
    track: &Track,
    own: &BTreeSet<usize>,
    step: Step,
) -> Option<Follower> {
    let (on, off) = two_values(phases, &track.points, own)?;
    let points = track.points.iter().map(|point| (*point, point.value == on));
    let disturbed_by = moves(phases, points, own, step)?;
    let inverted = on == 0;
    Some(Follower {
        place: track.place.clone(),
        active: (track.wide && !inverted).then_some(on),
        inverted,
        disturbed_by,
        plain: on + off == 1 && on * off == 0,
    })
}

fn of_byte(
    phases: &[Phase],
    group: &Group<'_>,
    when: &[Condition],
    byte: usize,
    own: &BTreeSet<usize>,
    step: Step,
) -> Option<Follower> {
    let met = group.samples.iter().filter(|sample| sample.meets(when));
    let points: Vec<Point> = met
        .filter_map(|sample| {
            Some(Point {
                phase: sample.phase,
                interface: sample.interface,
                value: i64::from(sample.byte(byte)?),
            })
        })
        .collect();
    let (on, off) = two_values(phases, &points, own)?;
    let (on, off) = (u8::try_from(on).ok()?, u8::try_from(off).ok()?);
    let bits = on ^ off;
    if bits & group.kind(byte).spoken_for != 0 {
        return None;
    }
    let single = bits.is_power_of_two();
    // What was never seen says nothing: the bits that both values share must be so, where they name a message
    // or where the value has several bits.
    let shared = Condition {
        byte,
        mask: !bits,
        is: on & !bits,
    };
    let names = !group.kind(byte).structured && shared.is != 0;
    let strict = shared.mask != 0 && (names || !single);
    let says = |value: i64| {
        let value = u8::try_from(value).unwrap_or(0);
        (!strict || value & shared.mask == shared.is).then_some(value & bits == on & bits)
    };
    let asserted = points
        .iter()
        .filter_map(|point| Some((*point, says(point.value)?)));
    let disturbed_by = moves(phases, asserted, own, step)?;
    let mut when = when.to_vec();
    if strict {
        when.push(shared);
    }
    Some(Follower {
        place: Place::Bytes {
            report: group.report,
            when,
            byte,
            mask: if single { bits } else { 0xff },
        },
        active: (!single).then_some(i64::from(on)),
        inverted: single && on & bits == 0,
        disturbed_by,
        plain: on | off == 1,
    })
}

/// The value at the end of each doing and of each taking back, if these are two, and no other value comes
/// in the step's phases: a counter or a measurement has more.
fn two_values(phases: &[Phase], points: &[Point], own: &BTreeSet<usize>) -> Option<(i64, i64)> {
    let mut last: BTreeMap<usize, i64> = BTreeMap::new();
    for point in points.iter().filter(|point| own.contains(&point.phase)) {
        last.insert(point.phase, point.value);
    }
    if last.len() != own.len() {
        return None;
    }
    let ends = |action: Action| {
        let of_action = |at: &&usize| phases.get(**at).is_some_and(|phase| phase.action == action);
        let mut ends = own
            .iter()
            .filter(of_action)
            .filter_map(|at| last.get(at).copied());
        let first = ends.next()?;
        ends.all(|end| end == first).then_some(first)
    };
    let (on, off) = (ends(Action::Do)?, ends(Action::Undo)?);
    let only_these = points
        .iter()
        .filter(|point| own.contains(&point.phase))
        .all(|point| point.value == on || point.value == off);
    (on != off && only_these).then_some((on, off))
}

/// Whether a state moves as the step goes; if so, which other steps assert it too.
fn moves(
    phases: &[Phase],
    points: impl Iterator<Item = (Point, bool)>,
    own: &BTreeSet<usize>,
    step: Step,
) -> Option<BTreeMap<Step, bool>> {
    let mut known: BTreeMap<usize, bool> = BTreeMap::new();
    let mut changes: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
    for (point, on) in points {
        if known.insert(point.interface, on) != Some(on) {
            changes.entry(point.phase).or_default().push(on);
        }
    }
    let mut disturbed = BTreeMap::new();
    for (at, phase) in phases.iter().enumerate() {
        let changes = changes.get(&at).map_or(&[][..], Vec::as_slice);
        let as_done = changes
            .last()
            .is_none_or(|on| *on == (phase.action == Action::Do));
        if own.contains(&at) {
            if changes.is_empty() || changes.len() > MOST_CHANGES || !as_done {
                return None;
            }
        } else if phase.step != step && changes.contains(&true) {
            *disturbed.entry(phase.step).or_insert(true) &= as_done;
        }
    }
    Some(disturbed)
}
