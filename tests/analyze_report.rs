//! The report and the frames of known sound.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;
#[path = "support/wav.rs"]
mod wav;

use serde_json::Value;
use sidetone::alerts::config::AlertConfig;
use sidetone::analyze::wav::WavFile;
use sidetone::analyze::{Analysis, FrameRow, HEADER, analyze};
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::measurement::{Measurement, SPEECH_LAG_FRAMES};
use sidetone_dsp::units::SampleRate;
use sidetone_wire::vocabulary::OvertalkParty;
use std::fs;
use std::io::Cursor;
use support::sidetone;
use wav::{Wav, speech};

const RATE: u32 = 16_000;

fn stereo(agent: &[f32], customer: &[f32]) -> Vec<u8> {
    let samples = agent.iter().zip(customer).flat_map(|(a, c)| [*a, *c]);
    Wav::pcm16(RATE, 2, samples.flat_map(pcm).collect()).bytes()
}

fn mono(agent: &[f32]) -> Vec<u8> {
    Wav::pcm16(RATE, 1, agent.iter().copied().flat_map(pcm).collect()).bytes()
}

fn pcm(value: f32) -> [u8; 2] {
    ((value * 32_768.0).round() as i16).to_le_bytes()
}

fn run(bytes: &[u8]) -> (Analysis, Vec<FrameRow>) {
    judged(bytes, &AlertConfig::default())
}

/// The made-up voices pause too often for an overtalk of two seconds.
fn short_overtalk() -> AlertConfig {
    let mut limits = AlertConfig::default();
    limits.double_talk.overtalk_s = 0.6;
    limits
}

fn judged(bytes: &[u8], limits: &AlertConfig) -> (Analysis, Vec<FrameRow>) {
    let mut rows = Vec::new();
    let wav = WavFile::new(Cursor::new(bytes)).unwrap();
    let analysis = analyze(wav, limits, |row| {
        rows.push(*row);
        Ok(())
    });
    (analysis.unwrap(), rows)
}

/// The analyser fed as in a live call, frame by frame.
fn live(bytes: &[u8]) -> Vec<Measurement> {
    let rate = SampleRate::new(RATE).unwrap();
    let mut wav = WavFile::new(Cursor::new(bytes)).unwrap();
    let mut analyzer = CallAnalyzer::new(rate, Some(rate));
    let mut all = Vec::new();
    while let Some(frame) = wav.next_frame().unwrap() {
        all.push(analyzer.process(frame.left, frame.right));
    }
    all.extend(analyzer.finish());
    all
}

#[test]
fn rows_are_the_live_measurements_with_the_lag_taken_out() {
    let bytes = stereo(&speech(1, RATE, 8.0), &speech(2, RATE, 8.0));
    let (_, rows) = run(&bytes);
    let live = live(&bytes);
    assert_eq!(rows.len(), 800);
    for (index, row) in rows.iter().enumerate() {
        let (now, judged) = (&live[index], &live[index + SPEECH_LAG_FRAMES as usize]);
        assert_eq!(row.frame, index as u64);
        assert_eq!(row.agent.level, now.agent.level);
        assert_eq!(row.agent.noise, now.agent.noise);
        assert_eq!(row.agent.snr, now.agent.snr);
        assert_eq!(row.agent.speech, judged.agent.speech_score);
        let customer = row.customer.unwrap();
        assert_eq!(customer.level, now.customer.unwrap().level);
        assert_eq!(customer.speech, judged.customer.unwrap().speech_score);
        assert_eq!(
            row.double_talk,
            Some(judged.both.unwrap().double_talk_score)
        );
        for score in [row.agent.speech, customer.speech, row.double_talk.unwrap()] {
            assert!((0.0..=1.0).contains(&score));
        }
    }
}

#[test]
fn there_is_a_row_for_each_whole_frame() {
    for (points, rows) in [
        (159, 0),
        (160, 1),
        (16_000, 100),
        (16_159, 100),
        (16_160, 101),
    ] {
        assert_eq!(
            run(&mono(&speech(1, RATE, 2.0)[..points])).1.len(),
            rows,
            "{points}"
        );
    }
}

#[test]
fn the_frames_file_has_its_columns_and_leaves_unknown_ones_empty() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (call, csv) = (path("call.wav"), path("frames.csv"));
    for (bytes, mono) in [
        (mono(&speech(1, RATE, 2.005)), true),
        (
            stereo(&speech(1, RATE, 2.005), &speech(2, RATE, 2.005)),
            false,
        ),
    ] {
        fs::write(&call, bytes).unwrap();
        let run = sidetone(["analyze", &call, "--json", "--frames", &csv]);
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        let text = fs::read_to_string(&csv).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some(HEADER));
        let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 200);
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(row.len(), 10);
            assert_eq!(row[0], format!("{:.2}", index as f64 / 100.0));
            // Customer's level and speech, double talk, customer's noise and SNR.
            for column in [2, 4, 5, 7, 9] {
                assert!(!mono || row[column].is_empty(), "{row:?}");
            }
            let known = if mono { &[1, 3][..] } else { &[1, 2, 3, 4, 5] };
            for &column in known {
                assert!(row[column].parse::<f64>().unwrap().is_finite(), "{row:?}");
            }
        }
    }
}

#[test]
fn the_json_report_has_exactly_the_keys_of_its_schema() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("call.wav");
    let path = path.to_str().unwrap();
    let side = [
        "active_speech_level_dbov",
        "activity",
        "clipped_ratio",
        "crackle_per_min",
        "dc_offset",
        "dead",
        "dropout_s",
        "dropouts",
        "hum_dbov",
        "hum_hz",
        "noise_dbov",
        "noise_dbov_a",
        "noise_gated",
        "noise_kind",
        "peak_dbov",
        "rms_dbov",
        "snr_db",
    ];
    let top = [
        "agent",
        "alerts",
        "customer",
        "double_talk",
        "duration_s",
        "report",
        "sample_rate",
        "schema",
        "silence_ratio",
        "speech",
    ];
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    for bytes in [
        mono(&speech(1, RATE, 2.0)),
        stereo(&speech(1, RATE, 2.0), &speech(2, RATE, 2.0)),
    ] {
        fs::write(path, &bytes).unwrap();
        let run = sidetone(["analyze", "--json", path]);
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        let report: Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(report["schema"], "sidetone.analysis/1");
        assert_eq!(keys(&report), top);
        assert_eq!(keys(&report["agent"]), side);
        assert_eq!(keys(&report["speech"]), ["agent", "customer"]);
        if report["customer"].is_null() {
            assert!(report["double_talk"].is_null() && report["speech"]["customer"].is_null());
        } else {
            assert_eq!(keys(&report["customer"]), side);
            assert_eq!(
                keys(&report["double_talk"]),
                ["overtalk", "ratio", "seconds"]
            );
        }
    }
}

#[test]
fn both_talking_is_double_talk_overtalk_and_an_alert_that_ends_with_the_file() {
    let bytes = stereo(&speech(0, RATE, 20.0), &speech(8, RATE, 20.0));
    let (analysis, rows) = judged(&bytes, &short_overtalk());
    let double_talk = analysis.double_talk.unwrap();
    let counted = rows
        .iter()
        .filter(|row| row.double_talk.unwrap() >= 0.5)
        .count();
    assert!(double_talk.seconds > 3.0, "{double_talk:?}");
    assert!((double_talk.ratio - double_talk.seconds / 20.0).abs() < 1e-4);
    assert!(counted > 200, "{counted}");
    assert!(!double_talk.overtalk.is_empty());
    for one in &double_talk.overtalk {
        assert!(
            one.end_s - one.start_s >= 0.5 && one.end_s <= 20.0,
            "{one:?}"
        );
        let together = [one.floor, one.interrupter].map(|party| party == OvertalkParty::Neither);
        assert_eq!(together[0], together[1]);
        assert!(together[0] || one.floor != one.interrupter, "{one:?}");
    }
    let alert = &analysis.alerts[0];
    let word = serde_json::to_value(alert.kind).unwrap();
    assert_eq!(
        (word.as_str(), alert.subject.as_str()),
        (Some("double_talk"), "call")
    );
    assert!(
        alert.start_s < alert.end_s && alert.end_s <= 20.0,
        "{alert:?}"
    );
}

#[test]
fn one_side_alone_is_neither() {
    let silence = vec![0.0; 10 * RATE as usize];
    let (analysis, _) = run(&stereo(&speech(1, RATE, 10.0), &silence));
    let double_talk = analysis.double_talk.unwrap();
    assert_eq!(double_talk.seconds, 0.0);
    assert!(double_talk.overtalk.is_empty());
    let customer = analysis.customer.unwrap();
    assert_eq!((customer.rms_dbov, customer.peak_dbov), (-100.0, -100.0));
    assert!(customer.dead && !analysis.agent.dead);
    assert!(customer.noise_dbov.is_none() && customer.snr_db.is_none());
    assert_eq!(analysis.speech.customer, Some(Vec::new()));
    assert!(!analysis.speech.agent.is_empty());
}

#[test]
fn stretches_of_speech_and_silence_add_up() {
    let (analysis, _) = run(&mono(&speech(1, RATE, 12.0)));
    let stretches = &analysis.speech.agent;
    let mut before = 0.0;
    let mut speaking = 0.0;
    for [start, end] in stretches {
        assert!(
            before <= *start && start < end && *end <= 12.0,
            "{stretches:?}"
        );
        speaking += end - start;
        before = *end;
    }
    assert!((1.0 - speaking / 12.0 - analysis.silence_ratio).abs() < 1e-3);
    assert!(stretches.len() >= 3, "{stretches:?}");
}

#[test]
fn a_dead_microphone_is_told_as_one_way_audio() {
    let silence = vec![0.0; 20 * RATE as usize];
    let (analysis, _) = run(&stereo(&silence, &speech(2, RATE, 20.0)));
    assert!(analysis.agent.dead);
    let kinds: Vec<_> = analysis
        .alerts
        .iter()
        .map(|a| (serde_json::to_value(a.kind).unwrap(), a.subject.as_str()))
        .collect();
    assert!(
        kinds.contains(&("one_way_audio".into(), "agent")),
        "{kinds:?}"
    );
}

#[test]
fn a_gated_microphone_is_told_as_gated_and_is_not_dead() {
    let mut agent = speech(1, RATE, 20.0);
    // A gate: zeros wherever the last 50 ms held no voice.
    let quiet = RATE as usize / 20;
    let mut since = quiet;
    for sample in &mut agent {
        since = if sample.abs() > 0.004 { 0 } else { since + 1 };
        if since >= quiet {
            *sample = 0.0;
        }
    }
    // Then the agent only listens.
    agent.extend(vec![0.0; 10 * RATE as usize]);
    let silence = vec![0.0; 20 * RATE as usize];
    let customer = [silence, speech(2, RATE, 10.0)].concat();
    let (analysis, _) = run(&stereo(&agent, &customer));
    assert!(analysis.agent.noise_gated && !analysis.agent.dead);
    assert!(analysis.agent.noise_dbov.is_none() && analysis.agent.snr_db.is_none());
    let agents = analysis
        .alerts
        .iter()
        .filter(|alert| alert.subject == "agent");
    assert_eq!(agents.count(), 0, "{:?}", analysis.alerts);
}

#[test]
fn limits_of_a_configuration_file_are_used() {
    let directory = tempfile::tempdir().unwrap();
    let (call, limits) = (
        directory.path().join("c.wav"),
        directory.path().join("l.toml"),
    );
    fs::write(
        &call,
        stereo(&speech(0, RATE, 10.0), &speech(8, RATE, 10.0)),
    )
    .unwrap();
    let alerts = |text: &str| {
        fs::write(&limits, text).unwrap();
        let limits = limits.to_str().unwrap();
        let run = sidetone(["analyze", "--json", call.to_str().unwrap(), "-c", limits]);
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        let report: Value = serde_json::from_str(&run.out).unwrap();
        report["alerts"].as_array().unwrap().len()
    };
    assert_eq!(alerts("[alerts.double_talk]\novertalk_s = 0.6\n"), 1);
    assert_eq!(alerts("[alerts.double_talk]\nenabled = false\n"), 0);
}

#[test]
fn the_report_to_read_says_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("call.wav");
    let silence = vec![0.0; 10 * RATE as usize];
    let agent = [speech(0, RATE, 10.0), silence].concat();
    fs::write(&path, stereo(&agent, &speech(8, RATE, 20.0))).unwrap();
    let run = sidetone(["analyze", path.to_str().unwrap()]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    for part in [
        "0:20.0, 16000 Hz, stereo (left = agent, right = customer)\n",
        "agent      customer\n",
        "active speech level",
        "Both speak for ",
        "Talking over each other:\n",
        "Alerts a live call would have raised:\n",
        "major one_way_audio: ",
    ] {
        assert!(run.out.contains(part), "{part:?} is not in\n{}", run.out);
    }
}

#[test]
fn frames_that_cannot_be_written_are_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("call.wav");
    fs::write(&path, mono(&speech(1, RATE, 1.0))).unwrap();
    for (csv, reason) in [
        (
            "/nowhere/frames.csv",
            "No such file or directory (os error 2)",
        ),
        ("/dev/full", "No space left on device (os error 28)"),
    ] {
        let run = sidetone(["analyze", path.to_str().unwrap(), "--frames", csv]);
        assert_eq!((run.status, run.out.as_str()), (1, ""));
        assert_eq!(
            run.err,
            format!(
                "sidetone: cannot write {csv}: {reason}; check the directory and its permissions\n"
            )
        );
    }
}
