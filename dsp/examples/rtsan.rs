//! A call under the real-time sanitizer (scripts/rtsan-test): `rtsan call` must run through,
//! `rtsan planted` must be stopped at the allocation it makes on purpose.

#![allow(
    clippy::unwrap_used,
    reason = "a measuring program: stop at what is wrong"
)]

use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::units::SampleRate;

#[rtsan_standalone::nonblocking]
fn planted(n: usize) -> Vec<f32> {
    std::hint::black_box(vec![0.0; n])
}

fn main() {
    rtsan_standalone::ensure_initialized();
    if std::env::args().nth(1).as_deref() == Some("planted") {
        println!("{}", planted(4_096).len());
        return;
    }
    let rate = SampleRate::new(48_000).unwrap();
    let mut analyzer = CallAnalyzer::new(rate, Some(rate));
    let mut far = vec![0.0_f32; 480];
    let mut near = vec![0.0_f32; 480];
    for frame in 0..1_000 {
        for i in 0..480 {
            let t = (frame * 480 + i) as f32 / 48_000.0;
            far[i] = 0.2 * (t * 900.0).sin() * (t * 20.0).sin();
            near[i] = 0.1 * ((t - 0.05) * 900.0).sin() * ((t - 0.05) * 20.0).sin();
        }
        analyzer.process(&near, Some(&far));
    }
    println!("1000 frames");
}
