use super::*;
use sidetone_wire::MessageClass;
use std::time::Duration;

fn message(topic: &str) -> Outgoing {
    Outgoing {
        topic: topic.to_owned(),
        payload: vec![b'x'; 10],
        properties: Vec::new(),
        class: MessageClass::Event,
    }
}

fn outbox(records: usize, bytes: usize) -> Outbox {
    Outbox::new(OutboxLimits {
        records,
        bytes,
        age: Duration::from_secs(100),
    })
}

/// Sends everything that can be sent; what was sent.
fn drain(outbox: &mut Outbox, now: Instant) -> Vec<u64> {
    let mut sent = Vec::new();
    while let Some((seq, _, _)) = outbox.next(now) {
        outbox.sent(seq);
        sent.push(seq);
    }
    sent
}

#[test]
fn a_record_leaves_only_when_acknowledged() {
    let now = Instant::now();
    let mut o = outbox(10, 10_000);
    for _ in 0..3 {
        o.append(message("a"), Rank::Event, now);
    }
    assert_eq!(drain(&mut o, now), [1, 2, 3]);
    assert_eq!(o.stats().records, 3);
    o.acknowledged(2);
    o.reset(1);
    o.reset(3);
    assert_eq!(
        drain(&mut o, now),
        [1, 3],
        "what the session lost is sent again, in order"
    );
    o.acknowledged(1);
    o.acknowledged(3);
    assert_eq!(o.stats(), OutboxStats::default());
    assert_eq!(o.next_seq(), 4);
}

#[test]
fn when_full_events_go_first_then_clears_then_raises() {
    let now = Instant::now();
    let mut o = outbox(3, 10_000);
    o.append(message("raise"), Rank::Raised, now);
    o.append(message("clear"), Rank::Cleared, now);
    o.append(message("old"), Rank::Event, now);
    o.append(message("young"), Rank::Event, now);
    let topics = |o: &Outbox| {
        o.slots
            .values()
            .map(|s| s.message.topic.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(topics(&o), ["raise", "clear", "young"]);
    o.append(message("raise2"), Rank::Raised, now);
    assert_eq!(topics(&o), ["raise", "clear", "raise2"]);
    o.append(message("late"), Rank::Event, now);
    assert_eq!(
        topics(&o),
        ["raise", "clear", "raise2"],
        "an event does not displace an alert"
    );
    o.append(message("raise3"), Rank::Raised, now);
    assert_eq!(topics(&o), ["raise", "raise2", "raise3"]);
    assert_eq!(
        (o.stats().dropped, o.take_untold()),
        (4, None),
        "a loss is not told while telling it would cost another record"
    );
    o.sent(1);
    o.acknowledged(1);
    assert_eq!((o.take_untold(), o.take_untold()), (Some(4), None));
}

#[test]
fn what_is_on_its_way_is_not_dropped_for_room() {
    let now = Instant::now();
    let mut o = outbox(2, 10_000);
    o.append(message("a"), Rank::Event, now);
    o.append(message("b"), Rank::Event, now);
    drain(&mut o, now);
    o.append(message("c"), Rank::Event, now);
    assert_eq!(o.stats().dropped, 1, "only the one that was not on its way");
    o.acknowledged(1);
    o.acknowledged(2);
    assert_eq!(o.stats().records, 0);
}

#[test]
fn bytes_and_age_bound_it_too() {
    let now = Instant::now();
    let mut o = outbox(100, 25);
    for _ in 0..3 {
        o.append(message("a"), Rank::Event, now);
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
        o.append(message(topic), Rank::Event, now);
    }
    o.sent(1);
    o.refused(1, now + Duration::from_secs(60));
    assert_eq!(drain(&mut o, now), [3]);
    assert_eq!(drain(&mut o, now + Duration::from_secs(61)), [1, 2]);
    assert!(o.holds("a") && !o.holds("c"));
}
