use super::super::line::tests::record;
use super::super::stands::id_of;
use super::*;
use crate::uplink::outbox::Rank;
use crate::uplink::outgoing::Outgoing;
use proptest::prelude::*;
use sidetone_wire::MessageClass as Class;
use std::collections::BTreeSet;
use uuid::Uuid;

fn id(seq: u64) -> Id {
    Id { boot: 1, seq }
}

fn put(seq: u64) -> Line {
    Line::Put(record(seq, "t", Class::Event))
}

fn seqs(left: &LeftBehind) -> Vec<u64> {
    left.records.keys().map(|id| id.seq).collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "log"))
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_not_done_is_found_again_and_one_process_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let (mut segments, left) = Segments::open(directory.path()).unwrap();
    assert_eq!(seqs(&left), [] as [u64; 0]);
    segments.append(&[put(1), put(2), put(3)]).unwrap();
    segments
        .append(&[Line::Done(vec![id(2)]), Line::Lost(4)])
        .unwrap();
    let second = Segments::open(directory.path()).unwrap_err();
    assert_eq!(second.kind(), io::ErrorKind::WouldBlock);
    drop(segments);
    let (segments, left) = Segments::open(directory.path()).unwrap();
    assert_eq!((seqs(&left), left.lost, left.damaged), (vec![1, 3], 4, 0));
    let payload = segments.load(id(3)).unwrap().into_message().payload;
    assert_eq!(payload, record(3, "t", Class::Event).into_message().payload);
    assert!(segments.load(id(2)).is_err());
}

#[test]
fn files_go_with_what_is_in_them_and_one_stuck_record_keeps_no_others() {
    let directory = tempfile::tempdir().unwrap();
    let (mut segments, _) = Segments::open(directory.path()).unwrap();
    for n in 1..20_000 {
        segments.append(&[put(n)]).unwrap();
        if n != 5 {
            segments.append(&[Line::Done(vec![id(n)])]).unwrap();
        }
    }
    let bytes: u64 = files(directory.path())
        .iter()
        .map(|f| f.metadata().unwrap().len())
        .sum();
    assert!(
        bytes <= SLACK_BYTES + 2 * SEGMENT_BYTES,
        "{bytes} bytes are kept"
    );
    drop(segments);
    let (_, left) = Segments::open(directory.path()).unwrap();
    assert_eq!(seqs(&left), [5]);
}

/// A record about the alert `id`.
fn alert(seq: u64, topic: &str, class: Class, id: u128) -> Line {
    let message = Outgoing {
        topic: topic.to_owned(),
        payload: format!("{{\"id\":\"{}\",\"seq\":{seq}}}", Uuid::from_u128(id)).into_bytes(),
        properties: Vec::new(),
        class,
        superseded: false,
    };
    let record = Record::new(Id { boot: 1, seq }, Rank::Raised, 5, &message);
    Line::Put(record.unwrap())
}

/// An event about the call `call`.
fn of_call(seq: u64, event: &str, call: u128) -> Line {
    let message = Outgoing {
        topic: format!("sidetone/v1/acme/node/ws-1/event/{event}"),
        payload: format!("{{\"call\":\"{}\",\"ts\":{seq}}}", Uuid::from_u128(call)).into_bytes(),
        properties: Vec::new(),
        class: Class::Event,
        superseded: false,
    };
    let record = Record::new(Id { boot: 1, seq }, Rank::Event, 5 + seq, &message);
    Line::Put(record.unwrap())
}

#[test]
fn calls_are_open_until_their_end_whatever_became_of_their_records() {
    let directory = tempfile::tempdir().unwrap();
    let (mut segments, left) = Segments::open(directory.path()).unwrap();
    assert!(left.calls.is_empty());
    let told = [
        of_call(1, "call.started", 1),
        of_call(2, "call.started", 2),
        of_call(3, "call.held", 1),
        of_call(4, "call.ended", 2),
        of_call(5, "call.started", 3),
        of_call(6, "hook.off", 3),
    ];
    segments.append(&told).unwrap();
    segments
        .append(&[Line::Done((1..=6).map(id).collect())])
        .unwrap();
    // So many files later nothing is left of these records.
    for n in 7..20_000 {
        segments.append(&[put(n), Line::Done(vec![id(n)])]).unwrap();
    }
    drop(segments);
    let open = |left: &LeftBehind| -> Vec<String> {
        let open = left.calls.iter();
        open.map(|call| call.get().to_owned()).collect()
    };
    let (mut segments, left) = Segments::open(directory.path()).unwrap();
    let began =
        |call: u128, ts: u64| format!("{{\"call\":\"{}\",\"ts\":{ts}}}", Uuid::from_u128(call));
    assert_eq!(open(&left), [began(1, 1), began(3, 5)]);
    segments
        .append(&[of_call(20_001, "call.ended", 1)])
        .unwrap();
    drop(segments);
    let (_, left) = Segments::open(directory.path()).unwrap();
    assert_eq!(open(&left), [began(3, 5)]);
    assert_eq!(left.newest, 20_006);
}

#[test]
fn alerts_stand_until_their_end_whatever_became_of_their_records() {
    let directory = tempfile::tempdir().unwrap();
    let (mut segments, _) = Segments::open(directory.path()).unwrap();
    segments
        .append(&[
            alert(1, "n/alert/a", Class::AlertActive, 1),
            alert(2, "n/alert/b", Class::AlertActive, 2),
            alert(3, "n/alert/b", Class::AlertCleared, 2),
            alert(4, "n/event/alert.cleared", Class::Event, 2),
            alert(5, "n/alert/c", Class::AlertActive, 3),
            // Its state is told, and the process ends before its event is.
            alert(6, "n/alert/c", Class::AlertCleared, 3),
        ])
        .unwrap();
    let done = [1, 3, 4, 5, 6].map(id).to_vec();
    segments.append(&[Line::Done(done)]).unwrap();
    // Record 2, an old state of `b`, is written anew now and then; it must not make `b` stand again.
    for n in 10..20_000 {
        segments.append(&[put(n), Line::Done(vec![id(n)])]).unwrap();
    }
    drop(segments);
    let (_, left) = Segments::open(directory.path()).unwrap();
    assert_eq!(seqs(&left), [2]);
    let standing: Vec<_> = left.standing.iter().map(|state| id_of(state)).collect();
    assert_eq!(standing, [1, 3].map(|id| Some(Uuid::from_u128(id))));
}

#[test]
fn a_file_that_is_no_outbox_is_survived() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("0000000003.log"), vec![0xff; 100_000]).unwrap();
    std::fs::create_dir(directory.path().join("0000000004.log")).unwrap();
    std::fs::write(directory.path().join("x.log"), "").unwrap();
    let (mut segments, left) = Segments::open(directory.path()).unwrap();
    assert_eq!((seqs(&left), left.damaged), (vec![], 1));
    segments.append(&[put(1)]).unwrap();
    drop(segments);
    assert_eq!(seqs(&Segments::open(directory.path()).unwrap().1), [1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A cut or garbled file loses no record but those it hits.
    #[test]
    fn whole_records_are_recovered_whatever_happened_to_the_file(
        steps in prop::collection::vec((1..4_u64, prop::collection::vec(1..60_u64, 0..3)), 1..30),
        cut in 0.0..1.0_f64,
        garbled in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 0..4),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let (mut segments, _) = Segments::open(directory.path()).unwrap();
        let mut next = 1;
        for (new, done) in &steps {
            let mut lines: Vec<Line> = (next..next + new).map(put).collect();
            next += new;
            lines.push(Line::Done(done.iter().filter(|n| **n < next).map(|n| id(*n)).collect()));
            segments.append(&lines).unwrap();
        }
        drop(segments);
        let file = files(directory.path()).pop().unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.truncate((bytes.len() as f64 * (0.5 + cut / 2.0)) as usize);
        for (at, with) in &garbled {
            let at = (bytes.len() as f64 * at) as usize;
            if let Some(byte) = bytes.get_mut(at) {
                *byte = *with;
            }
        }
        std::fs::write(&file, &bytes).unwrap();
        // The truth: every whole line, in order.
        let mut expected = BTreeSet::new();
        for line in bytes.split_inclusive(|b| *b == b'\n').filter_map(|l| l.strip_suffix(b"\n")) {
            match Line::read(line) {
                Ok(Line::Put(record)) => { expected.insert(record.id.seq); }
                Ok(Line::Done(ids)) => for id in ids { expected.remove(&id.seq); },
                _ => {}
            }
        }
        let (segments, left) = Segments::open(directory.path()).unwrap();
        prop_assert_eq!(seqs(&left), expected.into_iter().collect::<Vec<_>>());
        for id in left.records.keys() {
            prop_assert!(segments.load(*id).is_ok());
        }
    }
}
