//! A-weighting against the curve of IEC 61672-1, at every rate.

use crate::row::{Row, Target};
use crate::side_call::SideCall;
use sidetone_dsp::units::{SampleRate, UnsupportedSampleRate};

/// Third-octave frequencies and the class 1 limits of IEC 61672-1: above the goal, below it, in dB.
const LIMITS: [(f64, f64, f64); 31] = [
    (20.0, 2.0, 2.0),
    (25.0, 2.0, 1.5),
    (31.5, 1.5, 1.5),
    (40.0, 1.0, 1.0),
    (50.0, 1.0, 1.0),
    (63.0, 1.0, 1.0),
    (80.0, 1.0, 1.0),
    (100.0, 1.0, 1.0),
    (125.0, 1.0, 1.0),
    (160.0, 1.0, 1.0),
    (200.0, 1.0, 1.0),
    (250.0, 1.0, 1.0),
    (315.0, 1.0, 1.0),
    (400.0, 1.0, 1.0),
    (500.0, 1.0, 1.0),
    (630.0, 1.0, 1.0),
    (800.0, 1.0, 1.0),
    (1_000.0, 0.7, 0.7),
    (1_250.0, 1.0, 1.0),
    (1_600.0, 1.0, 1.0),
    (2_000.0, 1.0, 1.0),
    (2_500.0, 1.0, 1.0),
    (3_150.0, 1.0, 1.0),
    (4_000.0, 1.0, 1.0),
    (5_000.0, 1.5, 1.5),
    (6_300.0, 1.5, 2.0),
    (8_000.0, 1.5, 2.5),
    (10_000.0, 2.0, 3.0),
    (12_500.0, 2.0, 5.0),
    (16_000.0, 2.5, 16.0),
    (20_000.0, 3.0, f64::INFINITY),
];

pub(crate) fn measure() -> Result<Vec<Row>, UnsupportedSampleRate> {
    let mut used = Vec::new();
    for rate in SampleRate::ALLOWED {
        let mut most = 0.0_f64;
        for (nominal, above, below) in LIMITS {
            // The exact frequency of the third-octave band.
            let hz = 1_000.0 * 10_f64.powf((10.0 * (nominal / 1_000.0).log10()).round() / 10.0);
            if hz > 0.45 * f64::from(rate) {
                continue;
            }
            let off = weight_of(hz, rate)? - goal(hz);
            most = most.max(if off > 0.0 { off / above } else { -off / below });
        }
        used.push((format!("{rate} Hz"), most));
    }
    Ok(vec![Row {
        key: "a-weighting",
        what: "A-weighting, largest error as a share of the class 1 limit".into(),
        figures: used,
        target: Target::AtMost(1.0),
        noise: 0.01,
    }])
}

/// The analyser's weight of a tone, in dB.
fn weight_of(hz: f64, rate: u32) -> Result<f64, UnsupportedSampleRate> {
    let wave =
        |n: usize| (std::f64::consts::TAU * hz * n as f64 / f64::from(rate)).sin() as f32 * 0.5;
    let call = SideCall {
        rate,
        samples: (0..2 * rate as usize).map(wave).collect(),
    };
    let (mut flat, mut weighted) = (0.0_f64, 0.0_f64);
    call.analyse(|n, frame| {
        if n >= 100 {
            flat += f64::from(frame.mean_square);
            weighted += f64::from(frame.mean_square_a);
        }
    })?;
    Ok(10.0 * (weighted / flat).log10())
}

/// The A curve from its poles, 0 dB at 1 kHz.
fn goal(hz: f64) -> f64 {
    let gain = |hz: f64| {
        let f = hz * hz;
        let pole = |p: f64| f + p * p;
        12_194.0_f64.powi(2) * f * f
            / (pole(20.6) * (pole(107.7) * pole(737.9)).sqrt() * pole(12_194.0))
    };
    20.0 * (gain(hz) / gain(1_000.0)).log10()
}
