//! The hot paths, each alone, for the instruction gate (`make gate`).
//!
//! Usage: `instructions WORKLOAD REPETITIONS`; the script counts two runs and takes the difference.

#[path = "headset.rs"]
mod headset;
#[path = "messages.rs"]
mod messages;
#[path = "signals.rs"]
mod signals;

use sidetone::alerts::{AlertEngine, Fact, HeadsetFact, HeadsetId, IdMint, Now};
use sidetone_devices::hid::descriptor::ReportDescriptor;
use sidetone_devices::hid::report::InputReport;
use sidetone_dsp::aggregate::SecondAggregator;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::second::SecondSummary;
use sidetone_dsp::units::SampleRate;
use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, workload, repetitions] = arguments.as_slice() else {
        return Err("usage: instructions WORKLOAD REPETITIONS".into());
    };
    let repetitions: usize = repetitions.parse()?;
    match workload.as_str() {
        "analyser-8k" => analyser(8_000, 40.0, repetitions)?,
        "analyser-16k" => analyser(16_000, 40.0, repetitions)?,
        "analyser-48k" => analyser(48_000, 40.0, repetitions)?,
        "analyser-48k-echo" => analyser(48_000, 10.0, repetitions)?,
        "descriptor-parse" => {
            for _ in 0..repetitions {
                black_box(ReportDescriptor::parse(black_box(&headset::DESCRIPTOR))?);
            }
        }
        "report-decode" => {
            let descriptor = ReportDescriptor::parse(&headset::DESCRIPTOR)?;
            for _ in 0..repetitions {
                let report = InputReport::new(&descriptor, black_box(&headset::OFF_HOOK_AND_MUTE))?;
                black_box(report.readings().count());
            }
        }
        "message-encode" => {
            let sender = messages::sender();
            for index in 0..repetitions {
                black_box(sender.alert(black_box(messages::alert()), index as u64)?);
            }
        }
        "alert-second" => alerts(repetitions)?,
        other => return Err(format!("no such workload: {other}").into()),
    }
    Ok(())
}

/// `repetitions` frames of both sides, after ten seconds in which the analyser settles.
fn analyser(rate: u32, echo_return_loss_db: f32, repetitions: usize) -> Result<(), Box<dyn Error>> {
    let sample_rate = SampleRate::new(rate)?;
    let call = signals::Call::new(rate, 20, echo_return_loss_db);
    let mut analyzer = CallAnalyzer::new(sample_rate, Some(sample_rate));
    for index in 0..1000 + repetitions {
        let (agent, customer) = call.frame(index);
        black_box(analyzer.process(agent, Some(customer)));
    }
    Ok(())
}

/// `repetitions` seconds of a call through every alert rule.
fn alerts(repetitions: usize) -> Result<(), Box<dyn Error>> {
    let mut ids = IdMint::seeded(1);
    let call = ids.mint(0);
    let headset = HeadsetId::new("047f-c056-00000000");
    let mut engine = AlertEngine::new(Default::default(), ids);
    let mut out = Vec::new();
    let mut now = Now {
        monotonic: Duration::ZERO,
        utc_ms: 0,
    };
    let started = HeadsetFact::CallStarted { call };
    engine.step(now, Fact::About(headset.clone(), started), &mut out);
    let second = a_second()?;
    for index in 1..=repetitions {
        now.monotonic = Duration::from_secs(index as u64);
        now.utc_ms = index as u64 * 1000;
        let fact = HeadsetFact::Second(SecondSummary {
            second: index as u64,
            ..second.clone()
        });
        engine.step(now, Fact::About(headset.clone(), fact), &mut out);
        out.clear();
    }
    Ok(())
}

/// The eleventh second of a quiet call.
fn a_second() -> Result<SecondSummary, Box<dyn Error>> {
    let rate = SampleRate::new(16_000)?;
    let call = signals::Call::new(rate.hz(), 12, 40.0);
    let mut analyzer = CallAnalyzer::new(rate, Some(rate));
    let mut aggregator = SecondAggregator::new(rate, Some(rate));
    let mut last = None;
    for index in 0..1100 {
        let (agent, customer) = call.frame(index);
        last = aggregator
            .push(&analyzer.process(agent, Some(customer)))
            .or(last);
    }
    last.ok_or_else(|| "eleven seconds gave no summary".into())
}
