//! What is acknowledged stays for a while, and is sent again if the connection breaks in it.

use super::disk::Report;
use super::tests::{acknowledge, drain, id, json, message, outbox, put, taken};
use super::*;

const SETTLE: Duration = super::tests::SETTLE;

fn done(lines: &[Line]) -> Vec<u64> {
    let seqs = |line: &Line| match line {
        Line::Done(ids) => ids.iter().map(|id| id.seq).collect(),
        _ => Vec::new(),
    };
    lines.iter().flat_map(seqs).collect()
}

fn state(class: MessageClass) -> Outgoing {
    Outgoing {
        class,
        ..json("alert/double_talk/call", 5)
    }
}

#[test]
fn what_settles_waits_for_nothing_and_leaves_the_disk_when_its_time_is_over() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    for _ in 0..2 {
        o.append(json("a", 5), Rank::Event, (now, 0));
    }
    assert_eq!(drain(&mut o, now), [1]);
    acknowledge(&mut o, id(1), now);
    assert_eq!(
        drain(&mut o, now),
        [2],
        "the next of its topic is not held up"
    );
    acknowledge(&mut o, id(2), now + Duration::from_secs(1));
    assert_eq!((o.stats().records, o.stats().bytes), (0, 0));
    assert!(!o.has_any_for(now) && !o.holds("a") && o.wake().is_none());
    o.settle(now + SETTLE - Duration::from_millis(1));
    assert_eq!(done(&taken(&mut o).0), [0_u64; 0]);
    o.settle(now + SETTLE);
    assert_eq!(done(&taken(&mut o).0), [1]);
    o.settle_all();
    assert_eq!(done(&taken(&mut o).0), [2]);
    assert_eq!(o.stats().dropped, 0);
}

#[test]
fn a_broken_connection_offers_what_settles_again_before_what_was_on_its_way() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    for topic in ["a", "a", "b"] {
        o.append(message(topic), Rank::Event, (now, 0));
    }
    drain(&mut o, now);
    acknowledge(&mut o, id(1), now);
    assert_eq!(drain(&mut o, now), [2, 3]);
    o.connection_lost();
    assert_eq!(o.stats().records, 3, "they wait again");
    assert_eq!(drain(&mut o, now), [1]);
    acknowledge(&mut o, id(1), now);
    assert_eq!(drain(&mut o, now), [2, 3]);
    o.settle(now + SETTLE - Duration::from_millis(1));
    assert_eq!(o.settling.len(), 1, "its time runs anew");
}

#[test]
fn a_state_offered_again_is_not_retained_if_a_newer_one_follows() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    let states = [MessageClass::AlertActive, MessageClass::AlertCleared];
    for class in states {
        o.append(state(class), Rank::Raised, (now, 0));
        let (id, message, _) = o.next(now).unwrap();
        assert!(message.retained());
        o.sent(id);
        acknowledge(&mut o, id, now);
    }
    o.connection_lost();
    let mut offered = Vec::new();
    while let Some((id, message, _)) = o.next(now) {
        offered.push((id.seq, message.retained()));
        o.sent(id);
        acknowledge(&mut o, id, now);
    }
    assert_eq!(offered, [(1, false), (2, true)]);
    o.settle_all();
    assert!(o.latest.is_empty());
}

#[test]
fn the_life_of_a_state_runs_on_once_a_newer_one_has_come() {
    let now = Instant::now();
    let at = |ms| now + Duration::from_millis(ms);
    let limits = OutboxLimits::default();
    let mut o = Outbox::new(limits, 1, &LeftBehind::default(), (now, 0));
    o.trouble = Some(DiskTrouble::Failing);
    o.append(state(MessageClass::AlertActive), Rank::Raised, (now, 0));
    o.append(json("event/alert.raised", 5), Rank::Raised, (now, 0));
    assert_eq!(drain(&mut o, now), [1, 2]);
    for seq in 1..=2 {
        acknowledge(&mut o, id(seq), now);
    }
    o.connection_lost();
    let again = drain(&mut o, at(181_000));
    assert_eq!(again, [1, 2], "a state is true until it changes");
    o.append(state(MessageClass::AlertCleared), Rank::Cleared, (now, 0));

    o.connection_lost();
    let (first, message, waited_s) = o.next(at(100_500)).unwrap();
    assert_eq!((first, message.superseded, waited_s), (id(1), true, 101));
    assert_eq!(drain(&mut o, at(180_000)), [2, 3]);
    assert_eq!(done(&taken(&mut o).0), [1], "it leaves the disk");
    assert_eq!(o.stats().dropped, 0, "and is no loss");
}

#[test]
fn what_settles_goes_first_when_room_is_needed_and_is_no_loss() {
    let now = Instant::now();
    let mut o = outbox(3, 10_000);
    for _ in 0..3 {
        o.append(json("a", 5), Rank::Raised, (now, 0));
    }
    for seq in 1..=2 {
        drain(&mut o, now);
        acknowledge(&mut o, id(seq), now);
    }
    taken(&mut o);
    o.append(json("a", 5), Rank::Event, (now, 0));
    assert_eq!(done(&taken(&mut o).0), [1], "the oldest of its topic");
    o.connection_lost();
    o.append(json("a", 5), Rank::Event, (now, 0));
    assert_eq!(
        done(&taken(&mut o).0),
        [2],
        "also while it is offered again"
    );
    assert_eq!((o.stats().records, o.stats().dropped), (3, 0));
}

#[test]
fn a_request_to_hold_is_never_made_twice() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    let hold = Outgoing {
        class: MessageClass::Hold,
        ..json("h", 5)
    };
    o.append(hold, Rank::Raised, (now, 0));
    drain(&mut o, now);
    acknowledge(&mut o, id(1), now);
    o.connection_lost();
    assert_eq!(drain(&mut o, now), [0_u64; 0]);
}

#[test]
fn the_body_of_what_settles_is_on_the_disk_alone_if_it_is_there() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    for _ in 0..2 {
        o.append(json("a", 5), Rank::Event, (now, 0));
    }
    o.hear(Report::Stored(vec![id(1)]));
    for seq in 1..=2 {
        drain(&mut o, now);
        acknowledge(&mut o, id(seq), now);
    }
    assert_eq!(o.cached, json("a", 5).size(), "the second is nowhere else");
    taken(&mut o);
    o.hear(Report::Working);
    assert_eq!(
        put(&taken(&mut o).0),
        [2],
        "a disk that works again gets it"
    );
    o.hear(Report::Stored(vec![id(2)]));
    assert_eq!(o.cached, 0);
    o.connection_lost();
    assert!(o.next(now).is_none());
    assert_eq!(taken(&mut o).1, [id(1), id(2)], "they are read back");
    o.hear(Report::Loaded(id(1), None));
    assert_eq!(o.stats().dropped, 0, "the broker has had it");
}

/// Sends until all is acknowledged: of each topic one at a time.
fn deliver(o: &mut Outbox, now: Instant) {
    loop {
        let sent = drain(o, now);
        if sent.is_empty() {
            return;
        }
        for seq in sent {
            acknowledge(o, id(seq), now);
        }
    }
}

#[test]
fn a_connection_that_breaks_sooner_than_things_settle_keeps_them_within_the_bounds_and_no_longer() {
    let began = Instant::now();
    let break_every = Duration::from_secs(35);
    let limits = OutboxLimits {
        records: 100,
        ..OutboxLimits::default()
    };
    let mut o = Outbox::new(limits, 1, &LeftBehind::default(), (began, 0));
    o.trouble = Some(DiskTrouble::Failing);
    let mut now = began;
    let mut left = Vec::new();
    for round in 0..100 {
        for topic in ["event/call.started", "event/call.ended"] {
            o.append(json(topic, 5), Rank::Event, (now, 0));
        }
        o.settle(now);
        deliver(&mut o, now);
        assert_eq!(
            o.settling.len(),
            100.min(2 * (round + 1)),
            "in round {round}"
        );
        left.extend(done(&taken(&mut o).0));
        now += break_every;
        o.connection_lost();
        assert_eq!(o.settling.bytes(), 0, "counted once, as waiting");
    }
    deliver(&mut o, now);
    o.settle(now + SETTLE);
    left.extend(done(&taken(&mut o).0));
    left.sort_unstable();
    assert_eq!(left, (1..=200).collect::<Vec<_>>());
    assert_eq!((o.stats().records, o.stats().dropped), (0, 0));
    assert!(o.latest.is_empty() && o.refused.is_empty() && o.busy.is_empty());
}
