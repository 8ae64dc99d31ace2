//! What pages tell, and when they are answered.

use super::*;

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
fn a_poll_that_was_on_its_way_does_not_bring_back_who_left() {
    let mut room = Room::new();
    room.ask("SessionManager/Register?name=p");
    room.ask("SessionManager/UnRegister?name=p");
    room.told();
    let error = Outcome::Now(Reply::Error("Invalid plugin name"));
    assert_eq!(room.ask("CallServices/CallEvents?name=p"), error);
    assert_eq!(room.told(), []);
    room.ask("SessionManager/Register?name=p");
    assert!(matches!(room.told().first(), Some(SignalKind::Up(_))));
    room.ask("SessionManager/UnRegister?name=p");
    room.pass(LEAVES);
    room.poll();
    assert!(matches!(room.told().last(), Some(SignalKind::Legs(_))));
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
