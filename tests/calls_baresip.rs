//! The adapter for baresip, against the real one: Debian's 1.0.0.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/softphones/mod.rs"]
mod softphones;

use sidetone::softphone::baresip::Baresip as Adapter;
use sidetone::softphone::{Action, Answer, Direction, Phase, SignalKind};
use softphones::{
    Baresip, Control, Customer, Driven, Lossy, Verdict, hold_and_resume, print_distribution,
};
use std::time::{Duration, Instant};

fn drive(agent: &Baresip) -> Driven {
    Driven::start(Adapter::new(agent.control))
}

#[tokio::test]
async fn the_customer_is_put_on_hold_and_taken_back() {
    let agent = Baresip::start("agent");
    let mut driven = drive(&agent);
    assert!(matches!(driven.next().await, SignalKind::Up(can) if can.hold && can.control));
    assert_eq!(driven.next().await, SignalKind::Legs(Vec::new()));
    let customer = Customer::call(agent.sip, 15_000);
    hold_and_resume(&mut driven).await;
    assert_eq!(customer.verdict(), Verdict::HeldAndResumed);
}

#[tokio::test]
async fn a_customer_who_is_not_put_on_hold_says_so() {
    let agent = Baresip::start("agent");
    let mut driven = drive(&agent);
    let customer = Customer::call(agent.sip, 2_000);
    driven.until_one(Phase::Active).await;
    assert_eq!(customer.verdict(), Verdict::NotSo);
}

#[tokio::test]
async fn two_hundred_holds_are_seen() {
    let (agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    let mut driven = drive(&agent);
    Control::open(customer.control).tell("dial", &agent.uri("agent"));
    let leg = driven.until_one(Phase::Active).await;
    let (mut held, mut resumed) = (Vec::new(), Vec::new());
    for _ in 0..200 {
        for (action, phase, times) in [
            (Action::Hold, Phase::Held, &mut held),
            (Action::Resume, Phase::Active, &mut resumed),
        ] {
            let told = Instant::now();
            assert_eq!(driven.order(&leg, action).await, Answer::Accepted);
            driven.until_phase(&leg, phase).await;
            times.push(told.elapsed());
        }
    }
    let longest = held.iter().chain(&resumed).max().copied();
    print_distribution("baresip: order to hold seen", held);
    print_distribution("baresip: order to resume seen", resumed);
    // The station waits a second for it.
    assert!(longest < Some(Duration::from_secs(1)), "{longest:?}");
}

#[tokio::test]
async fn both_sides_may_hold_at_once() {
    let (agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    // Before the channels are the drivers'.
    Control::open(agent.control).tell("dial", &customer.uri("customer"));
    let (mut ours, mut theirs) = (drive(&agent), drive(&customer));
    let our_leg = ours.until_one(Phase::Active).await;
    let their_leg = theirs.until_one(Phase::Active).await;
    let mut times = Vec::new();
    for _ in 0..3 {
        let told = Instant::now();
        let (one, two) = tokio::join!(
            ours.order(&our_leg, Action::Hold),
            theirs.order(&their_leg, Action::Hold)
        );
        assert_eq!((one, two), (Answer::Accepted, Answer::Accepted));
        ours.until_phase(&our_leg, Phase::Held).await;
        theirs.until_phase(&their_leg, Phase::Held).await;
        times.push(told.elapsed());
        ours.order(&our_leg, Action::Resume).await;
        ours.until_phase(&our_leg, Phase::Active).await;
        theirs.order(&their_leg, Action::Resume).await;
        theirs.until_phase(&their_leg, Phase::Active).await;
    }
    print_distribution("baresip: both sides hold, order to both holds seen", times);
}

#[tokio::test]
async fn the_channel_is_taken_back_from_another_program() {
    let (agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    let mut driven = drive(&agent);
    Control::open(customer.control).tell("dial", &agent.uri("agent"));
    let leg = driven.until_one(Phase::Active).await;
    for _ in 0..3 {
        // Longer than a connection must hold to be made anew without a word.
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let mut thief = Control::open(agent.control);
        thief.tell("listcalls", "");
        // It is told to a driver that may not have noticed yet; it must not be lost without a word.
        let mut answer = driven.order(&leg, Action::Hold).await;
        if matches!(answer, Answer::Unknown(_)) {
            answer = driven.order(&leg, Action::Hold).await;
        }
        let legs = driven.legs.clone();
        assert_eq!(answer, Answer::Accepted, "{legs:?}");
        driven.until_phase(&leg, Phase::Held).await;
        driven.order(&leg, Action::Resume).await;
        driven.until_phase(&leg, Phase::Active).await;
    }
}

#[tokio::test]
async fn a_killed_softphone_is_down_and_comes_back() {
    let (mut agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    let mut driven = drive(&agent);
    Control::open(customer.control).tell("dial", &agent.uri("agent"));
    let leg = driven.until_one(Phase::Active).await;
    let killed = Instant::now();
    agent.kill();
    let reason = driven
        .until(|kind| match kind {
            SignalKind::Down { reason } => Some(reason.clone()),
            _ => None,
        })
        .await;
    println!(
        "baresip killed: told after {:?}: {reason}",
        killed.elapsed()
    );
    assert!(killed.elapsed() < Duration::from_secs(2));
    let refused = driven.order(&leg, Action::Hold).await;
    assert!(
        matches!(&refused, Answer::Refused(why) if why.contains("baresip")),
        "{refused:?}"
    );
    agent.restart();
    driven
        .until(|kind| matches!(kind, SignalKind::Up(_)).then_some(()))
        .await;
    assert_eq!(driven.next().await, SignalKind::Legs(Vec::new()));
}

#[tokio::test]
async fn a_stalled_softphone_keeps_no_order_waiting() {
    let (agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    let mut driven = drive(&agent);
    Control::open(customer.control).tell("dial", &agent.uri("agent"));
    let leg = driven.until_one(Phase::Active).await;
    agent.signal("STOP");
    let told = Instant::now();
    let answer = driven.order(&leg, Action::Hold).await;
    println!("baresip stalled: {answer:?} after {:?}", told.elapsed());
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
    driven
        .until(|kind| matches!(kind, SignalKind::Down { .. }).then_some(()))
        .await;
    let told = Instant::now();
    let answer = driven.order(&leg, Action::Hold).await;
    assert!(matches!(answer, Answer::Refused(_)), "{answer:?}");
    // Trying to connect takes a second; an order does not wait for it.
    assert!(told.elapsed() < Duration::from_millis(800));
    agent.signal("CONT");
    // The call is still there, and what it was told while it was stalled has been done.
    driven
        .until(|kind| matches!(kind, SignalKind::Up(_)).then_some(()))
        .await;
    driven.until_legs(|legs| legs.len() == 1).await;
}

#[tokio::test]
async fn of_several_calls_the_wrong_one_is_never_held() {
    let agent = Baresip::start("agent");
    let customers = [Baresip::start("customer"), Baresip::start("customer")];
    let mut driven = drive(&agent);
    Control::open(customers[0].control).tell("dial", &agent.uri("agent"));
    let first = driven.until_one(Phase::Active).await;
    Control::open(customers[1].control).tell("dial", &agent.uri("agent"));
    driven
        .until_legs(|legs| legs.len() == 2 && legs.iter().all(|l| l.phase == Phase::Active))
        .await;
    let second = driven
        .legs
        .iter()
        .find(|l| l.id != first)
        .unwrap()
        .id
        .clone();
    // 1.0.0 acts on its current call, which is the later one.
    let answer = driven.order(&first, Action::Hold).await;
    assert!(
        matches!(&answer, Answer::Refused(why) if why.contains("current")),
        "{answer:?}"
    );
    assert_eq!(driven.order(&second, Action::Hold).await, Answer::Accepted);
    driven.until_phase(&second, Phase::Held).await;
    let phase = |id| driven.legs.iter().find(|l| l.id == id).map(|l| l.phase);
    assert_eq!(phase(first.clone()), Some(Phase::Active));
    // An ended call's line is used again; the new call is not the old one.
    Control::open(customers[0].control).tell("hangup", "");
    driven.until_legs(|legs| legs.len() == 1).await;
    Control::open(customers[0].control).tell("dial", &agent.uri("agent"));
    driven
        .until_legs(|legs| legs.len() == 2 && legs.iter().all(|l| l.id != first))
        .await;
}

#[tokio::test]
async fn a_call_is_answered_muted_and_ended() {
    let (agent, customer) = (Baresip::ringing("agent"), Baresip::start("customer"));
    let mut driven = drive(&agent);
    let mut theirs = Control::open(customer.control);
    theirs.tell("dial", &agent.uri("agent"));
    let leg = driven.until_one(Phase::Ringing).await;
    assert_eq!(driven.legs[0].direction, Some(Direction::Incoming));
    let early = driven.order(&leg, Action::Hold).await;
    assert!(matches!(early, Answer::Refused(_)), "{early:?}");
    assert_eq!(driven.order(&leg, Action::Answer).await, Answer::Accepted);
    driven.until_phase(&leg, Phase::Active).await;
    for on in [true, true, false] {
        assert_eq!(driven.order(&leg, Action::Mute(on)).await, Answer::Accepted);
        driven.until_legs(|legs| legs[0].muted == Some(on)).await;
    }
    assert_eq!(driven.order(&leg, Action::HangUp).await, Answer::Accepted);
    driven.until_legs(<[_]>::is_empty).await;
}

#[tokio::test]
async fn a_hold_taken_back_in_time_is_undone() {
    let (agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    let mut driven = drive(&agent);
    Control::open(customer.control).tell("dial", &agent.uri("agent"));
    let leg = driven.until_one(Phase::Active).await;
    assert_eq!(driven.order(&leg, Action::Hold).await, Answer::Accepted);
    assert_eq!(
        driven.order(&leg, Action::CancelHold).await,
        Answer::Accepted
    );
    driven.until_phase(&leg, Phase::Active).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    driven.order(&leg, Action::Read).await;
    assert_eq!(driven.until_one(Phase::Active).await, leg);
}

#[tokio::test]
async fn lost_packets_are_told_with_their_direction() {
    let (agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    let mut driven = drive(&agent);
    let lossy = Lossy::between(customer.sip, agent.sip, 10, 4);
    Control::open(customer.control).tell("dial", &lossy.uri("agent"));
    let leg = driven.until_one(Phase::Active).await;
    let figures = driven
        .until(|kind| match kind {
            SignalKind::Line { leg: of, figures } if *of == leg => figures
                .uplink
                .filter(|up| up.loss_ratio > 0.0)
                .and(figures.downlink)
                .and(Some(*figures)),
            _ => None,
        })
        .await;
    println!("line figures with 4 % lost to the customer, 10 % to the agent: {figures:?}");
    let (up, down) = (figures.uplink.unwrap(), figures.downlink.unwrap());
    assert!((0.02..0.06).contains(&up.loss_ratio), "{figures:?}");
    assert!((0.08..0.12).contains(&down.loss_ratio), "{figures:?}");
}
