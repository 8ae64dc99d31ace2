//! The active speech level meter against the ITU-T reference program, on 294 real prompts.

#![allow(clippy::expect_used)] // Test data that is not as it should be is a failed test.

mod sounds;

use sidetone_dsp::side::p56::SpeechVoltmeter;
use sidetone_dsp::units::SampleRate;

/// What the reference program said of one file.
struct Reference<'a> {
    file: &'a str,
    samples: usize,
    level_dbov: f32,
    activity_percent: f32,
    rms_dbov: f32,
}

fn references() -> Vec<Reference<'static>> {
    include_str!("data/p56_reference.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |i: usize| cells[i].parse().expect("a number");
            Reference {
                file: cells[1],
                samples: cells[2].parse().expect("a count"),
                level_dbov: number(3),
                activity_percent: number(4),
                rms_dbov: number(5),
            }
        })
        .collect()
}

#[test]
fn level_and_activity_agree_with_the_itu_t_program() {
    let prompts = sounds::prompts();
    let references = references();
    assert_eq!(references.len(), 294);
    let (mut worst_level, mut worst_activity, mut worst_rms) = (0f32, 0f32, 0f32);
    for reference in &references {
        let (hz, samples) = sounds::read(&prompts.join(reference.file));
        assert_eq!(samples.len(), reference.samples, "{}", reference.file);
        let mut meter = SpeechVoltmeter::new(SampleRate::new(hz).expect("a rate we accept"));
        meter.process(&samples);

        // The reference program says −100 dB where there is no level.
        let level = meter.level().map_or(-100.0, |level| level.0);
        let level_off = (level - reference.level_dbov).abs();
        let activity_off = (100.0 * meter.activity() - reference.activity_percent).abs();
        let rms_off = (meter.rms().0 - reference.rms_dbov.max(-100.0)).abs();
        assert!(
            level_off <= 0.1,
            "{}: {level} for {}",
            reference.file,
            reference.level_dbov
        );
        assert!(
            activity_off <= 0.5,
            "{}: activity off by {activity_off}",
            reference.file
        );
        assert!(rms_off <= 0.01, "{}: RMS off by {rms_off}", reference.file);
        worst_level = worst_level.max(level_off);
        worst_activity = worst_activity.max(activity_off);
        worst_rms = worst_rms.max(rms_off);
    }
    println!(
        "{} files: level within {worst_level:.3} dB, activity within {worst_activity:.3} points, \
         RMS within {worst_rms:.4} dB",
        references.len()
    );
}
