//! What the station orders.

use super::*;

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
fn an_order_for_which_there_is_no_room_is_refused() {
    let mut room = Room::new();
    room.call("AnswerCall", 7);
    let most = EVENTS as u64;
    for number in 1..=most + 1 {
        room.order(number, 7, Action::Mute(true));
    }
    assert_eq!(room.answers(), [(most + 1, false)]);
}

#[test]
fn an_order_goes_to_the_site_whose_call_it_is() {
    let mut room = Room::new();
    room.call("AnswerCall", 7);
    room.ask_from(
        "https://b.example",
        "CallServices/AnswerCall?name=p&callID={\"Id\":7}",
    );
    room.ask_from("https://b.example", "CallServices/CallEvents?name=p");
    let mine = room.poll();
    room.order(1, 7, Action::Hold);
    assert_eq!(room.delivered, [(mine, vec![EventKind::Hold])]);
}
