//! What WebRTC's echo canceller (AEC3) leaves of a microphone.

use crate::Outcome;
use crate::call::RATE;
use crate::clip::as_16_bit;
use sidetone_dsp::resample::ANALYSIS_FRAME;
use sonora::config::EchoCanceller;
use sonora::{AudioProcessing, Config, StreamConfig};

/// The canceller as shipped, echo suppression included, and nothing else of its pipeline.
pub(crate) fn cancel(mic: &[f32], far: &[f32]) -> Outcome<Vec<f32>> {
    let stream = StreamConfig::new(RATE as u32, 1);
    let mut canceller = AudioProcessing::builder()
        .config(Config {
            echo_canceller: Some(EchoCanceller::default()),
            ..Config::default()
        })
        .capture_config(stream)
        .render_config(stream)
        .build();
    let mut left = Vec::with_capacity(mic.len());
    let (mut played, mut kept) = ([0.0; ANALYSIS_FRAME], [0.0; ANALYSIS_FRAME]);
    for (near, other) in mic
        .chunks_exact(ANALYSIS_FRAME)
        .zip(far.chunks_exact(ANALYSIS_FRAME))
    {
        canceller
            .process_render_f32(&[other], &mut [&mut played])
            .map_err(|error| format!("AEC3 refused the far end: {error:?}"))?;
        canceller
            .process_capture_f32(&[near], &mut [&mut kept])
            .map_err(|error| format!("AEC3 refused the microphone: {error:?}"))?;
        left.extend_from_slice(&kept);
    }
    Ok(as_16_bit(&left))
}
