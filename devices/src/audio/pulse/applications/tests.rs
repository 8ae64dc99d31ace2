use super::*;
use crate::audio::pulse::listing::Device;
use crate::headset::{HeadsetIdentity, ProductId, VendorId};

const MICROPHONE: u32 = 11;
const SPEAKER: u32 = 21;
const LAPTOP: u32 = 22;

fn card() -> HeadsetCard {
    let device = |index, name: &str| {
        Some(Device {
            index,
            name: name.to_owned(),
            ..Device::default()
        })
    };
    HeadsetCard {
        identity: HeadsetIdentity {
            vendor: VendorId(0x047f),
            product: ProductId(0xc056),
            serial: None,
            name: "headset".to_owned(),
            firmware: None,
        },
        source: device(MICROPHONE, "mic"),
        sink: device(SPEAKER, "speaker"),
    }
}

fn stream<const N: usize>(index: u32, device: u32, properties: [(&str, &str); N]) -> Stream {
    Stream {
        index,
        client: Some(100 + index),
        device,
        rate: 48_000,
        properties: Properties::from(properties),
        ..Stream::default()
    }
}

fn listing(outputs: Vec<Stream>, inputs: Vec<Stream>) -> Listing {
    let sink = |index| Device {
        index,
        ..Device::default()
    };
    Listing {
        sinks: vec![sink(SPEAKER), sink(LAPTOP)],
        outputs,
        inputs,
        ..Listing::default()
    }
}

fn pid(id: &str) -> [(&str, &str); 1] {
    [("application.process.id", id)]
}

#[test]
fn the_far_end_is_the_stream_of_the_process_that_captures() {
    let capture = stream(1, MICROPHONE, pid("7"));
    let music = stream(2, SPEAKER, pid("8"));
    let voice = stream(3, SPEAKER, pid("7"));
    let found = usage(
        &listing(vec![capture], vec![voice, music]),
        &card(),
        None,
        None,
    );
    assert_eq!(found.capture.unwrap().application().process_id, Some(7));
    assert_eq!(found.far_end, FarEnd::OnHeadset);
    assert_eq!(found.input.unwrap().index, 3);
}

#[test]
fn a_browser_that_plays_in_another_process_is_found_by_name() {
    let named = |id| {
        [
            ("application.process.id", id),
            ("application.name", "Firefox"),
            ("application.process.binary", "firefox"),
        ]
    };
    let capture = stream(1, MICROPHONE, named("7"));
    let voice = stream(3, SPEAKER, named("9"));
    let found = usage(&listing(vec![capture], vec![voice]), &card(), None, None);
    assert_eq!(found.input.unwrap().index, 3);
}

#[test]
fn elsewhere_and_nowhere_are_told_apart() {
    let capture = stream(1, MICROPHONE, pid("7"));
    for (device, far_end) in [(LAPTOP, FarEnd::Elsewhere), (u32::MAX, FarEnd::Nowhere)] {
        let voice = stream(3, device, pid("7"));
        let found = usage(
            &listing(vec![capture.clone()], vec![voice]),
            &card(),
            None,
            None,
        );
        assert_eq!((found.far_end, found.input), (far_end, None));
    }
    let found = usage(&listing(vec![capture], vec![]), &card(), None, None);
    assert_eq!(found.far_end, FarEnd::Nowhere);
}

#[test]
fn of_several_streams_the_playing_phone_stream_wins_and_a_good_one_is_kept() {
    let capture = stream(1, MICROPHONE, pid("7"));
    let old = stream(3, SPEAKER, pid("7"));
    let new = stream(4, SPEAKER, pid("7"));
    let phone = stream(
        2,
        SPEAKER,
        [("application.process.id", "7"), ("media.role", "phone")],
    );
    let choose = |inputs: Vec<Stream>, bound| {
        let found = usage(
            &listing(vec![capture.clone()], inputs),
            &card(),
            None,
            bound,
        );
        found.input.unwrap().index
    };
    assert_eq!(choose(vec![old.clone(), new.clone()], None), 4);
    assert_eq!(choose(vec![old.clone(), new.clone()], Some(3)), 3);
    let paused = Stream {
        corked: true,
        ..old
    };
    assert_eq!(choose(vec![paused, new.clone()], Some(3)), 4);
    assert_eq!(choose(vec![new, phone], Some(4)), 2);
}

#[test]
fn meters_monitors_filters_and_ourselves_are_no_callers() {
    let strangers = [
        stream(1, MICROPHONE, [("application.id", APPLICATION_ID)]),
        stream(
            2,
            MICROPHONE,
            [("application.id", "org.PulseAudio.pavucontrol")],
        ),
        stream(3, MICROPHONE, [("media.name", "Peak detect")]),
        stream(4, MICROPHONE, [("media.role", "filter")]),
        stream(5, LAPTOP, pid("7")),
        Stream {
            rate: 25,
            ..stream(6, MICROPHONE, pid("7"))
        },
        Stream {
            resampler: Some("peaks".to_owned()),
            ..stream(7, MICROPHONE, pid("7"))
        },
        Stream {
            corked: true,
            ..stream(8, MICROPHONE, pid("7"))
        },
        Stream {
            client: None,
            ..stream(9, MICROPHONE, pid("7"))
        },
    ];
    for stranger in strangers {
        let found = usage(
            &listing(vec![stranger.clone()], vec![]),
            &card(),
            None,
            None,
        );
        assert_eq!(found.capture, None, "{stranger:?}");
    }
}

#[test]
fn who_lets_go_of_the_microphone_while_muted_keeps_the_far_end() {
    let capture = stream(1, MICROPHONE, pid("7"));
    let voice = stream(3, SPEAKER, pid("7"));
    let music = stream(2, SPEAKER, pid("8"));
    let inputs = vec![voice, music];
    let before = usage(&listing(vec![capture], inputs.clone()), &card(), None, None);
    let after = usage(
        &listing(vec![], inputs),
        &card(),
        before.capture.as_ref(),
        Some(3),
    );
    assert_eq!((after.capture, after.input), (None, before.input));
}

#[test]
fn with_nobody_capturing_only_a_single_stream_can_be_the_far_end() {
    let one = stream(2, SPEAKER, pid("7"));
    let two = stream(3, SPEAKER, pid("8"));
    let far = |inputs| {
        let found = usage(&listing(vec![], inputs), &card(), None, None);
        (found.far_end, found.input.map(|i| i.index))
    };
    assert_eq!(far(vec![one.clone()]), (FarEnd::OnHeadset, Some(2)));
    assert_eq!(far(vec![one, two]), (FarEnd::Mix, None));
    assert_eq!(far(vec![]), (FarEnd::Nowhere, None));
}

#[test]
fn a_filter_on_the_microphone_counts_as_the_microphone() {
    let filter = Device {
        index: 12,
        name: "echo_cancelled".to_owned(),
        properties: Properties::from([("device.master_device", "mic")]),
        ..Device::default()
    };
    let mut listing = listing(vec![stream(1, 12, pid("7"))], vec![]);
    listing.sources = vec![filter];
    assert!(usage(&listing, &card(), None, None).capture.is_some());
}
