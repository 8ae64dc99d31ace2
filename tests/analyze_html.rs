//! The page of `sidetone analyze --html`, read by an XML parser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/png.rs"]
mod png;
mod support;
#[path = "support/wav.rs"]
mod wav;

use png::points;
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;
use sidetone::alerts::config::AlertConfig;
use sidetone::analyze::html::{Call, Curves, Pictures, page};
use sidetone::analyze::wav::WavFile;
use sidetone::analyze::{AlertReport, FrameRow, OvertalkReport, analyze};
use sidetone_wire::vocabulary::{AlertKind, Fault, OvertalkParty, Side};
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use support::sidetone;
use tempfile::TempDir;
use wav::{Wav, speech};

const RATE: u32 = 16_000;

fn pcm(channels: u16, samples: impl Iterator<Item = f32>) -> Vec<u8> {
    let bytes = samples.flat_map(|x| ((x * 32_768.0).round() as i16).to_le_bytes());
    Wav::pcm16(RATE, channels, bytes.collect()).bytes()
}

fn stereo(agent: &[f32], customer: &[f32]) -> Vec<u8> {
    pcm(2, agent.iter().zip(customer).flat_map(|(a, c)| [*a, *c]))
}

/// Two voices; a hum under the agent's, holes in the customer's.
fn faulty(seconds: f64) -> Vec<u8> {
    let hum = |i: usize| 0.005 * (std::f32::consts::TAU * 50.0 * i as f32 / RATE as f32).sin();
    let agent: Vec<f32> = speech(0, RATE, seconds)
        .iter()
        .enumerate()
        .map(|(i, x)| x + hum(i))
        .collect();
    let mut customer = speech(8, RATE, seconds);
    for hole in (21_000..customer.len()).step_by(21_000) {
        let end = (hole + 800).min(customer.len());
        customer[hole..end].fill(0.0);
    }
    stereo(&agent, &customer)
}

fn document(page: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(page, options).expect("the page is well-formed")
}

fn text(node: Node<'_, '_>) -> String {
    let parts = node.descendants().filter(Node::is_text);
    parts.filter_map(|part| part.text()).collect()
}

/// A folder with a recording, and the page of it.
struct Made {
    folder: TempDir,
    json: Value,
    page: String,
}

fn made(name: &str, recording: Vec<u8>) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at(name), recording).unwrap();
    let run = sidetone([
        "analyze".as_ref(),
        at(name).as_os_str(),
        "--json".as_ref(),
        "--html".as_ref(),
        at("page.html").as_os_str(),
        "--frames".as_ref(),
        at("frames.csv").as_os_str(),
    ]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let mut files: Vec<PathBuf> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut wanted = vec![at("frames.csv"), at("page.html"), at(name)];
    wanted.sort();
    assert_eq!(files, wanted, "nothing else is left");
    Made {
        json: serde_json::from_str(&run.out).unwrap(),
        page: fs::read_to_string(at("page.html")).unwrap(),
        folder,
    }
}

fn values(node: Node<'_, '_>) -> Vec<f64> {
    let data = node.descendants().filter(|node| node.has_tag_name("data"));
    data.map(|data| data.attribute("value").unwrap().parse().unwrap())
        .collect()
}

#[test]
fn the_figures_are_those_of_the_json_report_to_the_digit() {
    let made = made("call.wav", faulty(24.0));
    let document = document(&made.page);
    let table = document
        .descendants()
        .find(|node| node.has_tag_name("table") && node.attribute("class") == Some("figures"))
        .unwrap();
    let row = |name: &str| {
        let named = |row: &Node<'_, '_>| {
            let head = row.children().find(|node| node.has_tag_name("th"));
            row.has_tag_name("tr") && head.is_some_and(|head| text(head) == name)
        };
        table.descendants().find(named).unwrap()
    };
    let mut known = 0;
    for (name, keys) in [
        ("Speech level", &["active_speech_level_dbov"][..]),
        ("Active", &["activity"]),
        ("Level", &["rms_dbov"]),
        ("Peak", &["peak_dbov"]),
        ("Noise", &["noise_dbov"]),
        ("Noise, as heard", &["noise_dbov_a"]),
        ("Signal to noise", &["snr_db"]),
        ("Hum", &["hum_hz", "hum_dbov"]),
        ("Clipped", &["clipped_ratio"]),
        ("Dropouts", &["dropouts", "dropout_s"]),
        ("Crackles", &["crackle_per_min"]),
        ("DC offset", &["dc_offset"]),
    ] {
        let cells: Vec<_> = row(name)
            .children()
            .filter(|node| node.has_tag_name("td"))
            .collect();
        for (cell, side) in cells.iter().zip(["agent", "customer"]) {
            let figures: Vec<f64> = keys
                .iter()
                .filter_map(|key| made.json[side][key].as_f64())
                .collect();
            assert_eq!(values(*cell), figures, "{name} of the {side}");
            known += figures.len();
        }
    }
    assert!(known > 24, "{known}");
    let all = values(document.root());
    let json = &made.json;
    let mut wanted = vec![
        json["duration_s"].as_f64(),
        json["sample_rate"].as_f64(),
        json["silence_ratio"].as_f64(),
        json["double_talk"]["seconds"].as_f64(),
        json["double_talk"]["ratio"].as_f64(),
    ];
    let lists = [&json["alerts"], &json["double_talk"]["overtalk"]];
    for one in lists.iter().flat_map(|list| list.as_array().unwrap()) {
        wanted.extend([one["start_s"].as_f64(), one["end_s"].as_f64()]);
    }
    assert!(wanted.len() > 9, "alerts and overtalks: {json}");
    for figure in wanted {
        assert!(all.contains(&figure.unwrap()), "{figure:?}");
    }
    for alert in json["alerts"].as_array().unwrap() {
        let said = alert["text"].as_str().unwrap();
        assert!(text(document.root()).contains(said), "{said}");
    }
}

#[test]
fn the_course_of_the_call_is_that_of_the_frames() {
    let made = made("call.wav", faulty(12.0));
    let csv = fs::read_to_string(made.folder.path().join("frames.csv")).unwrap();
    let levels: Vec<f64> = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap().parse().unwrap())
        .collect();
    let document = document(&made.page);
    let rows: Vec<Vec<String>> = document
        .descendants()
        .filter(|node| node.has_tag_name("tr"))
        .map(|row| row.children().map(text).collect())
        .filter(|cells: &Vec<String>| cells.get(1).is_some_and(|side| side == "Agent"))
        .filter(|cells| cells.len() == 7)
        .collect();
    let steps = rows.iter().filter(|cells| cells[0] != "From");
    let mut count = 0;
    for (second, cells) in steps.enumerate() {
        let within = &levels[second * 100..second * 100 + 100];
        let low = within.iter().copied().fold(0.0, f64::min);
        let high = within.iter().copied().fold(-100.0, f64::max);
        let said: Vec<f64> = cells[3]
            .split(" / ")
            .map(|figure| figure.replace('−', "-").parse().unwrap())
            .collect();
        assert!((said[0] - low).abs() < 0.06, "{cells:?} and {low}");
        assert!((said[2] - high).abs() < 0.06, "{cells:?} and {high}");
        assert!(said[0] < said[1] && said[1] < said[2], "{cells:?}");
        count += 1;
    }
    assert_eq!(count, 12);
}

#[test]
fn faults_alerts_and_overtalks_are_marked_where_they_are() {
    let made = made("call.wav", faulty(24.0));
    let document = document(&made.page);
    let hints: Vec<String> = document
        .descendants()
        .filter(|node| node.has_tag_name("title") && node.parent_element().is_some())
        .map(text)
        .collect();
    let has = |part: &str| hints.iter().any(|hint| hint.contains(part));
    for part in [
        "hum of 50.0 Hz",
        "dropout",
        "Agent speaks",
        "Customer speaks",
        "Major: Hum",
    ] {
        assert!(has(part), "{part:?} is not in {hints:#?}");
    }
    let dropped: u64 = hints
        .iter()
        .filter_map(|hint| hint.split_once(": ")?.1.split_once(" dropout"))
        .map(|(count, _)| count.parse::<u64>().unwrap())
        .sum();
    assert_eq!(Some(dropped), made.json["customer"]["dropouts"].as_u64());
    let drawings = document
        .descendants()
        .filter(|node| node.attribute("role") == Some("img"));
    for drawing in drawings {
        assert!(drawing.attribute("aria-label").unwrap().len() > 20);
    }
}

#[test]
fn the_page_needs_nothing_and_runs_nothing_whatever_the_file_is_called() {
    let name = "<img src=x onerror=alert(1)>\"'&lt;\u{202e}]]>.wav";
    let made = made(name, stereo(&speech(1, RATE, 2.0), &speech(2, RATE, 2.0)));
    let document = document(&made.page);
    for outside in [
        "http:", "https:", "src=", "url(", "@import", "<script", "<link",
    ] {
        let page = made.page.replace("&lt;img src=x", "");
        let page = page.replace("src=\"data:image/png;base64,", "");
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!made.page.contains('\u{202e}'));
    for node in document.descendants().filter(Node::is_element) {
        let harmless = |name: &str| !name.starts_with("on") && name != "href";
        assert!(node.attributes().all(|a| harmless(a.name())), "{node:?}");
    }
    let titles = document
        .descendants()
        .find(|node| node.has_tag_name("title"));
    let shown = name.replace('\u{202e}', "\u{fffd}");
    assert_eq!(text(titles.unwrap()), format!("Call report: {shown}"));
}

#[test]
fn each_fault_has_a_picture_of_its_sound_where_it_is() {
    let made = made("call.wav", faulty(24.0));
    let document = document(&made.page);
    let images: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("img"))
        .collect();
    let of = |fault: &str| {
        let about = |image: &&Node<'_, '_>| image.attribute("alt").unwrap().contains(fault);
        images
            .iter()
            .find(about)
            .unwrap_or_else(|| panic!("no picture of {fault}"))
    };
    let hum = of("Hum on the agent's microphone");
    let dropouts = of("Dropouts on the line from the customer");
    assert!(
        hum.attribute("alt")
            .unwrap()
            .contains("never stop are the hum")
    );

    // 50 Hz of 500 in 64 rows: a line from the left to the right, and nothing between it and the next one.
    let shades = points(hum.attribute("src").unwrap());
    assert_eq!((shades.len(), shades[0].len()), (64, 200));
    let mean = |row: &Vec<u8>| row.iter().map(|s| u32::from(*s)).sum::<u32>() / 200;
    assert!(mean(&shades[57]) > mean(&shades[54]) + 4, "{shades:?}");
    assert!(
        shades[57].iter().all(|shade| *shade > 5),
        "{:?}",
        shades[57]
    );

    // A hole of 50 ms each 1.3 s: two or three in a picture, three columns each, and the voice beside them.
    let shades = points(dropouts.attribute("src").unwrap());
    let dark: Vec<bool> = (0..200)
        .map(|column| shades.iter().all(|row| row[column] == 0))
        .collect();
    let holes = dark.windows(2).filter(|pair| pair[0] && !pair[1]).count();
    assert!((2..=4).contains(&holes), "{holes} holes: {dark:?}");
    let brightest = shades.iter().flatten().max().copied();
    assert_eq!(brightest, Some(15));
    // There is no picture of what is none of one side's sound.
    assert!(
        images
            .iter()
            .all(|image| !image.attribute("alt").unwrap().contains("Talking"))
    );
}

#[test]
fn a_mono_file_says_why_there_is_no_customer() {
    let made = made("mono.wav", pcm(1, speech(1, RATE, 5.0).into_iter()));
    let text = text(document(&made.page).root());
    assert!(text.contains("not measureda mono file holds one side"));
    assert!(text.contains("the customer is not in the recording"));
    assert!(!text.contains("Level of the customer"));
}

#[test]
fn short_and_silent_files_have_a_page() {
    let silence = |seconds: f64| vec![0.0; (seconds * f64::from(RATE)) as usize];
    for (recording, says) in [
        (
            stereo(&speech(1, RATE, 1.0), &speech(2, RATE, 1.0)),
            "1.0 s; ",
        ),
        (
            stereo(&silence(8.0), &silence(8.0)),
            "the agent spoke 0 % of the time",
        ),
        (pcm(1, silence(0.005).into_iter()), "0.0 s; "),
    ] {
        let made = made("call.wav", recording);
        let text = text(document(&made.page).root());
        assert!(text.contains(says), "{says:?} is not in {text}");
        assert!(!text.contains("-0.0 s"), "{text}");
        assert!(!made.page.contains("NaN") && !made.page.contains("inf\""));
    }
}

#[test]
fn a_page_that_cannot_be_written_is_one_sentence_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("call.wav");
    let bytes = pcm(1, speech(1, RATE, 1.0).into_iter());
    fs::write(&recording, &bytes).unwrap();
    let inside = folder.path().to_str().unwrap();
    for (page, reason) in [
        (
            "/nowhere/page.html",
            "No such file or directory (os error 2)",
        ),
        ("/dev/full", "No space left on device (os error 28)"),
        (inside, "is a directory"),
    ] {
        let run = sidetone(["analyze", recording.to_str().unwrap(), "--html", page]);
        assert_eq!((run.status, run.out.as_str()), (1, ""));
        assert_eq!(
            run.err,
            format!(
                "sidetone: cannot write {page}: {reason}; check the directory and its permissions\n"
            )
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let same = recording.to_str().unwrap();
    for option in ["--html", "--frames"] {
        let run = sidetone(["analyze", same, option, same]);
        assert_eq!((run.status, run.out.as_str()), (1, ""));
        assert_eq!(
            run.err,
            format!("sidetone: {same} is the recording; name another file to write to\n")
        );
        assert_eq!(fs::read(&recording).unwrap(), bytes);
    }
}

#[test]
fn two_hours_are_a_page_that_can_be_mailed() {
    let bytes = faulty(24.0);
    let limits = AlertConfig::default();
    let mut rows: Vec<FrameRow> = Vec::new();
    let mut analysis = analyze(WavFile::new(Cursor::new(&bytes)).unwrap(), &limits, |row| {
        rows.push(*row);
        Ok(())
    })
    .unwrap();
    // A file of two hours that takes no room, for the columns; the frames of a short call, again
    // and again, and as many turns and overtalks as people can have in that time.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    let data = 2 * 3_600 * RATE * 4;
    let mut header = Wav::pcm16(RATE, 2, Vec::new());
    header.announced = Some(data);
    let head = header.bytes();
    fs::write(&path, &head).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(head.len() as u64 + u64::from(data)).unwrap();
    let mut curves = Curves::of(&WavFile::open(&path).unwrap());
    for frame in 0..720_000_u64 {
        let row = rows[frame as usize % rows.len()];
        curves.push(&FrameRow { frame, ..row });
    }
    analysis.duration_s = 7_200.0;
    let turns = |offset: f64| (0..2_400).map(move |n| f64::from(n) * 3.0 + offset);
    analysis.speech.agent = turns(0.0).map(|t| [t, t + 1.6]).collect();
    analysis.speech.customer = Some(turns(1.5).map(|t| [t, t + 1.4]).collect());
    analysis.double_talk.as_mut().unwrap().overtalk = (0..600)
        .map(|n| OvertalkReport {
            start_s: f64::from(n) * 12.0,
            end_s: f64::from(n) * 12.0 + 1.1,
            floor: OvertalkParty::Agent,
            interrupter: OvertalkParty::Customer,
        })
        .collect();
    // As many kinds of findings as have a picture each, and more.
    let alert = analysis.alerts[0].clone();
    let faults = [
        Fault::Hum,
        Fault::Hiss,
        Fault::Crackle,
        Fault::Dropouts,
        Fault::Clipping,
    ];
    let kinds = [
        AlertKind::NoisyEnvironment,
        AlertKind::LowLevel,
        AlertKind::OneWayAudio,
    ];
    let line = faults.map(|fault| (AlertKind::LineNoise, Some(fault)));
    let other = kinds.map(|kind| (kind, None));
    let about = line.into_iter().chain(other);
    let sides = [Side::Agent, Side::Customer];
    let both = about.flat_map(|one| sides.map(|side| (one, side)));
    analysis.alerts = (0..100)
        .zip(both.cycle())
        .map(|(n, ((kind, fault), side))| AlertReport {
            kind,
            fault,
            side: Some(side),
            start_s: f64::from(n) * 0.2,
            end_s: f64::from(n) * 0.2 + 3.0,
            ..alert.clone()
        })
        .collect();
    let again = WavFile::new(Cursor::new(&bytes)).unwrap();
    let pictures = Pictures::of(again, &analysis, &curves).unwrap();
    let page = page(&Call {
        file: "long.wav",
        analysis: &analysis,
        curves: &curves,
        pictures: &pictures,
        limits: &limits,
    });
    let pictures = document(&page)
        .descendants()
        .filter(|node| node.has_tag_name("img"))
        .count();
    assert_eq!(pictures, 10);
    assert!(
        page.contains("h1>2 h; the agent spoke 53 % of the time"),
        "{}",
        &page[..9_000]
    );
    assert!(page.len() < 500_000, "{} bytes", page.len());
}
