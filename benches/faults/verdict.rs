//! What was lost, and by whose count.

use crate::acknowledged::Acknowledged;
use crate::consumer::{Absence, Consumer};
use crate::node::Node;
use sidetone_wire::MessageClass;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

/// A consumer who comes back has taken what waited for it within this time; what expires meanwhile may be gone.
const TAKES: Duration = Duration::from_secs(10);

/// A life in whole seconds is so inexact.
const EDGE: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(crate) struct Verdict {
    judged: HashSet<String>,
    lost: u64,
    lost_by_broker: u64,
    twice: u64,
    overtaken: u64,
    repeated: u64,
    /// How often each alert's end was heard by the first consumer.
    ends: BTreeMap<String, u32>,
    raises: HashSet<String>,
}

impl Verdict {
    pub(crate) fn header() -> &'static str {
        "| fault | promised | lost (stays, goes) | acknowledged, then lost by the broker | twice after deduplication | overtaken | repeated deliveries removed |\n\
         | --- | --- | --- | --- | --- | --- | --- |"
    }

    pub(crate) fn phase(
        &mut self,
        name: &str,
        node: &Node,
        consumers: [&Consumer; 2],
        (acknowledged, restarts): (&Acknowledged, &[Instant]),
    ) {
        let acknowledged = acknowledged.lock().unwrap();
        let mut by_broker = 0;
        let promised: Vec<String> = node
            .promised()
            .into_iter()
            .filter(|key| !self.judged.contains(key))
            .collect();
        let handed_over = node.handed_over();
        let mut expired = 0;
        let mut lost = [0_u64; 2];
        let (mut twice, mut overtaken, mut repeated) = (0, 0, 0);
        for (consumer, lost) in consumers.iter().zip(&mut lost) {
            let mut heard = consumer.heard.lock().unwrap();
            let not_owed = |key: &String| has_expired(key, &handed_over, consumer.absence());
            expired += promised.iter().filter(|key| not_owed(key)).count();
            let (taken, missing): (Vec<&String>, Vec<&String>) = promised
                .iter()
                .filter(|key| !heard.messages.contains_key(*key) && !not_owed(key))
                .partition(|key| acknowledged.contains(*key));
            by_broker += taken.len() as u64;
            *lost = missing.len() as u64;
            if !node.bare && !missing.is_empty() {
                println!("missing: {:?}", &missing[..missing.len().min(20)]);
            }
            // The end of an alert that an ended process left standing is told by the next one.
            let counted = heard.messages.iter().filter(|(_, times)| **times > 1);
            twice += counted.count() as u64;
            let mut late = std::mem::take(&mut heard.overtaken);
            late.retain(|key| {
                let expiry = expiry(key, &handed_over);
                let at_an_edge =
                    expiry.is_some_and(|e| restarts.iter().any(|edge| is_near(e, *edge)));
                if at_an_edge {
                    println!("{key} expired in the very second of a restart of the broker");
                }
                !at_an_edge
            });
            if !late.is_empty() {
                println!("overtaken: {:?}", &late[..late.len().min(20)]);
            }
            overtaken += late.len() as u64;
            repeated += heard.repeated;
        }
        let heard = consumers[0].heard.lock().unwrap();
        for (key, times) in &heard.messages {
            match key.as_bytes().first() {
                Some(b'r') => {
                    self.raises.insert(key[1..].to_owned());
                }
                Some(b'c') => {
                    self.ends.insert(key[1..].to_owned(), *times);
                }
                _ => {}
            }
        }
        println!(
            "| {name} | {} | {}, {} | {by_broker} | {} | {} | {} |",
            promised.len(),
            lost[0],
            lost[1],
            twice - self.twice,
            overtaken,
            repeated - self.repeated
        );
        if expired > 0 {
            println!("{expired} states of alerts had expired before the consumer came back");
        }
        (self.twice, self.repeated) = (twice, repeated);
        self.overtaken += overtaken;
        self.lost += lost.iter().sum::<u64>();
        self.lost_by_broker += by_broker;
        self.judged.extend(promised);
    }

    /// Prints the whole, and tells whether all of it is as it must be.
    pub(crate) fn total(&self, node: &Node, acknowledged: &Acknowledged) -> bool {
        let acknowledged = acknowledged.lock().unwrap();
        let wrong = self
            .raises
            .iter()
            .filter(|id| match self.ends.get(*id) {
                Some(times) => *times != 1,
                None => !acknowledged.contains(&format!("c{id}")),
            })
            .count();
        let promised = node.promised().len();
        println!(
            "{promised} messages promised, {} lost ({:.2} %), {} lost by the broker, {} twice, {} overtaken; {} alerts raised, {wrong} without exactly one end",
            self.lost,
            self.lost as f64 / 2.0 / promised.max(1) as f64 * 100.0,
            self.lost_by_broker,
            self.twice,
            self.overtaken,
            self.raises.len(),
        );
        self.lost + self.twice + self.overtaken == 0 && (wrong == 0 || node.bare)
    }
}

/// When the state of an alert expires, if `key` is one (CONTRACT §1).
fn expiry(key: &str, handed_over: &HashMap<String, Instant>) -> Option<Instant> {
    let class = match key.as_bytes().first() {
        Some(b'R') => MessageClass::AlertActive,
        Some(b'C') => MessageClass::AlertCleared,
        _ => return None,
    };
    let life = class.delivery().expiry_s?;
    Some(*handed_over.get(key)? + Duration::from_secs(life.into()))
}

/// The state of an alert whose time ran out while the consumer was away: the broker keeps it no longer, and it is not
/// owed. Its event is.
fn has_expired(
    key: &str,
    handed_over: &HashMap<String, Instant>,
    absence: Option<Absence>,
) -> bool {
    let (Some(expiry), Some(away)) = (expiry(key, handed_over), absence) else {
        return false;
    };
    away.since <= expiry && expiry <= away.until + TAKES
}

/// Whether a state expired in these very seconds. MQTT counts a life in whole ones, so of two copies the broker may drop
/// the first and deliver the second; and mosquitto keeps for ever what expires in the second of its start: it reads a
/// remaining life of 0 s from its file as none (each one seen was such a state).
fn is_near(expiry: Instant, edge: Instant) -> bool {
    edge - EDGE <= expiry && expiry <= edge + EDGE
}
