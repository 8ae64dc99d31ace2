use super::*;
use crate::audio::api::{AudioCommand, AudioEventKind, FarEnd, StreamSide};
use crate::event::{ControlEvent, HeadsetEventKind};
use crate::hid::controls::Controls;
use crate::hid::descriptor::ReportDescriptor;
use crate::hid::quirks::QuirkBook;
use std::sync::mpsc::{self, Receiver};
use std::time::Instant;

const PATIENCE: Duration = Duration::from_secs(20);

/// A desk whose headset is watched.
fn watched(model: usize) -> (Desk, HeadsetMonitor, Receiver<HeadsetEvent>) {
    let desk = Desk::new(&Model::ALL[model], 7).unwrap();
    let (tell, events) = mpsc::channel();
    let monitor = desk.headsets(MonitorOptions::default(), tell).unwrap();
    desk.plug().unwrap();
    (desk, monitor, events)
}

fn next(events: &Receiver<HeadsetEvent>) -> HeadsetEventKind {
    events.recv_timeout(PATIENCE).unwrap().kind
}

fn controls(events: &Receiver<HeadsetEvent>, count: usize) -> Vec<ControlEvent> {
    let control = || match next(events) {
        HeadsetEventKind::Control(control) => control,
        other => panic!("{other:?}"),
    };
    (0..count).map(|_| control()).collect()
}

#[test]
fn every_model_is_a_headset_of_its_own_descriptor_and_quirk_file() {
    let quirks = [
        Some("plantronics"),
        Some("jabra"),
        Some("epos"),
        Some("yealink"),
        Some("logitech"),
        Some("plantronics"),
    ];
    for (number, expected) in quirks.into_iter().enumerate() {
        let (desk, _monitor, events) = watched(number);
        match next(&events) {
            HeadsetEventKind::Added { identity, quirk } => {
                assert_eq!(identity.name, desk.model().name);
                assert!(identity.name.ends_with("(simulated)"));
                assert_eq!(quirk.as_deref(), expected, "{}", identity.name);
            }
            other => panic!("{other:?}"),
        }
        desk.gesture(Gesture::Hook(true));
        let hook = controls(&events, 1);
        assert_eq!(hook, [ControlEvent::HookSwitch(true)], "{number}");
        // A dongle also says that its line is busy, and a button of this make comes twice.
        if number == 1 {
            assert_eq!(controls(&events, 1), [ControlEvent::LineBusy(true)]);
        }
        desk.gesture(Gesture::Mute(true));
        assert_eq!(controls(&events, 1), [ControlEvent::MutePressed]);
    }
}

#[test]
fn the_quick_disconnect_has_the_provenance_of_the_quirk_file() {
    let (desk, _monitor, events) = watched(0);
    next(&events);
    for open in [true, false] {
        desk.gesture(Gesture::QuickDisconnect(open));
        let verified = false;
        assert_eq!(
            controls(&events, 1),
            [ControlEvent::QuickDisconnect { open, verified }]
        );
    }
}

#[test]
fn bytes_give_what_the_decoder_of_real_headsets_makes_of_them() {
    let reports: [&[u8]; 8] = [
        &[9, 1],
        &[2, 255, 255, 255],
        &[2],
        &[0; 64],
        &[],
        &[4, 0],
        &[2, 0],
        &[2, 1],
    ];
    let model = &Model::ALL[0];
    let quirk = QuirkBook::built_in().find(model.vendor, model.product);
    let descriptor = ReportDescriptor::parse(&model.descriptor_bytes()).unwrap();
    let mut decoder = Controls::new(descriptor, quirk.as_ref());
    let mut expected = Vec::new();
    let mut refused = 0;
    for report in reports.into_iter().filter(|report| !report.is_empty()) {
        let fed = decoder.feed(Instant::now(), report, |control| expected.push(control));
        refused += usize::from(fed.is_err());
    }
    assert!(refused > 0 && expected.len() > 2, "{refused} {expected:?}");
    let (desk, _monitor, events) = watched(0);
    next(&events);
    reports.into_iter().for_each(|report| desk.report(report));
    assert_eq!(controls(&events, expected.len()), expected);
    assert!(events.try_recv().is_err());
}

#[test]
fn an_unplugged_headset_is_gone_and_comes_back_as_new() {
    let (desk, _monitor, events) = watched(2);
    assert!(matches!(next(&events), HeadsetEventKind::Added { .. }));
    desk.unplug();
    assert_eq!(next(&events), HeadsetEventKind::Removed);
    desk.gesture(Gesture::Hook(true));
    desk.plug().unwrap();
    assert!(matches!(next(&events), HeadsetEventKind::Added { .. }));
    desk.gesture(Gesture::Hook(true));
    assert_eq!(controls(&events, 1), [ControlEvent::HookSwitch(true)]);
}

/// The same sample on each side, for ever.
struct Tone(f32, f32);

impl Scene for Tone {
    fn block(&mut self, microphone: &mut [f32], far_end: &mut [f32]) {
        microphone.fill(self.0);
        far_end.fill(self.1);
    }
}

struct Listener(Receiver<AudioEvent>);

impl Listener {
    /// Waits for an event that is wanted, and gives what was made of it.
    fn until<T>(&self, mut wanted: impl FnMut(AudioEventKind) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if let Some(found) = wanted(self.0.recv_timeout(left).unwrap().kind) {
                return found;
            }
        }
    }
}

fn sounding(model: usize) -> (Desk, AudioHandle, Listener) {
    let desk = Desk::new(&Model::ALL[model], 8).unwrap();
    let (tell, events) = mpsc::channel();
    let sound = desk.sound(tell).unwrap();
    desk.plug().unwrap();
    desk.play(Box::new(Tone(0.25, -0.5)));
    (desk, sound, Listener(events))
}

#[test]
fn both_sides_are_heard_in_time_while_they_are_open_and_only_then() {
    let (desk, sound, listener) = sounding(0);
    listener.until(|event| matches!(event, AudioEventKind::CardAdded { .. }).then_some(()));
    desk.softphone(Some("Softphone"));
    listener.until(|event| match event {
        AudioEventKind::Applications {
            capture: Some(application),
            far_end: FarEnd::OnHeadset,
            ..
        } => {
            assert_eq!(application.name, "Softphone");
            Some(())
        }
        AudioEventKind::Opened { .. } => panic!("nobody asked for a stream"),
        _ => None,
    });
    assert!(sound.command(AudioCommand::Open(desk.usb().clone())));
    let mut taps = Vec::new();
    listener.until(|event| {
        if let AudioEventKind::Opened { side, tap, .. } = event {
            taps.push((side, tap));
        }
        (taps.len() == 2).then_some(())
    });
    for (side, tap) in &mut taps {
        assert_eq!((tap.rate(), tap.channels()), (RATE, 1));
        let expected = match side {
            StreamSide::Agent => 0.25,
            StreamSide::Customer => -0.5,
        };
        let (mut frames, mut stamps) = (0, Vec::new());
        while frames < RATE as usize / 4 {
            frames += tap.read(|samples, stamp| {
                assert!(samples.iter().all(|sample| *sample == expected));
                stamps.push(stamp);
            });
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(stamps.is_sorted_by_key(|stamp| (stamp.position, stamp.arrival)));
    }
    assert!(sound.command(AudioCommand::Close(desk.usb().clone())));
    let mut closed = 0;
    listener.until(|event| {
        closed += usize::from(matches!(event, AudioEventKind::Closed { .. }));
        (closed == 2).then_some(())
    });
    let end = Instant::now() + PATIENCE;
    while !taps.iter().all(|(_, tap)| tap.is_ended()) {
        taps.iter_mut().for_each(|(_, tap)| {
            tap.read(|_, _| {});
        });
        assert!(Instant::now() < end, "a closed side goes on");
    }
}

#[test]
fn a_mute_gives_zeros_and_an_open_input_gives_its_floor() {
    let (desk, sound, listener) = sounding(2);
    desk.softphone(Some("Softphone"));
    assert!(sound.command(AudioCommand::Open(desk.usb().clone())));
    let mut agent = listener.until(|event| match event {
        AudioEventKind::Opened {
            side: StreamSide::Agent,
            tap,
            ..
        } => Some(tap),
        _ => None,
    });
    let mut until_all = |wanted: &dyn Fn(f32) -> bool| {
        let end = Instant::now() + PATIENCE;
        let mut last = false;
        while !last {
            assert!(Instant::now() < end);
            agent.read(|samples, _| last = samples.iter().all(|sample| wanted(*sample)));
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    until_all(&|sample| sample == 0.25);
    desk.gesture(Gesture::Mute(true));
    until_all(&|sample| sample == 0.0);
    desk.gesture(Gesture::Mute(false));
    until_all(&|sample| sample == 0.25);
    desk.gesture(Gesture::QuickDisconnect(true));
    until_all(&|sample| sample.abs() < 1e-4 && sample != 0.0);
}

#[test]
fn an_unplug_ends_the_streams_and_lost_sound_is_told() {
    let (desk, sound, listener) = sounding(3);
    desk.softphone(Some("Softphone"));
    assert!(sound.command(AudioCommand::Open(desk.usb().clone())));
    let opened = |event| matches!(event, AudioEventKind::Opened { .. }).then_some(());
    listener.until(opened);
    desk.lose_sound(Duration::from_millis(400));
    let missing = listener.until(|event| match event {
        AudioEventKind::Gap { missing, .. } => Some(missing),
        _ => None,
    });
    assert!(missing > Duration::from_millis(100));
    // Of this model, the quick disconnect takes the card along.
    desk.gesture(Gesture::QuickDisconnect(true));
    let gone = |event| matches!(event, AudioEventKind::CardRemoved { .. }).then_some(());
    listener.until(gone);
    desk.gesture(Gesture::QuickDisconnect(false));
    listener.until(opened);
    desk.unplug();
    listener.until(gone);
}
