//! What a telephone line does to a voice: its band, G.711, lost packets.

use crate::call::{RATE, Seeded};
use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::{Decoder, Encoder};

/// The band of the telephone, 300 to 3,400 Hz (fourth order at each end).
pub(crate) fn telephone_band(samples: &mut [f32]) {
    for (hz, high) in [
        (300.0, true),
        (300.0, true),
        (3_400.0, false),
        (3_400.0, false),
    ] {
        let w = std::f32::consts::TAU * hz / RATE as f32;
        let alpha = w.sin() / (2.0 * 0.707);
        let edge = if high {
            (1.0 + w.cos()) / 2.0
        } else {
            (1.0 - w.cos()) / 2.0
        };
        let middle = if high { -2.0 * edge } else { 2.0 * edge };
        let [mut x1, mut x2, mut y1, mut y2] = [0.0_f32; 4];
        for s in samples.iter_mut() {
            let y = (edge * *s + middle * x1 + edge * x2 + 2.0 * w.cos() * y1 - (1.0 - alpha) * y2)
                / (1.0 + alpha);
            (x2, x1, y2, y1) = (x1, *s, y1, y);
            *s = y;
        }
    }
}

/// Through G.711 µ-law and back.
pub(crate) fn mu_law(x: f32) -> f32 {
    let biased = ((x.abs() * 32_768.0) as u32).min(32_635) + 132;
    let step = biased.ilog2() - 4;
    let middle = ((biased >> step) << step) + (1 << (step - 1));
    (middle - 132) as f32 / 32_768.0 * x.signum()
}

/// Through G.711 A-law and back.
pub(crate) fn a_law(x: f32) -> f32 {
    let linear = ((x.abs() * 4_096.0) as u32).min(4_095);
    // Segments of sixteen steps; the first two have steps of two.
    let step = linear.max(32).ilog2() - 4;
    let middle = ((linear >> step) << step) + (1 << (step - 1));
    middle as f32 / 4_096.0 * x.signum()
}

/// Samples a voice comes later out of G.722: both filter banks, 11 each.
const G722_LATE: usize = 22;

/// Through G.722 at 64 kbit/s and back, its delay taken out so that the truth stays where it is.
pub(crate) fn g722(samples: &[f32]) -> Vec<f32> {
    let pcm: Vec<i16> = samples.iter().map(|x| (x * 32_768.0) as i16).collect();
    let coded = G722Encoder::new().encode(&pcm);
    let back = G722Decoder::new().decode(&coded);
    let mut out: Vec<f32> = back
        .iter()
        .skip(G722_LATE)
        .map(|&x| f32::from(x) / 32_768.0)
        .collect();
    out.resize(samples.len(), 0.0);
    out
}

/// Loses 20 ms packets at this rate; the last one is played again at half its height, then nothing.
pub(crate) fn lose_packets(samples: &mut [f32], rate: f32, seed: &mut Seeded) {
    let packet = RATE / 50;
    let mut missing = 0;
    for n in 1..samples.len() / packet {
        // Losses come in bursts: after one, the next is four times as likely.
        let chance = if missing > 0 { 4.0 * rate } else { rate };
        if seed.unit() >= chance {
            missing = 0;
            continue;
        }
        missing += 1;
        let (before, rest) = samples.split_at_mut(n * packet);
        let last = &before[(n - 1) * packet..];
        let gain = if missing > 2 { 0.0 } else { 0.5 };
        for (lost, kept) in rest[..packet].iter_mut().zip(last) {
            *lost = gain * kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g722_keeps_a_voice_where_it_is() {
        let tone = |n: usize| {
            let t = n as f32 / RATE as f32 * std::f32::consts::TAU;
            0.2 * (440.0 * t).sin() + 0.1 * (1_730.0 * t).sin() + 0.03 * (5_210.0 * t).sin()
        };
        let voice: Vec<f32> = (0..16_000).map(tone).collect();
        let back = g722(&voice);
        let power = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>();
        let off = power(
            &mut voice
                .iter()
                .zip(&back)
                .skip(800)
                .take(14_000)
                .map(|(a, b)| a - b),
        );
        let whole = power(&mut voice.iter().skip(800).take(14_000).copied());
        let ratio = 10.0 * (whole / off).log10();
        assert!(ratio > 20.0, "{ratio} dB");
    }

    #[test]
    fn both_laws_keep_a_voice_within_their_steps() {
        for law in [mu_law, a_law] {
            for n in 1..1_000 {
                let x = n as f32 / 1_001.0;
                assert!((law(x) - x).abs() <= 0.04 * x + 3e-4, "{x}: {}", law(x));
                assert_eq!(law(-x), -law(x));
            }
        }
    }
}
