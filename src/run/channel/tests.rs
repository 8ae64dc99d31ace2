use super::Channel;
use sidetone_devices::audio::api::StreamSide;
use sidetone_devices::audio::tap::{MonotonicNanos, tap};
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::measurement::Measurement;
use sidetone_dsp::units::SampleRate;
use std::num::NonZeroU16;
use std::sync::Arc;

const RATE: u32 = 48_000;
const SECONDS: usize = 6;

/// Noise with the rhythm of speech, another voice for each seed.
fn voice(seed: u64) -> Vec<f32> {
    let mut state = seed;
    (0..RATE as usize * SECONDS)
        .map(|i| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(seed | 1);
            let noise = (state >> 40) as f32 / 8_388_608.0 - 1.0;
            let syllables = (i as f32 / RATE as f32 * 25.0 + seed as f32).sin().max(0.0);
            0.3 * noise * syllables
        })
        .collect()
}

/// Both sides as a sound server delivers them: in chunks of every size, at the pace of their clock.
fn live(agent: &[f32], customer: &[f32]) -> Vec<Measurement> {
    let mono = NonZeroU16::new(1).unwrap();
    let (mut agent_writer, agent_reader) = tap(mono, RATE, RATE as usize).unwrap();
    let (mut customer_writer, customer_reader) = tap(mono, RATE, RATE as usize).unwrap();
    let mut channel = Channel::new(Arc::default()).unwrap();
    channel.listen(StreamSide::Agent, agent_reader).unwrap();
    channel
        .listen(StreamSide::Customer, customer_reader)
        .unwrap();
    let mut measured = Vec::new();
    let sizes = [1_200, 480, 3, 977, 1_440, 64, 1_199];
    let (mut fed, mut turn) = ([0; 2], 0);
    let start = 1_000_000_000_u64;
    while fed.iter().any(|&position| position < agent.len()) {
        let sides = [(&mut agent_writer, agent), (&mut customer_writer, customer)];
        for (side, (writer, samples)) in sides.into_iter().enumerate() {
            let from = fed[side];
            let to = (from + sizes[(turn + side * 3) % sizes.len()]).min(samples.len());
            let arrival = start + to as u64 * 1_000_000_000 / u64::from(RATE);
            writer.push_at(&samples[from..to], MonotonicNanos(arrival));
            fed[side] = to;
        }
        turn += 1;
        channel.take_samples();
        channel.measure(|measurement, _| measured.push(measurement.clone()));
    }
    measured
}

/// From the ring's output on, the live path and `sidetone analyze` are the same: bit by bit.
#[test]
fn live_measurements_equal_those_of_the_same_file() {
    let (agent, customer) = (voice(7), voice(11));
    let live = live(&agent, &customer);
    let rate = SampleRate::new(RATE).unwrap();
    let mut analyzer = CallAnalyzer::new(rate, Some(rate));
    let frames = agent
        .chunks_exact(rate.frame_len())
        .zip(customer.chunks_exact(rate.frame_len()));
    let file: Vec<_> = frames.map(|(a, c)| analyzer.process(a, Some(c))).collect();
    assert!(
        live.len() + 40 >= file.len(),
        "only {} of {} frames came out",
        live.len(),
        file.len()
    );
    for (from_taps, from_file) in live.iter().zip(&file) {
        assert_eq!(from_taps, from_file);
    }
}

#[test]
fn a_side_at_an_impossible_rate_is_refused_and_the_other_still_heard() {
    let mono = NonZeroU16::new(1).unwrap();
    let (_writer, reader) = tap(mono, 22_050, 22_050).unwrap();
    let mut channel = Channel::new(Arc::default()).unwrap();
    let error = channel.listen(StreamSide::Agent, reader).unwrap_err();
    assert!(error.to_string().contains("22050 Hz"), "{error}");
    assert!(!channel.is_open());
}
