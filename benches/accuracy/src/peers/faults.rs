//! Crackle, dropouts, clipping and hum: what was told of faults put in, and of calls without.
//!
//! A peer has its authors' setting and, where it has a threshold, the one that suits it best on the
//! tuning part: the most faults found with at most one false alarm a minute.

use super::exchange::{numbers, peers, place, wav};
use crate::Outcome;
use crate::material::{Material, Part};
use crate::rows::crackle::{self, AMPLITUDES, Rate};
use crate::rows::{hum, lost};
use crate::score::{bootstrap, verdict};
use crate::side_call::SideCall;
use std::fmt::Write;
use std::path::Path;

/// An alarm this near to a fault, in s, is of it; alarms this near to each other are one.
const NEAR: f64 = 0.03;

/// More false alarms a minute than this make a threshold one that nobody would use.
const BEARABLE: f64 = 1.0;

/// What the analyser's figures are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Crackle,
    Dropout,
    Clipping,
    Hum,
}

/// One call; a fault that lasts is the whole call.
struct FaultyCall {
    name: String,
    call: SideCall,
    /// Begin and end of each, in s.
    faults: Vec<(f64, f64)>,
    /// The condition, as the table has it; none in a call without faults.
    condition: Option<String>,
}

/// The calls of one fault at one rate.
struct Group {
    name: String,
    fault: Fault,
    calls: Vec<FaultyCall>,
}

fn groups(part: Part, quick: bool) -> Vec<Group> {
    let material = Material::new(part, quick);
    // The peers are slow; to choose a threshold by, a few calls are enough.
    let (clean, faulty) = match part {
        Part::Tuning => (material.calls(5), material.calls(3)),
        Part::Test => (material.calls(12), material.calls(6)),
    };
    let mut groups: Vec<Group> = [Rate::Khz48, Rate::Khz16, Rate::Khz8]
        .into_iter()
        .map(|rate| {
            let mut group = Group::new(&format!("crackle, {}", rate.name()), Fault::Crackle);
            (0..clean).for_each(|n| group.without(n, crackle::clean(&material, rate, n)));
            for amplitude in AMPLITUDES {
                for n in 0..faulty {
                    let (call, clicks) = crackle::clicked(&material, rate, amplitude, n);
                    group.with(n, format!("{amplitude}"), call, &clicks, 0.001);
                }
            }
            group
        })
        .collect();
    let mut dropouts = Group::new("dropouts", Fault::Dropout);
    let mut clipping = Group::new("clipping", Fault::Clipping);
    for n in 0..clean {
        dropouts.without(n, lost::clean(&material, n));
        clipping.without(n, lost::clean(&material, n));
    }
    for ms in lost::LENGTHS {
        for n in 0..faulty {
            let (call, begins) = lost::dropped(&material, n, ms);
            dropouts.with(n, format!("{ms} ms"), call, &begins, ms as f64 / 1_000.0);
        }
    }
    for limit in lost::LIMITS {
        for n in 0..faulty {
            let call = lost::driven(&material, n, limit);
            clipping.throughout(n, format!("at {limit}"), call);
        }
    }
    let mut mains = Group::new("hum", Fault::Hum);
    (0..clean).for_each(|n| mains.without(n, hum::clean(&material, n)));
    for dbov in hum::LEVELS {
        for n in 0..faulty {
            let call = hum::hummed(&material, n, dbov);
            mains.throughout(n, format!("{dbov} dBov"), call);
        }
    }
    groups.extend([dropouts, clipping, mains]);
    groups
}

impl Group {
    fn new(name: &str, fault: Fault) -> Self {
        Self {
            name: name.into(),
            fault,
            calls: Vec::new(),
        }
    }

    fn push(
        &mut self,
        n: usize,
        condition: Option<String>,
        call: SideCall,
        faults: Vec<(f64, f64)>,
    ) {
        let what = condition.as_deref().unwrap_or("clean");
        let name = format!("{}-{what}-{n:02}", self.name).replace([' ', ','], "");
        self.calls.push(FaultyCall {
            name,
            call,
            faults,
            condition,
        });
    }

    fn without(&mut self, n: usize, call: SideCall) {
        self.push(n, None, call, Vec::new());
    }

    fn with(&mut self, n: usize, condition: String, call: SideCall, begins: &[usize], length: f64) {
        let begin = |at: &usize| *at as f64 / f64::from(call.rate);
        let faults = begins.iter().map(|at| (begin(at), begin(at) + length));
        let faults = faults.collect();
        self.push(n, Some(condition), call, faults);
    }

    fn throughout(&mut self, n: usize, condition: String, call: SideCall) {
        let whole = call.samples.len() as f64 / f64::from(call.rate);
        self.push(n, Some(condition), call, vec![(0.0, whole)]);
    }
}

/// Writes the calls, the kind of fault first in their names.
pub(super) fn export(folder: &Path, quick: bool) -> Outcome<()> {
    for part in [Part::Tuning, Part::Test] {
        let here = place(folder, part.name(), "faults")?;
        for call in groups(part, quick).into_iter().flat_map(|g| g.calls) {
            let path = here.join(format!("{}.wav", call.name));
            wav(&path, call.call.rate, &call.call.samples)?;
        }
    }
    Ok(())
}

/// The times, in s, at which the analyser tells of this fault.
fn ours(fault: Fault, call: &SideCall) -> Outcome<Vec<f64>> {
    let (mut told, mut before) = (Vec::new(), false);
    call.analyse(|n, frame| {
        let now = match fault {
            Fault::Crackle => frame.crackles > 0,
            Fault::Dropout => frame.dropouts > 0,
            Fault::Clipping => frame.clipped_samples > 0,
            Fault::Hum => frame.hum.is_some(),
        };
        // What stands is told once.
        if now && !(before && fault == Fault::Hum) {
            told.push(n as f64 / 100.0 + 0.005);
        }
        before = now;
    })?;
    Ok(told)
}

/// Of one call: faults found, faults there are, false alarms.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Count {
    found: f64,
    all: f64,
    falses: f64,
}

fn count(faults: &[(f64, f64)], told: &[f64]) -> Count {
    let near = |&(begin, end): &(f64, f64), t: f64| t >= begin - NEAR && t <= end + NEAR;
    let found = faults.iter().filter(|f| told.iter().any(|&t| near(f, t)));
    let mut falses = 0.0;
    let mut last = f64::NEG_INFINITY;
    let mut sorted = told.to_vec();
    sorted.sort_by(f64::total_cmp);
    for t in sorted {
        if !faults.iter().any(|f| near(f, t)) && t - last > NEAR {
            falses += 1.0;
        }
        last = t;
    }
    Count {
        found: found.count() as f64,
        all: faults.len() as f64,
        falses,
    }
}

/// Counts of one program, call by call.
struct Told(Vec<Count>);

impl Told {
    fn by_us(group: &Group) -> Outcome<Self> {
        let of = |c: &FaultyCall| Ok(count(&c.faults, &ours(group.fault, &c.call)?));
        Ok(Self(group.calls.iter().map(of).collect::<Outcome<_>>()?))
    }

    fn by(here: &Path, group: &Group, peer: &str) -> Outcome<Self> {
        let of = |c: &FaultyCall| Ok(count(&c.faults, &numbers(here, &c.name, peer, "events")?));
        Ok(Self(group.calls.iter().map(of).collect::<Outcome<_>>()?))
    }

    fn recall(&self, weights: &[f32]) -> f64 {
        let sum = |of: &dyn Fn(&Count) -> f64| -> f64 {
            self.0
                .iter()
                .zip(weights)
                .map(|(c, w)| f64::from(*w) * of(c))
                .sum()
        };
        sum(&|c| c.found) / sum(&|c| c.all).max(1.0)
    }

    fn whole_recall(&self) -> f64 {
        self.recall(&vec![1.0; self.0.len()])
    }

    /// Recall of each condition, in their order.
    fn recalls(&self, group: &Group) -> Vec<(String, f64)> {
        let mut all: Vec<(String, f64, f64)> = Vec::new();
        for (call, count) in group.calls.iter().zip(&self.0) {
            let Some(condition) = &call.condition else {
                continue;
            };
            match all.iter_mut().find(|c| c.0 == *condition) {
                Some(c) => (c.1, c.2) = (c.1 + count.found, c.2 + count.all),
                None => all.push((condition.clone(), count.found, count.all)),
            }
        }
        all.into_iter()
            .map(|(name, found, of)| (name, found / f64::max(of, 1.0)))
            .collect()
    }

    /// False alarms a minute in the calls without a fault.
    fn false_rate(&self, group: &Group) -> f64 {
        let (mut falses, mut seconds) = (0.0, 0.0);
        for (call, count) in group.calls.iter().zip(&self.0) {
            if call.condition.is_none() {
                falses += count.falses;
                seconds += call.call.samples.len() as f64 / f64::from(call.call.rate);
            }
        }
        60.0 * falses / f64::max(seconds, 1.0)
    }
}

/// The setting of a peer that finds the most on the tuning part with a bearable rate of false alarms, or
/// the one with the fewest of them.
fn best<'a>(here: &Path, group: &Group, settings: &[&'a String]) -> Outcome<Option<&'a String>> {
    let mut best: Option<(&String, f64, f64)> = None;
    for setting in settings {
        let told = Told::by(here, group, setting)?;
        let (recall, falses) = (told.whole_recall(), told.false_rate(group));
        let better = best.is_none_or(|(_, r, f)| {
            if falses.max(f) <= BEARABLE {
                recall > r
            } else {
                falses < f
            }
        });
        if better {
            best = Some((setting, recall, falses));
        }
    }
    Ok(best.map(|b| b.0))
}

/// A table of every fault: ours, and each peer with its two settings.
pub(super) fn judge(folder: &Path, quick: bool) -> Outcome<String> {
    let mut table = String::from(
        "| fault | told by | found | false alarms a minute | found, ours less theirs (95 % at least) |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    let tuning = groups(Part::Tuning, quick);
    let at = |part: Part| place(folder, part.name(), "faults");
    for (group, tuned) in groups(Part::Test, quick).iter().zip(&tuning) {
        let Some(first) = group.calls.first() else {
            continue;
        };
        let told = Told::by_us(group)?;
        let conditions: Vec<String> = told.recalls(group).into_iter().map(|c| c.0).collect();
        let name = format!("{}: {}", group.name, conditions.join(" / "));
        line(&mut table, &name, "Sidetone", group, &told, "")?;
        let all = peers(&at(Part::Test)?, &first.name, "events")?;
        let mut programs: Vec<&str> = all
            .iter()
            .filter_map(|p| Some(p.split_once('@')?.0))
            .collect();
        programs.dedup();
        for program in programs {
            let of = |p: &&String| p.split_once('@').is_some_and(|p| p.0 == program);
            let settings: Vec<&String> = all.iter().filter(of).collect();
            let best = best(&at(Part::Tuning)?, tuned, &settings)?;
            let shipped = settings.iter().find(|s| s.ends_with("@shipped")).copied();
            let other = best.filter(|b| Some(*b) != shipped);
            for setting in shipped.into_iter().chain(other) {
                let theirs = Told::by(&at(Part::Test)?, group, setting)?;
                let paired = bootstrap(told.0.len(), |w| told.recall(w) - theirs.recall(w));
                let rest = format!(
                    "{:+.3} ({:+.3}): {}",
                    paired.0,
                    paired.1,
                    verdict(paired, 0.005)
                );
                let by = setting.replace('@', ", ");
                line(&mut table, "", &by, group, &theirs, &rest)?;
            }
        }
    }
    Ok(table)
}

fn line(
    table: &mut String,
    what: &str,
    by: &str,
    group: &Group,
    told: &Told,
    rest: &str,
) -> std::fmt::Result {
    let recalls: Vec<String> = told
        .recalls(group)
        .iter()
        .map(|r| format!("{:.3}", r.1))
        .collect();
    writeln!(
        table,
        "| {what} | {by} | {} | {:.2} | {rest} |",
        recalls.join(" / "),
        told.false_rate(group)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_are_of_the_fault_they_are_near_to_and_repeated_ones_count_once() {
        let faults = [(1.0, 1.02), (3.0, 3.02)];
        // Found; found again; a false one told three times; a false one.
        let told = [1.01, 1.04, 2.0, 2.01, 2.02, 5.0];
        let counted = count(&faults, &told);
        assert_eq!(
            (counted.found, counted.all, counted.falses),
            (1.0, 2.0, 2.0)
        );
    }
}
