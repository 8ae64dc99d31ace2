//! Anything in any order.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

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
                    let leg = Some(LegId::new(format!("https://a.example a#{id}")));
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
