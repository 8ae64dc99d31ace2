//! ITU-T P.56 against the figures of the reference program.

use crate::call::{prompts, read_wav};
use crate::row::{Row, Target};
use sidetone_dsp::side::p56::SpeechVoltmeter;
use sidetone_dsp::units::{SampleRate, UnsupportedSampleRate};

const REFERENCE: &str = include_str!("../../../../dsp/tests/data/p56_reference.csv");

pub(crate) fn measure() -> Result<Vec<Row>, UnsupportedSampleRate> {
    let (mut level_off, mut activity_off) = (0.0_f64, 0.0_f64);
    for line in REFERENCE.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        let [_, file, _, level, activity, _] = cells.as_slice() else {
            continue;
        };
        let (Ok(level), Ok(activity)) = (level.parse::<f64>(), activity.parse::<f64>()) else {
            continue;
        };
        let (hz, samples) = read_wav(&prompts().join(file));
        let mut meter = SpeechVoltmeter::new(SampleRate::new(hz)?);
        meter.process(&samples);
        let told = meter.level().map_or(-100.0, |level| f64::from(level.0));
        level_off = level_off.max((told - level).abs());
        activity_off = activity_off.max((100.0 * f64::from(meter.activity()) - activity).abs());
    }
    let row = |key, what: &str, figure, limit| Row {
        key,
        what: what.into(),
        figures: vec![(String::new(), figure)],
        target: Target::AtMost(limit),
        noise: 0.01,
    };
    Ok(vec![
        row(
            "p56-level",
            "active speech level, largest difference to the ITU-T program in dB",
            level_off,
            0.1,
        ),
        row("p56-activity", "… activity, in points", activity_off, 0.5),
    ])
}
