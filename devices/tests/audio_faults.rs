//! Unplugging, and servers that die, stall and come back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on may panic.

mod support;

use sidetone_devices::audio::api::{AudioEventKind, CloseReason, StreamSide};
use std::time::Duration;
use support::listener::Listener;
use support::softphone::{Player, Softphone};
use support::sound_server::{FakeHeadset, Kind, SoundServer};
use support::spectrum::tone_db;

on_both_servers!(
    unplugging_never_yields_a_sample_of_another_device,
    a_killed_server_is_survived,
    a_stalled_server_is_survived,
    a_server_may_come_later,
);

const SPEECH: u32 = 700;
const OTHER: u32 = 2000;

fn in_a_call(server: &SoundServer, headset: &FakeHeadset) -> (Listener, Player, Softphone) {
    let speech = Player::start(server, &headset.feed, SPEECH, 0.25);
    let phone = Softphone::call(server, headset, 440);
    let mut listener = Listener::start(server.options());
    listener.until_card(&headset.usb);
    listener.open_both(&headset.usb);
    listener.listen(StreamSide::Agent, 2.5);
    listener.listen(StreamSide::Customer, 0.5);
    (listener, speech, phone)
}

fn agent_hears_speech(listener: &mut Listener) {
    // The first seconds after a start may be silent or stumble.
    for _ in 0..20 {
        let samples = listener.listen(StreamSide::Agent, 1.0);
        let rate = listener.rate(StreamSide::Agent);
        if tone_db(&samples[..rate as usize], rate, SPEECH) > -15.0 {
            return;
        }
    }
    panic!(
        "the microphone is not heard; told so far: {:#?}",
        listener.history
    );
}

fn unplugging_never_yields_a_sample_of_another_device(kind: Kind) {
    let server = SoundServer::start(kind);
    // The laptop is the default device and its microphone hears a loud tone, so that whatever a server
    // falls back to is heard.
    let laptop = server.plug_in("1-9");
    server.pactl(&["set-default-source", &laptop.microphone]);
    server.pactl(&["set-default-sink", &laptop.feed]);
    let _loud = Player::start(&server, &laptop.feed, OTHER, 0.9);
    let _loud_too = Player::start(&server, &laptop.speaker, OTHER, 0.9);
    let headset = server.plug_in("1-1");
    let (mut listener, _speech, _phone) = in_a_call(&server, &headset);
    listener.heard(StreamSide::Agent);
    listener.heard(StreamSide::Customer);
    server.pull_out(&headset);
    assert_eq!(
        listener.until_closed(StreamSide::Agent),
        CloseReason::SourceGone
    );
    std::thread::sleep(Duration::from_secs(1));
    for side in [StreamSide::Agent, StreamSide::Customer] {
        let samples = listener.heard(side);
        assert!(listener.is_ended(side));
        let loudest = samples.iter().fold(0.0_f32, |most, s| most.max(s.abs()));
        assert!(loudest < 0.3, "another device was heard: {loudest}");
    }
    assert_eq!(server.recorded_by_us(), 0);
    // Nobody told us to close: it is heard again as soon as it is back.
    let back = server.plug_in("1-1");
    assert_eq!(back.usb, headset.usb);
    let _speech = Player::start(&server, &back.feed, SPEECH, 0.25);
    listener.until_opened(StreamSide::Agent);
    agent_hears_speech(&mut listener);
    let samples = listener.listen(StreamSide::Agent, 1.0);
    let rate = listener.rate(StreamSide::Agent);
    assert!(tone_db(&samples[..rate as usize], rate, OTHER) < -60.0);
    let events: String = listener.history.concat();
    assert!(events.contains("CardRemoved"), "{events}");
}

fn a_killed_server_is_survived(kind: Kind) {
    let mut server = SoundServer::start(kind);
    let headset = server.plug_in("1-1");
    let (mut listener, speech, phone) = in_a_call(&server, &headset);
    server.kill();
    // The two connections notice in either order.
    let (mut down, mut closed) = (false, None);
    let reason = listener.until("the server's end", |kind| {
        match kind {
            AudioEventKind::ServerDown { .. } => down = true,
            AudioEventKind::Closed {
                side: StreamSide::Agent,
                reason,
                ..
            } => closed = Some(reason.clone()),
            _ => {}
        }
        closed.clone().filter(|_| down)
    });
    assert_eq!(reason, CloseReason::ServerLost);
    let beat = listener.handle.heartbeat();
    drop((speech, phone));
    std::thread::sleep(Duration::from_secs(3));
    assert!(
        listener.handle.heartbeat() > beat,
        "the supervisor works on"
    );
    server.restart();
    let again = server.plug_in("1-1");
    let back = std::time::Instant::now();
    assert_eq!(again.usb, headset.usb);
    let _speech = Player::start(&server, &again.feed, SPEECH, 0.25);
    let _phone = Softphone::call(&server, &again, 440);
    listener.until_opened(StreamSide::Agent);
    println!(
        "{kind:?}: open {:?} after the headset was back on a new server",
        back.elapsed()
    );
    agent_hears_speech(&mut listener);
    let events: String = listener.history.concat();
    assert!(
        !events.contains("CardRemoved"),
        "a server's end is no unplugging: {events}"
    );
}

fn a_stalled_server_is_survived(kind: Kind) {
    let server = SoundServer::start(kind);
    let headset = server.plug_in("1-1");
    let (mut listener, _speech, _phone) = in_a_call(&server, &headset);
    server.stall();
    listener.until("a gap", |kind| match kind {
        AudioEventKind::Gap {
            side: StreamSide::Agent,
            ..
        } => Some(()),
        _ => None,
    });
    assert_eq!(
        listener.until_closed(StreamSide::Agent),
        CloseReason::ServerLost
    );
    std::thread::sleep(Duration::from_secs(4));
    let beat = listener.handle.heartbeat();
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        listener.handle.heartbeat() > beat,
        "the supervisor works on"
    );
    server.resume();
    let back = std::time::Instant::now();
    listener.until_opened(StreamSide::Agent);
    println!("{kind:?}: open {:?} after the stall", back.elapsed());
    agent_hears_speech(&mut listener);
    let events: String = listener.history.concat();
    assert!(
        !events.contains("CardRemoved"),
        "a stall is no unplugging: {events}"
    );
}

fn a_server_may_come_later(kind: Kind) {
    let mut server = SoundServer::start(kind);
    server.kill();
    let mut listener = Listener::start(server.options());
    listener.until("no server", |kind| {
        matches!(kind, AudioEventKind::ServerDown { .. }).then_some(())
    });
    server.restart();
    let headset = server.plug_in("1-1");
    listener.until_card(&headset.usb);
}
