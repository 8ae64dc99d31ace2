//! The arguments of `sidetone analyze`.

use clap::Args;
use std::path::PathBuf;

/// `sidetone analyze`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone analyze call.wav                        a report to read
  sidetone analyze call.wav --json | jq .agent     one JSON object (sidetone.analysis/1)
  sidetone analyze call.wav --frames frames.csv    also a line of CSV for each 10 ms
  sidetone analyze call.wav --html call.html       also a page to look at and to pass on
  sidetone analyze call.wav --vq-rtcpxr            levels in the words of RFC 6035

Stereo: left = agent, right = customer. Mono is analysed as the agent.
WAV of 8, 16, 24, 32, 44.1 or 48 kHz; 16, 24 or 32-bit integer or 32-bit float samples.
Levels are in dBov: 0 is digital overload, nominal speech lies at -26.")]
pub struct AnalyzeArgs {
    /// The recording
    #[arg(value_name = "FILE.wav")]
    pub file: PathBuf,
    /// Print one JSON object instead of a report to read
    #[arg(long)]
    pub json: bool,
    /// Also write the figures of each 10 ms frame to this file
    #[arg(long, value_name = "FILE.csv")]
    pub frames: Option<PathBuf>,
    /// Also write a report with drawings, one page that opens in any browser and can be mailed
    #[arg(long, value_name = "FILE.html")]
    pub html: Option<PathBuf>,
    /// Print what was measured as a session report of RFC 6035 (vq-rtcpxr) instead
    #[arg(long, conflicts_with = "json")]
    pub vq_rtcpxr: bool,
    /// Judge by the alert limits of this configuration file instead of the defaults
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
