//! Analyses a recorded call and prints what stands out. Run it with
//! `cargo run --example analyze_wav -- call.wav` (stereo: left = agent, right = customer).

use sidetone::alerts::config::AlertConfig;
use sidetone::analyze::{analyze, wav::WavFile};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("name a WAV file")?;
    let wav = WavFile::open(Path::new(&file))?;

    // The closure gets a row for each 10 ms; here, to find the loudest one.
    let mut loudest = None;
    let analysis = analyze(wav, &AlertConfig::default(), |row| {
        if loudest.is_none_or(|(_, level)| row.agent.level.0 > level) {
            loudest = Some((row.frame, row.agent.level.0));
        }
        Ok(())
    })?;

    println!(
        "The agent speaks at {:.1} dBov, {:.0} % of {:.1} s.",
        analysis.agent.active_speech_level_dbov,
        analysis.agent.activity * 100.0,
        analysis.duration_s
    );
    if let Some((frame, level)) = loudest {
        println!("Loudest at {:.2} s: {level:.1} dBov.", frame as f64 / 100.0);
    }
    for alert in &analysis.alerts {
        println!("{:.1} s: {}", alert.start_s, alert.text);
    }
    Ok(())
}
