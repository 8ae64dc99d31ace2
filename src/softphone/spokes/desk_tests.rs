use super::*;
use crate::softphone::spokes::effects::UNDER_WAY;
use crate::softphone::spokes::request::Asked;
use crate::softphone::{Action, Adapter, Answer, Direction, LegId, Order};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A desk with its clock, and what it said.
struct Room {
    desk: Desk,
    now: Instant,
    signals: Vec<SignalKind>,
    delivered: Vec<(Poll, Vec<EventKind>)>,
    /// Polls whose page has gone away.
    gone: BTreeSet<u64>,
}

impl Room {
    fn new() -> Self {
        Self {
            desk: Desk::new(),
            now: Instant::now(),
            signals: Vec::new(),
            delivered: Vec::new(),
            gone: BTreeSet::new(),
        }
    }

    fn ask_from(&mut self, site: &str, target: &str) -> Outcome {
        let asked = Asked::parse(&format!("/Spokes/{target}")).unwrap();
        let site = site.parse().unwrap();
        let outcome = self.desk.request(self.now, &site, asked.request);
        self.settle();
        outcome
    }

    fn ask(&mut self, target: &str) -> Outcome {
        self.ask_from("https://a.example", target)
    }

    fn poll(&mut self) -> Poll {
        match self.ask("CallServices/CallEvents?name=p") {
            Outcome::Later(poll) => poll,
            Outcome::Now(reply) => panic!("{reply:?}"),
        }
    }

    fn call(&mut self, step: &str, id: u64) -> Outcome {
        self.ask(&format!(
            "CallServices/{step}?name=p&callID={{\"Id\":\"{id}\"}}"
        ))
    }

    fn order(&mut self, number: u64, id: u64, action: Action) {
        let order = Order {
            adapter: Adapter::Spokes,
            number,
            leg: Some(LegId::new(format!("p#{id}"))),
            call: Uuid::nil(),
            action,
        };
        self.desk.order(self.now, &order);
        self.settle();
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.desk.next_tick().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.desk.tick(self.now);
            self.settle();
        }
        self.now = end;
        self.desk.tick(end);
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(output) = self.desk.next_output() {
            match output {
                Output::Signal(signal) => self.signals.push(signal),
                Output::Deliver { poll, events } if self.gone.contains(&poll.number) => {
                    self.desk.undelivered(poll, events);
                }
                Output::Deliver { poll, events } => {
                    self.desk.delivered(self.now, poll, &events);
                    let kinds = events.iter().map(|queued| queued.event.kind).collect();
                    self.delivered.push((poll, kinds));
                }
            }
        }
    }

    fn told(&mut self) -> Vec<SignalKind> {
        std::mem::take(&mut self.signals)
    }

    fn legs(&self) -> Vec<(Phase, Option<Direction>, Option<bool>)> {
        let legs = self.desk.legs();
        let facts = legs.iter().map(|leg| (leg.phase, leg.direction, leg.muted));
        facts.collect()
    }

    fn answers(&self) -> Vec<(u64, bool)> {
        let answers = self.signals.iter().filter_map(|signal| match signal {
            SignalKind::Answer { order, answer } => Some((*order, *answer == Answer::Accepted)),
            _ => None,
        });
        answers.collect()
    }
}

const INCOMING: Option<Direction> = Some(Direction::Incoming);

#[test]
fn a_call_is_told_step_by_step() {
    let mut room = Room::new();
    let done = Outcome::Now(Reply::Done(true));
    assert_eq!(room.ask("SessionManager/Register?name=p"), done);
    assert!(
        matches!(&room.told()[..], [SignalKind::Up(abilities), SignalKind::Legs(legs)]
        if abilities.hold && abilities.control && legs.is_empty())
    );
    for (step, phase) in [
        ("IncomingCall", Phase::Ringing),
        ("AnswerCall", Phase::Active),
        ("HoldCall", Phase::Held),
        ("ResumeCall", Phase::Active),
    ] {
        assert_eq!(room.call(step, 7), done);
        assert_eq!(room.legs(), [(phase, INCOMING, None)], "{step}");
        let told = room.told();
        assert!(matches!(&told[..], [SignalKind::Legs(legs)] if legs[0].phase == phase));
        assert_eq!(room.call(step, 7), done);
        assert_eq!(room.told(), [], "{step} told twice");
    }
    room.ask("CallServices/MuteCall?name=p&muted=true");
    assert_eq!(room.legs(), [(Phase::Active, INCOMING, Some(true))]);
    assert_eq!(room.call("TerminateCall", 7), done);
    assert_eq!(room.legs(), []);
    room.ask("SessionManager/UnRegister?name=p");
    assert!(matches!(room.told().last(), Some(SignalKind::Down { .. })));
}

#[test]
fn a_call_that_goes_out_is_one_in_which_both_can_talk() {
    let mut room = Room::new();
    room.call("OutgoingCall", 1);
    let outgoing = Some(Direction::Outgoing);
    assert_eq!(room.legs(), [(Phase::Active, outgoing, None)]);
}

#[test]
fn a_call_that_ended_stays_ended() {
    let mut room = Room::new();
    room.call("IncomingCall", 7);
    room.call("TerminateCall", 7);
    // The library does both at the end of a call, and forgets the number meanwhile.
    let no = Outcome::Now(Reply::Done(false));
    assert_eq!(room.call("ResumeCall", 7), no);
    assert_eq!(room.call("HoldCall", 7), no);
    assert_eq!(
        room.ask("CallServices/ResumeCall?name=p&callID={\"Id\":\"undefined\"}"),
        no
    );
    assert_eq!(room.legs(), []);
}

#[test]
fn a_page_that_was_there_before_the_daemon_need_not_register() {
    let mut room = Room::new();
    room.poll();
    assert!(matches!(room.told().first(), Some(SignalKind::Up(_))));
    room.call("HoldCall", 9);
    assert_eq!(room.legs(), [(Phase::Held, None, None)]);
}

#[test]
fn an_order_goes_to_the_oldest_waiting_poll_and_is_accepted_then() {
    let mut room = Room::new();
    room.call("IncomingCall", 7);
    room.call("AnswerCall", 7);
    let first = room.poll();
    let second = room.poll();
    room.told();
    room.order(1, 7, Action::Hold);
    assert_eq!(room.delivered, [(first, vec![EventKind::Hold])]);
    assert_eq!(room.answers(), [(1, true)]);
    room.order(2, 7, Action::Mute(true));
    assert_eq!(
        room.delivered.last(),
        Some(&(second, vec![EventKind::Mute]))
    );
}

#[test]
fn an_order_without_a_waiting_poll_goes_to_the_next_or_is_given_up() {
    let mut room = Room::new();
    room.call("IncomingCall", 7);
    room.call("AnswerCall", 7);
    room.order(1, 7, Action::Hold);
    assert_eq!(room.answers(), []);
    room.pass(Duration::from_secs(2));
    let poll = room.poll();
    assert_eq!(room.delivered, [(poll, vec![EventKind::Hold])]);
    assert_eq!(room.answers(), [(1, true)]);
    room.order(2, 7, Action::HangUp);
    room.pass(ORDER_LIVES);
    assert_eq!(room.answers(), [(1, true), (2, false)]);
    room.poll();
    assert_eq!(
        room.delivered.len(),
        1,
        "an order that was given up is not done late"
    );
}

#[test]
fn an_order_whose_page_went_away_goes_to_the_next_poll() {
    let mut room = Room::new();
    room.call("AnswerCall", 7);
    let dead = room.poll();
    room.gone.insert(dead.number);
    let alive = room.poll();
    room.order(1, 7, Action::Hold);
    assert_eq!(room.delivered, [(alive, vec![EventKind::Hold])]);
    assert_eq!(room.answers(), [(1, true)]);
}

#[test]
fn a_call_nobody_knows_is_refused() {
    let mut room = Room::new();
    room.order(1, 7, Action::Hold);
    assert_eq!(room.answers(), [(1, false)]);
    room.order(2, 7, Action::Read);
    assert_eq!(room.answers(), [(1, false), (2, true)]);
}

#[test]
fn a_cancelled_hold_is_not_handed_out() {
    let mut room = Room::new();
    room.call("AnswerCall", 7);
    room.order(1, 7, Action::Hold);
    room.order(2, 7, Action::CancelHold);
    assert_eq!(room.answers(), [(1, false), (2, true)]);
    room.poll();
    assert_eq!(room.delivered, []);
    room.call("HoldCall", 7);
    room.poll();
    assert_eq!(room.delivered, [], "the agent's own hold is not undone");
}

#[test]
fn a_cancelled_hold_that_was_handed_out_is_undone() {
    let mut room = Room::new();
    room.call("AnswerCall", 7);
    room.poll();
    room.order(1, 7, Action::Hold);
    room.order(2, 7, Action::CancelHold);
    room.delivered.clear();
    let poll = room.poll();
    assert_eq!(room.delivered, [(poll, vec![EventKind::Resume])]);
    // Told late: undone again.
    room.pass(Duration::from_secs(3));
    room.call("HoldCall", 7);
    room.delivered.clear();
    let poll = room.poll();
    assert_eq!(room.delivered, [(poll, vec![EventKind::Resume])]);
    room.call("ResumeCall", 7);
    room.call("HoldCall", 7);
    room.delivered.clear();
    room.poll();
    assert_eq!(room.delivered, [], "the next hold is the agent's");
}

/// An answered call, with a poll that waits.
fn in_a_call() -> Room {
    let mut room = Room::new();
    room.call("IncomingCall", 7);
    room.call("AnswerCall", 7);
    room.poll();
    room
}

#[test]
fn what_was_handed_out_counts_as_done_when_the_page_asks_again() {
    let mut room = in_a_call();
    room.order(1, 7, Action::Hold);
    room.pass(UNDER_WAY / 2);
    room.poll();
    assert_eq!(
        room.legs(),
        [(Phase::Active, INCOMING, None)],
        "it may have asked before"
    );
    room.pass(UNDER_WAY);
    room.poll();
    assert_eq!(room.legs(), [(Phase::Held, INCOMING, None)]);
    for (number, action, expected) in [
        (2, Action::Resume, (Phase::Active, INCOMING, None)),
        (3, Action::Mute(true), (Phase::Active, INCOMING, Some(true))),
        (
            4,
            Action::Mute(false),
            (Phase::Active, INCOMING, Some(false)),
        ),
    ] {
        room.order(number, 7, action);
        room.pass(UNDER_WAY);
        room.poll();
        assert_eq!(room.legs(), [expected], "{action:?}");
    }
    room.order(5, 7, Action::HangUp);
    // What the library says at the end of a call, and nothing of the end itself.
    room.ask("CallServices/MuteCall?name=p&muted=false");
    room.call("ResumeCall", 7);
    room.pass(UNDER_WAY);
    room.poll();
    assert_eq!(room.legs(), []);
}

#[test]
fn a_call_that_is_accepted_at_the_headset_is_answered() {
    let mut room = Room::new();
    room.call("IncomingCall", 7);
    room.poll();
    room.order(1, 7, Action::Answer);
    room.pass(UNDER_WAY);
    room.poll();
    assert_eq!(room.legs(), [(Phase::Active, INCOMING, None)]);
}

#[test]
fn what_the_page_says_itself_wins() {
    let mut room = in_a_call();
    room.order(1, 7, Action::Hold);
    room.call("HoldCall", 7);
    assert_eq!(room.legs(), [(Phase::Held, INCOMING, None)], "at once");
    room.call("ResumeCall", 7);
    room.pass(UNDER_WAY);
    room.poll();
    assert_eq!(room.legs(), [(Phase::Active, INCOMING, None)]);
    room.order(2, 7, Action::Mute(true));
    room.ask("CallServices/MuteCall?name=p&muted=false");
    room.pass(UNDER_WAY);
    room.poll();
    assert_eq!(room.legs(), [(Phase::Active, INCOMING, Some(false))]);
}

#[test]
fn polls_are_held_below_the_pages_patience_and_at_most_two() {
    let mut room = Room::new();
    let first = room.poll();
    room.poll();
    assert_eq!(room.delivered, []);
    room.poll();
    assert_eq!(room.delivered, [(first, vec![])]);
    room.pass(HOLD_POLL);
    assert_eq!(room.delivered.len(), 3);
}

#[test]
fn a_page_that_waits_for_its_poll_is_answered_at_once() {
    let mut room = Room::new();
    room.ask("SessionManager/Register?name=p");
    let poll = room.poll();
    assert_eq!(room.delivered, [(poll, vec![])]);
    room.call("IncomingCall", 7);
    let waiting = room.poll();
    room.call("TerminateCall", 7);
    let after = room.poll();
    assert_eq!(
        room.delivered.last(),
        Some(&(after, vec![EventKind::Ended]))
    );
    assert!(room.delivered.iter().all(|(poll, _)| *poll != waiting));
}

#[test]
fn silent_pages_are_forgotten_sooner_in_a_call() {
    let mut room = Room::new();
    room.ask("SessionManager/Register?name=p");
    room.pass(SILENT_IDLE - Duration::from_secs(1));
    room.call("IncomingCall", 7);
    room.told();
    room.pass(SILENT_IN_CALL - Duration::from_secs(1));
    assert_eq!(room.told(), []);
    room.pass(Duration::from_secs(1));
    assert!(matches!(&room.told()[..], [SignalKind::Down { .. }]));
    room.poll();
    let told = room.told();
    assert!(matches!(&told[..], [SignalKind::Up(_), SignalKind::Legs(legs)] if legs.is_empty()));
}

#[test]
fn a_site_neither_sees_nor_changes_anothers_softphone() {
    let mut room = Room::new();
    room.call("IncomingCall", 7);
    let other = "https://b.example";
    let state = room.ask_from(other, "CallServices/CallManagerState");
    assert_eq!(state, Outcome::Now(Reply::Calls(Vec::new())));
    room.ask_from(other, "SessionManager/UnRegister?name=p");
    room.ask_from(other, "CallServices/TerminateCall?name=p&callID={\"Id\":7}");
    assert_eq!(room.legs(), [(Phase::Ringing, INCOMING, None)]);
    let Outcome::Now(Reply::Calls(mine)) = room.ask("CallServices/CallManagerState") else {
        panic!("no list");
    };
    assert_eq!(mine.len(), 1);
}

#[derive(Debug, Clone)]
enum Act {
    Ask(u8, String),
    Order(u64, Action),
    Pass(u64),
    GoAway,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let step = "(IncomingCall|OutgoingCall|AnswerCall|HoldCall|ResumeCall|TerminateCall)";
    let call = (step, "[a-c]", 0..3_u64).prop_map(|(step, name, id)| {
        format!("CallServices/{step}?name={name}&callID={{\"Id\":{id}}}")
    });
    let poll = "[a-c]".prop_map(|name| format!("CallServices/CallEvents?name={name}"));
    let session = "SessionManager/(Register|UnRegister|IsActive)\\?name=[a-k]";
    let mute = "CallServices/MuteCall\\?name=[a-c]&muted=(true|false)";
    let target = prop_oneof![4 => call, 4 => poll, 1 => session, 1 => mute];
    let action = prop_oneof![
        Just(Action::Hold),
        Just(Action::Resume),
        Just(Action::CancelHold),
        Just(Action::Read),
        Just(Action::HangUp),
        Just(Action::Answer),
        any::<bool>().prop_map(Action::Mute),
    ];
    let act = prop_oneof![
        6 => (0..2_u8, target).prop_map(|(site, target)| Act::Ask(site, target)),
        2 => (0..3_u64, action).prop_map(|(id, action)| Act::Order(id, action)),
        1 => (0..20_000_u64).prop_map(Act::Pass),
        1 => Just(Act::GoAway),
    ];
    proptest::collection::vec(act, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_it_stays_bounded_and_every_order_is_answered_once(acts in acts()) {
        let mut room = Room::new();
        let mut orders = 0;
        let mut polls = 0;
        for act in acts {
            match act {
                Act::Ask(site, target) => {
                    let site = if site == 0 { "https://a.example" } else { "https://b.example" };
                    if let Outcome::Later(_) = room.ask_from(site, &target) {
                        polls += 1;
                    }
                }
                Act::Order(id, action) => {
                    orders += 1;
                    let leg = Some(LegId::new(format!("a#{id}")));
                    let order = Order { adapter: Adapter::Spokes, number: orders, leg, call: Uuid::nil(), action };
                    room.desk.order(room.now, &order);
                    room.settle();
                }
                Act::Pass(ms) => room.pass(Duration::from_millis(ms)),
                Act::GoAway => {
                    let held = room.desk.softphones.iter().flat_map(|s| s.polls.iter());
                    room.gone.extend(held.map(|(poll, _)| poll.number));
                }
            }
            prop_assert!(room.desk.softphones.len() <= SOFTPHONES);
            for softphone in &room.desk.softphones {
                prop_assert!(softphone.queue.len() <= EVENTS && softphone.polls.len() <= POLLS);
            }
            let last = room.signals.iter().rev().find_map(|signal| match signal {
                SignalKind::Legs(legs) => Some(Some(legs.clone())),
                SignalKind::Down { .. } => Some(None),
                _ => None,
            });
            if let Some(last) = last {
                prop_assert_eq!(last.unwrap_or_default(), room.desk.legs());
            }
        }
        room.pass(ORDER_LIVES + SILENT_IDLE + HOLD_POLL);
        prop_assert!(room.desk.softphones.is_empty());
        prop_assert!(room.desk.next_tick().is_none());
        let mut answers = BTreeMap::new();
        for (order, _) in room.answers() {
            *answers.entry(order).or_insert(0) += 1;
        }
        prop_assert_eq!(answers.len() as u64, orders);
        prop_assert!(answers.values().all(|&times| times == 1));
        let up = room.signals.iter().filter(|s| matches!(s, SignalKind::Up(_))).count();
        let down = room.signals.iter().filter(|s| matches!(s, SignalKind::Down { .. })).count();
        prop_assert_eq!(up, down);
        prop_assert!(room.delivered.len() <= polls);
    }
}
