//! Peers that say how sure they are of speech in one side: earshot and RNNoise.

use crate::clip::Clip;
use crate::side_call::SideCall;
use nnnoiseless::DenoiseState;
use sidetone_dsp::resample::ANALYSIS_FRAME;

/// Samples earshot takes at once.
const BLOCK: usize = 256;

/// The network the analyser uses, as its authors ship it: blocks of 16 ms, no lining up.
pub(crate) fn earshot(samples: &[f32], frames: usize) -> Vec<f32> {
    let mut network = earshot::Detector::default_boxed();
    let blocks: Vec<f32> = samples
        .chunks_exact(BLOCK)
        .map(|block| network.predict_f32(&std::array::from_fn::<f32, BLOCK, _>(|n| block[n])))
        .collect();
    let last = blocks.len().saturating_sub(1);
    let block = |frame: usize| (frame * ANALYSIS_FRAME + ANALYSIS_FRAME / 2) / BLOCK;
    (0..frames)
        .map(|n| blocks.get(block(n).min(last)).copied().unwrap_or(0.0))
        .collect()
}

/// The probability of speech that RNNoise's network gives beside the gains, of each 10 ms at 48 kHz.
pub(crate) fn rnnoise(clip: &Clip) -> Vec<f32> {
    let wide = SideCall {
        rate: crate::call::RATE as u32,
        samples: clip.mic.clone(),
    };
    rnnoise_at_48_khz(&wide.at_48_khz().samples)
}

/// The same of samples that are at 48 kHz already.
pub(crate) fn rnnoise_at_48_khz(samples: &[f32]) -> Vec<f32> {
    let mut network = DenoiseState::new();
    let mut cleaned = [0.0; DenoiseState::FRAME_SIZE];
    let of = |frame: &[f32]| {
        // It takes the numbers of a 16-bit file.
        let scaled: Vec<f32> = frame.iter().map(|x| x * 32_768.0).collect();
        network.process_frame(&mut cleaned, &scaled)
    };
    samples
        .chunks_exact(DenoiseState::FRAME_SIZE)
        .map(of)
        .collect()
}
