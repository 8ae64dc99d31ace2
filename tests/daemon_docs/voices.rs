//! A recorded call of two real voices that take turns, and sometimes do not.

use crate::speech;
use std::path::Path;

/// Writes half a minute of a call: left the agent, right the customer.
pub(crate) fn write_call(file: &Path) {
    let side = |voice: &str, skip_s: u32| -> Vec<i16> {
        let mono = file.with_extension(voice);
        speech::write(voice, 20, &mono);
        let samples = hound::WavReader::open(&mono).unwrap();
        let silence = std::iter::repeat_n(0, (skip_s * samples.spec().sample_rate) as usize);
        silence
            .chain(samples.into_samples().map(Result::unwrap))
            .collect()
    };
    let (agent, customer) = (side("en_US_f_Allison", 0), side("fr_CA_f_June", 12));
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(file, spec).unwrap();
    for (agent, customer) in agent.iter().chain(std::iter::repeat(&0)).zip(&customer) {
        wav.write_sample(*agent).unwrap();
        wav.write_sample(*customer).unwrap();
    }
    wav.finalize().unwrap();
}
