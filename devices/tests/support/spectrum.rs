//! How loud a tone is in a run of samples: one bin of a windowed Fourier transform, written out.

/// Level in dB of the sine at `hz` (0 dB = amplitude 1), by a Blackman-Harris window (side lobes below
/// −92 dB next to it, and falling with distance in practice far below −120 dB for tones 500 Hz apart).
pub(crate) fn tone_db(samples: &[f32], rate: u32, hz: u32) -> f64 {
    use std::f64::consts::TAU;
    let length = samples.len() as f64;
    let (mut real, mut imaginary, mut gain) = (0.0, 0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let at = TAU * n as f64 / length;
        let window = 0.358_75 - 0.488_29 * at.cos() + 0.141_28 * (2.0 * at).cos()
            - 0.011_68 * (3.0 * at).cos();
        let turn = TAU * f64::from(hz) * n as f64 / f64::from(rate);
        real += f64::from(*sample) * window * turn.cos();
        imaginary -= f64::from(*sample) * window * turn.sin();
        gain += window;
    }
    20.0 * (2.0 * real.hypot(imaginary) / gain).max(1e-12).log10()
}
