use super::disk::Report;
use super::*;
use sidetone_wire::MessageClass;
use std::time::Duration;

pub(super) fn message(topic: &str) -> Outgoing {
    Outgoing {
        topic: topic.to_owned(),
        payload: vec![b'x'; 10],
        properties: Vec::new(),
        class: MessageClass::Event,
        superseded: false,
    }
}

pub(super) fn id(seq: u64) -> Id {
    Id { boot: 1, seq }
}

pub(super) fn outbox(records: usize, bytes: usize) -> Outbox {
    let limits = OutboxLimits {
        records,
        bytes,
        age: Duration::from_secs(100),
    };
    let mut outbox = Outbox::new(limits, 1, &LeftBehind::default(), (Instant::now(), 0));
    // Without a disk nothing waits for one.
    outbox.trouble = Some(DiskTrouble::Failing);
    outbox
}

/// A record is acknowledged, and settles a minute later.
pub(super) fn acknowledge(outbox: &mut Outbox, id: Id, now: Instant) {
    outbox.acknowledged(id, now + SETTLE);
}

pub(super) const SETTLE: Duration = Duration::from_secs(60);

/// Sends everything that can be sent; what was sent.
pub(super) fn drain(outbox: &mut Outbox, now: Instant) -> Vec<u64> {
    let mut sent = Vec::new();
    while let Some((id, _, _)) = outbox.next(now) {
        outbox.sent(id);
        sent.push(id.seq);
    }
    sent
}

#[test]
fn a_record_leaves_only_when_acknowledged() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    for topic in ["a", "b", "c"] {
        o.append(message(topic), Rank::Event, (now, 0));
    }
    assert_eq!(drain(&mut o, now), [1, 2, 3]);
    assert_eq!(o.stats().records, 3);
    acknowledge(&mut o, id(2), now);
    o.reset(id(1));
    o.reset(id(3));
    assert_eq!(
        drain(&mut o, now),
        [1, 3],
        "what the session lost is sent again, in order"
    );
    acknowledge(&mut o, id(1), now);
    acknowledge(&mut o, id(3), now);
    assert_eq!((o.stats().records, o.stats().bytes), (0, 0));
    assert_eq!(o.next_seq(), 4);
}

#[test]
fn when_full_events_go_first_then_clears_then_raises() {
    let now = Instant::now();
    let mut o = outbox(3, 10_000);
    o.append(message("raise"), Rank::Raised, (now, 0));
    o.append(message("clear"), Rank::Cleared, (now, 0));
    o.append(message("old"), Rank::Event, (now, 0));
    o.append(message("young"), Rank::Event, (now, 0));
    let topics = |o: &Outbox| {
        o.slots
            .values()
            .map(|s| s.topic.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(topics(&o), ["raise", "clear", "young"]);
    o.append(message("raise2"), Rank::Raised, (now, 0));
    assert_eq!(topics(&o), ["raise", "clear", "raise2"]);
    o.append(message("late"), Rank::Event, (now, 0));
    assert_eq!(
        topics(&o),
        ["raise", "clear", "raise2"],
        "an event does not displace an alert"
    );
    o.append(message("raise3"), Rank::Raised, (now, 0));
    assert_eq!(topics(&o), ["raise", "raise2", "raise3"]);
    assert_eq!(
        (o.stats().dropped, o.take_untold()),
        (4, None),
        "a loss is not told while telling it would cost another record"
    );
    o.sent(id(1));
    acknowledge(&mut o, id(1), now);
    assert_eq!((o.take_untold(), o.take_untold()), (Some(4), None));
}

#[test]
fn what_is_on_its_way_is_not_dropped_for_room() {
    let now = Instant::now();
    let mut o = outbox(2, 10_000);
    o.append(message("a"), Rank::Event, (now, 0));
    o.append(message("b"), Rank::Event, (now, 0));
    drain(&mut o, now);
    o.append(message("c"), Rank::Event, (now, 0));
    assert_eq!(o.stats().dropped, 1, "only the one that was not on its way");
    acknowledge(&mut o, id(1), now);
    acknowledge(&mut o, id(2), now);
    assert_eq!(o.stats().records, 0);
}

#[test]
fn bytes_and_age_bound_it_too() {
    let now = Instant::now();
    let mut o = outbox(100, 25);
    for _ in 0..3 {
        o.append(message("a"), Rank::Event, (now, 0));
    }
    assert_eq!(
        (o.stats().records, o.stats().bytes, o.stats().dropped),
        (2, 22, 1)
    );
    o.expire(now + Duration::from_secs(101));
    assert_eq!(
        (o.stats().records, o.stats().bytes, o.stats().dropped),
        (0, 0, 3)
    );
}

#[test]
fn a_refused_topic_waits_as_a_whole_and_holds_up_no_other() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    for topic in ["a", "a", "b"] {
        o.append(message(topic), Rank::Event, (now, 0));
    }
    o.sent(id(1));
    o.refused(id(1), now + Duration::from_secs(60));
    assert_eq!(drain(&mut o, now), [3]);
    assert_eq!(drain(&mut o, now + Duration::from_secs(61)), [1]);
    assert!(o.holds("a") && !o.holds("c"));
}

/// Hands the lines over to nobody; what would have gone to the disk.
pub(super) fn taken(outbox: &mut Outbox) -> (Vec<Line>, Vec<Id>) {
    (
        std::mem::take(&mut outbox.lines),
        std::mem::take(&mut outbox.wanted),
    )
}

pub(super) fn put(lines: &[Line]) -> Vec<u64> {
    let seq = |line: &Line| match line {
        Line::Put(record) => Some(record.id.seq),
        _ => None,
    };
    lines.iter().filter_map(seq).collect()
}

pub(super) fn json(topic: &str, bytes: usize) -> Outgoing {
    Outgoing {
        payload: format!("\"{}\"", "x".repeat(bytes)).into_bytes(),
        ..message(topic)
    }
}

#[test]
fn memory_is_bounded_by_the_cache_and_the_rest_is_read_back_in_order() {
    let now = Instant::now();
    let mut o = outbox(1_000, 100 << 20);
    for n in 0..200 {
        o.append(json("a", 10_000), Rank::Event, (now, 0));
        o.hear(Report::Stored(vec![id(n + 1)]));
    }
    assert!(o.cached <= CACHE_BYTES + 20_000, "{} bytes", o.cached);
    let mut sent = Vec::new();
    for _ in 0..1_000 {
        for seq in drain(&mut o, now) {
            sent.push(seq);
            acknowledge(&mut o, id(seq), now);
        }
        for id in taken(&mut o).1 {
            let message = Box::new(json("a", 10_000));
            o.hear(Report::Loaded(id, Some(message)));
        }
    }
    assert_eq!(sent, (1..=200).collect::<Vec<_>>());
    assert_eq!((o.cached, o.bytes), (0, 0));
    o.settle(now + SETTLE);
    assert_eq!((o.cached, o.settling.bytes()), (0, 0));
}

#[test]
fn a_record_that_cannot_be_read_back_is_a_counted_loss_and_holds_up_no_other() {
    let now = Instant::now();
    let outline = |topic: &str, at| segments::Outline {
        rank: Rank::Event,
        class: MessageClass::Event,
        at,
        topic: topic.to_owned(),
        size: 10,
    };
    let mut left = LeftBehind::default();
    left.records.insert(id(7), outline("a", 40_000));
    left.records.insert(id(8), outline("b", 45_000));
    let limits = OutboxLimits::default();
    let mut o = Outbox::new(limits, 2, &left, (now, 50_000));
    o.append(message("c"), Rank::Event, (now, 50_000));
    assert!(o.next(now).is_none(), "older starts come first");
    assert_eq!(taken(&mut o).1, [id(7), id(8)]);
    o.hear(Report::Loaded(id(7), None));
    o.hear(Report::Loaded(id(8), Some(Box::new(message("b")))));
    let (next, _, waited_s) = o.next(now).unwrap();
    assert_eq!((next, waited_s), (id(8), 5));
    assert_eq!((o.stats().records, o.take_untold()), (2, Some(1)));
}

#[test]
fn what_a_failing_disk_missed_is_handed_over_again() {
    let now = Instant::now();
    let mut o = outbox(100, 100_000);
    o.append(json("a", 5), Rank::Event, (now, 0));
    assert_eq!(put(&taken(&mut o).0), [1]);
    o.hear(Report::Stored(vec![id(1)]));
    o.hear(Report::Failing(DiskTrouble::Full));
    for _ in 0..2 {
        o.append(json("a", 5), Rank::Event, (now, 0));
    }
    taken(&mut o);
    assert_eq!(o.stats().trouble, Some(DiskTrouble::Full));
    o.hear(Report::Working);
    assert_eq!(put(&taken(&mut o).0), [2, 3]);
    assert_eq!(o.stats().trouble, None);
}

#[test]
fn a_request_to_hold_is_no_matter_for_a_later_start() {
    let mut o = outbox(100, 100_000);
    let hold = Outgoing {
        class: MessageClass::Hold,
        ..json("h", 5)
    };
    o.append(hold, Rank::Raised, (Instant::now(), 0));
    assert_eq!(put(&taken(&mut o).0), [] as [u64; 0]);
}

#[test]
fn of_a_topic_one_record_is_on_its_way_so_that_none_overtakes() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    for topic in ["a", "b", "a", "c"] {
        o.append(message(topic), Rank::Event, (now, 0));
    }
    assert_eq!(drain(&mut o, now), [1, 2]);
    o.reset(id(1));
    assert_eq!(
        drain(&mut o, now),
        [1],
        "what a lost session dropped comes first"
    );
    acknowledge(&mut o, id(1), now);
    assert_eq!(drain(&mut o, now), [3, 4]);
}

#[test]
fn a_record_is_sent_once_it_is_on_the_disk_or_the_disk_is_slow() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    o.trouble = None;
    o.append(message("a"), Rank::Event, (now, 0));
    o.append(message("b"), Rank::Event, (now, 0));
    assert!(o.next(now).is_none());
    assert_eq!(o.wake(), Some(now + DISK_PATIENCE));
    o.hear(Report::Stored(vec![id(1)]));
    assert_eq!(drain(&mut o, now), [1]);
    assert_eq!(drain(&mut o, now + DISK_PATIENCE), [2]);
}
