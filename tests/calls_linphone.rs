//! The adapter for linphone-daemon, against the real one: the same contract as for baresip.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/softphones/mod.rs"]
mod softphones;

use sidetone::softphone::linphone::Linphone as Adapter;
use sidetone::softphone::{Action, Answer, Direction, Phase, SignalKind};
use softphones::{
    Baresip, Control, Customer, Driven, Linphone, Verdict, hold_and_resume, print_distribution,
};
use std::time::{Duration, Instant};

fn drive(agent: &Linphone) -> Driven {
    Driven::start(Adapter::new(agent.pipe.clone()))
}

#[tokio::test]
async fn the_customer_is_put_on_hold_and_taken_back() {
    let agent = Linphone::start();
    let mut driven = drive(&agent);
    // The test's own look at the pipe may still be in it.
    driven
        .until(|kind| matches!(kind, SignalKind::Up(can) if can.hold).then_some(()))
        .await;
    assert_eq!(driven.next().await, SignalKind::Legs(Vec::new()));
    let customer = Customer::call(agent.sip, 15_000);
    hold_and_resume(&mut driven).await;
    assert_eq!(customer.verdict(), Verdict::HeldAndResumed);
}

#[tokio::test]
async fn a_customer_who_is_not_put_on_hold_says_so() {
    let agent = Linphone::start();
    let mut driven = drive(&agent);
    let customer = Customer::call(agent.sip, 2_000);
    driven.until_one(Phase::Active).await;
    assert_eq!(customer.verdict(), Verdict::NotSo);
}

#[tokio::test]
async fn fifty_holds_are_seen() {
    let agent = Linphone::start();
    let customer = Baresip::start("customer");
    let mut driven = drive(&agent);
    Control::open(customer.control).tell("dial", &format!("sip:agent@127.0.0.1:{}", agent.sip));
    let leg = driven.until_one(Phase::Active).await;
    assert_eq!(driven.legs[0].direction, Some(Direction::Incoming));
    let mut held = Vec::new();
    for _ in 0..50 {
        let told = Instant::now();
        assert_eq!(driven.order(&leg, Action::Hold).await, Answer::Accepted);
        driven.until_phase(&leg, Phase::Held).await;
        held.push(told.elapsed());
        assert_eq!(driven.order(&leg, Action::Resume).await, Answer::Accepted);
        driven.until_phase(&leg, Phase::Active).await;
    }
    let longest = held.iter().max().copied();
    print_distribution("linphone: order to hold seen", held);
    assert!(longest < Some(Duration::from_secs(1)), "{longest:?}");
}

#[tokio::test]
async fn a_call_under_way_is_found_and_a_killed_softphone_is_down() {
    let mut agent = Linphone::start();
    let customer = Baresip::start("customer");
    {
        let mut first = drive(&agent);
        Control::open(customer.control).tell("dial", &format!("sip:agent@127.0.0.1:{}", agent.sip));
        first.until_one(Phase::Active).await;
    }
    // The driver has ended with its port; the next one finds what is there.
    let mut driven = drive(&agent);
    let leg = driven.until_one(Phase::Active).await;
    assert_eq!(
        driven.order(&leg, Action::Mute(true)).await,
        Answer::Accepted
    );
    driven.until_legs(|legs| legs[0].muted == Some(true)).await;
    let killed = Instant::now();
    agent.kill();
    driven
        .until(|kind| matches!(kind, SignalKind::Down { .. }).then_some(()))
        .await;
    println!("linphone killed: told after {:?}", killed.elapsed());
    assert!(killed.elapsed() < Duration::from_secs(2));
}
