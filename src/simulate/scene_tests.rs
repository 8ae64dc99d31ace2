//! What the real analyser makes of simulated calls.

use super::*;
use crate::simulate::troubles::Trouble;
use sidetone_dsp::aggregate::SecondAggregator;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::measurement::NoiseKind;
use sidetone_dsp::second::SecondSummary;
use std::path::Path;

/// The seconds of a call in this weather, the first eight left out.
fn seconds(trouble: Option<Trouble>, length: usize) -> Vec<SecondSummary> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-data/sounds");
    let root = std::env::var_os("SIDETONE_TEST_SOUNDS").map_or(fetched, Into::into);
    let speakers = super::super::voices::speakers(Some(&root)).unwrap();
    let mut dice = Dice::new(11);
    let around = babble(&speakers, &mut dice).unwrap();
    let voice = |number: usize| Voice {
        speaker: Arc::clone(&speakers[number % speakers.len()]),
        pitch: 1.0,
    };
    let sky = Sky::default();
    let mut call = Call::new(voice(0), voice(1), around, sky.clone(), &mut dice).unwrap();
    let rate = SampleRate::new(RATE).unwrap();
    let mut analyzer = CallAnalyzer::new(rate, Some(rate));
    let mut aggregate = SecondAggregator::new(rate, Some(rate));
    let mut seconds = Vec::new();
    for frame in 0..(8 + length) * 100 {
        if frame == 800
            && let Some(trouble) = trouble
        {
            sky.set(Weather::of(trouble));
        }
        let (mut agent, mut customer) = ([0.0; 480], [0.0; 480]);
        call.block(&mut agent, &mut customer);
        let measurement = analyzer.process(&agent, Some(&customer));
        seconds.extend(aggregate.push(&measurement).filter(|_| frame >= 800));
    }
    seconds
}

fn share(seconds: &[SecondSummary], is: impl Fn(&SecondSummary) -> bool) -> f64 {
    seconds.iter().filter(|second| is(second)).count() as f64 / seconds.len() as f64
}

#[test]
fn a_good_call_is_two_people_at_nominal_level_in_a_quiet_room() {
    let all = seconds(None, 40);
    let last = all.last().unwrap();
    let customer = last.customer.unwrap();
    for side in [last.agent, customer] {
        let level = side.active_speech_level.unwrap().0;
        assert!((-33.0..-20.0).contains(&level), "{level}");
        assert!(side.snr.unwrap().0 > 25.0, "{side:?}");
    }
    let spoke = |agent: bool| {
        share(&all, |second| {
            let side = if agent {
                Some(second.agent)
            } else {
                second.customer
            };
            side.is_some_and(|side| side.speech_ratio > 0.3)
        })
    };
    assert!(spoke(true) > 0.2 && spoke(false) > 0.2);
    let faulty = |second: &SecondSummary| {
        second.agent.crackles > 0 || second.agent.hum.is_some() || second.agent.dropouts > 0
    };
    assert_eq!(share(&all, faulty), 0.0);
}

/// Whether a second shows a fault.
type Shows<'f> = &'f dyn Fn(&SecondSummary) -> bool;

#[test]
fn every_fault_of_the_sound_is_found_by_the_analyser() {
    let loud = |second: &SecondSummary| {
        second.agent.snr.is_some_and(|snr| snr.0 < 15.0)
            || second.agent.noise_kind == Some(NoiseKind::Babble)
    };
    let hums = |second: &SecondSummary| second.agent.hum.is_some();
    let crackles = |second: &SecondSummary| second.agent.crackles > 0;
    let clips = |second: &SecondSummary| second.agent.clipped_ratio > 0.002;
    let zeros = |second: &SecondSummary| second.agent.digital_silence_ratio > 0.99;
    let drops = |second: &SecondSummary| second.customer.is_some_and(|side| side.dropouts > 0);
    let still = |second: &SecondSummary| {
        let side = second.customer.unwrap();
        side.level.0 < -75.0 && side.digital_silence_ratio < 0.5
    };
    let expected: [(Trouble, f64, Shows<'_>); 7] = [
        (Trouble::Noise, 0.6, &loud),
        (Trouble::Hum, 0.6, &hums),
        (Trouble::Crackle, 0.5, &crackles),
        // Only what is spoken is clipped, and only a line with speech on it has holes.
        (Trouble::Clipping, 0.1, &clips),
        (Trouble::Dropouts, 0.15, &drops),
        (Trouble::DeadMicrophone, 0.9, &zeros),
        (Trouble::DeadLine, 0.9, &still),
    ];
    for (trouble, least, shows) in expected {
        let found = share(&seconds(Some(trouble), 20), shows);
        assert!(found > least, "{trouble:?} in {found} of the seconds");
        assert_eq!(share(&seconds(None, 5), shows), 0.0, "{trouble:?}");
    }
}
