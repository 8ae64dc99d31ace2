//! Whose streams are on a headset, and what the far end sounds like, on real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on may panic.

mod support;

use sidetone_devices::audio::api::{FarEnd, StreamSide};
use support::listener::Listener;
use support::softphone::{Player, Softphone};
use support::sound_server::{Kind, SoundServer};
use support::spectrum::tone_db;
use support::until;

on_both_servers!(
    music_and_the_volume_slider_leave_the_far_end_alone,
    a_new_stream_of_the_application_is_followed,
    who_plays_elsewhere_is_told_so,
    own_streams_and_bystanders_are_no_application,
    the_mixer_is_told_at_first_sight_and_on_change,
    no_stream_exists_outside_a_call,
);

const VOICE: u32 = 440;
const MUSIC: u32 = 3000;
const SPEECH: u32 = 700;

/// Levels of voice and music in the next two seconds of the far end that are free of clicks; a loaded
/// machine makes players stumble, so a bad run is repeated.
fn far_end(listener: &mut Listener) -> (f64, f64) {
    let mut best = (f64::NAN, f64::INFINITY);
    for _ in 0..8 {
        let rate = listener.rate(StreamSide::Customer);
        let samples = listener.listen(StreamSide::Customer, 2.0);
        let levels = (
            tone_db(&samples[..2 * rate as usize], rate, VOICE),
            tone_db(&samples[..2 * rate as usize], rate, MUSIC),
        );
        if levels.1 < best.1 {
            best = levels;
        }
        if best.1 < -100.0 {
            break;
        }
    }
    best
}

fn music_and_the_volume_slider_leave_the_far_end_alone(kind: Kind) {
    let server = SoundServer::start(kind);
    let headset = server.plug_in("1-1");
    let _phone = Softphone::call(&server, &headset, VOICE);
    let mut listener = Listener::start(server.options());
    listener.until_applications("a caller", |capture, far_end| {
        capture.is_some() && far_end == FarEnd::OnHeadset
    });
    listener.open_both(&headset.usb);
    let alone = far_end(&mut listener);
    let music = Player::start(&server, &headset.speaker, MUSIC, 0.5);
    let inputs = || {
        server
            .pactl(&["list", "short", "sink-inputs"])
            .lines()
            .count()
    };
    until("music on the same sink", || (inputs() == 2).then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(500));
    let with_music = far_end(&mut listener);
    server.pactl(&["set-sink-volume", &headset.speaker, "25%"]);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let turned_down = far_end(&mut listener);
    server.pactl(&["set-sink-mute", &headset.speaker, "1"]);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let muted = far_end(&mut listener);
    drop(music);
    println!(
        "{kind:?}: voice and music in dB: alone {alone:?}, with music {with_music:?}, at 25 % {turned_down:?}, muted {muted:?}"
    );
    assert!((alone.0 - 20.0 * 0.25_f64.log10()).abs() < 0.1, "{alone:?}");
    for (case, levels) in [
        ("music", with_music),
        ("25 %", turned_down),
        ("muted", muted),
    ] {
        assert!((levels.0 - alone.0).abs() < 0.1, "{case}: {levels:?}");
        assert!(levels.1 < -100.0, "{case}: {levels:?}");
    }
}

fn a_new_stream_of_the_application_is_followed(kind: Kind) {
    let server = SoundServer::start(kind);
    let headset = server.plug_in("1-1");
    let mut phone = Softphone::call(&server, &headset, VOICE);
    let mut listener = Listener::start(server.options());
    listener.until_card(&headset.usb);
    listener.open_both(&headset.usb);
    phone.tell("replay");
    listener.until_closed(StreamSide::Customer);
    listener.until_opened(StreamSide::Customer);
    let (voice, _) = far_end(&mut listener);
    assert!((voice - 20.0 * 0.25_f64.log10()).abs() < 0.1, "{voice}");
    phone.tell("silent");
    listener.until_applications("nothing played", |capture, far_end| {
        capture.is_some() && far_end == FarEnd::Nowhere
    });
}

fn who_plays_elsewhere_is_told_so(kind: Kind) {
    let server = SoundServer::start(kind);
    let headset = server.plug_in("1-1");
    server.null_sink("laptop", "sink_properties=device.description=Laptop");
    let _phone = Softphone::start(
        &server,
        &["--source", &headset.microphone, "--sink", "laptop"],
    );
    let mut listener = Listener::start(server.options());
    listener.until_applications("elsewhere", |capture, far_end| {
        capture.is_some() && far_end == FarEnd::Elsewhere
    });
    listener.open(&headset.usb);
    listener.until_opened(StreamSide::Agent);
    std::thread::sleep(std::time::Duration::from_secs(1));
    listener.catch_up();
    assert_eq!(server.recorded_by_us(), 1, "{:#?}", listener.history);
}

fn own_streams_and_bystanders_are_no_application(kind: Kind) {
    let server = SoundServer::start(kind);
    let headset = server.plug_in("1-1");
    let _music = Player::start(&server, &headset.speaker, MUSIC, 0.5);
    let mut listener = Listener::start(server.options());
    listener.until_card(&headset.usb);
    // As an adapter that knows of a call would have it opened.
    listener.open_both(&headset.usb);
    let mut meter = server
        .command("parec")
        .arg(format!("--device={}", headset.microphone))
        .args([
            "--rate=25",
            "--channels=1",
            "--property=media.name=Peak detect",
        ])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("the level meter", || {
        (server.recording().len() == 3).then_some(())
    });
    std::thread::sleep(std::time::Duration::from_secs(1));
    listener.catch_up();
    let counted = listener
        .history
        .iter()
        .filter(|line| line.contains("capture: Some"));
    assert_eq!(counted.count(), 0, "{:#?}", listener.history);
    let phone = Softphone::call(&server, &headset, VOICE);
    listener.until_applications("the softphone", |capture, _| {
        capture.is_some_and(|app| app.name == "Example Softphone")
    });
    drop(phone);
    listener.until_applications("nobody", |capture, _| capture.is_none());
    let _ = meter.kill();
    let _ = meter.wait();
}

fn the_mixer_is_told_at_first_sight_and_on_change(kind: Kind) {
    use sidetone_devices::audio::api::AudioEventKind::Mixer;
    let server = SoundServer::start(kind);
    let headset = server.plug_in("1-1");
    let mut listener = Listener::start(server.options());
    let mut expect = |mic: bool, speaker: bool, volume: f32| {
        let what = format!("microphone {mic}, speaker {speaker}, volume {volume}");
        listener.until(&what, |kind| match kind {
            Mixer {
                microphone_muted,
                speaker_muted,
                speaker_volume,
                ..
            } => {
                let same = *microphone_muted == mic && *speaker_muted == speaker;
                (same && (speaker_volume - volume).abs() < 0.01).then_some(())
            }
            _ => None,
        });
    };
    expect(false, false, 1.0);
    server.pactl(&["set-source-mute", &headset.microphone, "1"]);
    expect(true, false, 1.0);
    server.pactl(&["set-sink-volume", &headset.speaker, "40%"]);
    expect(true, false, 0.4);
    server.pactl(&["set-sink-mute", &headset.speaker, "1"]);
    expect(true, true, 0.4);
    server.pactl(&["set-source-mute", &headset.microphone, "0"]);
    expect(false, true, 0.4);
}

fn no_stream_exists_outside_a_call(kind: Kind) {
    let server = SoundServer::start(kind);
    let headset = server.plug_in("1-1");
    let _speech = Player::start(&server, &headset.feed, SPEECH, 0.25);
    let _phone = Softphone::call(&server, &headset, VOICE);
    let mut listener = Listener::start(server.options());
    listener.until_applications("a caller", |capture, _| capture.is_some());
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(server.recorded_by_us(), 0, "before the call");
    listener.open_both(&headset.usb);
    assert_eq!(server.recorded_by_us(), 2, "in the call");
    let samples = listener.listen(StreamSide::Agent, 3.0);
    let last = &samples[samples.len() - listener.rate(StreamSide::Agent) as usize..];
    let rate = listener.rate(StreamSide::Agent);
    println!("{kind:?}: microphone {:.2} dB", tone_db(last, rate, SPEECH));
    assert!(
        tone_db(last, rate, SPEECH) > -20.0,
        "the microphone is heard"
    );
    listener.close(&headset.usb);
    let closed = std::time::Instant::now();
    until("no stream of ours", || {
        (server.recorded_by_us() == 0).then_some(())
    });
    println!(
        "{kind:?}: closed on the server after {:?}",
        closed.elapsed()
    );
    assert_eq!(server.recording(), ["Example Softphone"]);
    listener.heard(StreamSide::Agent);
    listener.heard(StreamSide::Customer);
    assert!(listener.is_ended(StreamSide::Agent) && listener.is_ended(StreamSide::Customer));
}
