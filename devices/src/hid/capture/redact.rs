//! What must not leave with a capture: serial numbers and texts that devices put into vendor reports
//! (names of paired telephones, callers, serials in answers to another program's questions).

/// Text shorter than this is taken for numbers.
const SHORTEST_TEXT: usize = 6;
/// A serial shorter than this would be found everywhere.
const SHORTEST_SERIAL: usize = 4;
/// What stands in place of each byte that was taken out.
const BLANK: u8 = b'*';

/// Blanks out the serial number, and every run of text of six characters or more, plain or as UTF-16, in a
/// report. Tells how many bytes that were.
pub fn redact(report: &mut [u8], serial: Option<&str>) -> usize {
    let mut private = vec![false; report.len()];
    if let Some(serial) = serial.filter(|serial| serial.len() >= SHORTEST_SERIAL) {
        mark(report, serial.as_bytes(), &mut private);
        let wide: Vec<u8> = serial.encode_utf16().flat_map(u16::to_le_bytes).collect();
        mark(report, &wide, &mut private);
    }
    mark_text(report, 1, &mut private);
    mark_text(report, 2, &mut private);
    let mut blanked = 0;
    for (byte, private) in report.iter_mut().zip(private) {
        if private {
            *byte = BLANK;
            blanked += 1;
        }
    }
    blanked
}

fn mark(report: &[u8], wanted: &[u8], private: &mut [bool]) {
    for (start, window) in report.windows(wanted.len()).enumerate() {
        if window == wanted {
            private
                .iter_mut()
                .skip(start)
                .take(wanted.len())
                .for_each(|byte| *byte = true);
        }
    }
}

/// Marks runs of printable characters that take `width` bytes each, the further ones zero.
fn mark_text(report: &[u8], width: usize, private: &mut [bool]) {
    for first in 0..width {
        let mut start = first;
        let mut length = 0;
        let ends = report.len() + width;
        for at in (first..ends).step_by(width) {
            let text = report.get(at..at + width).is_some_and(|unit| {
                unit.first()
                    .is_some_and(|byte| (b' '..=b'~').contains(byte))
                    && unit.iter().skip(1).all(|byte| *byte == 0)
            });
            if text {
                if length == 0 {
                    start = at;
                }
                length += 1;
                continue;
            }
            if length >= SHORTEST_TEXT && varied(report, start, length, width) {
                private
                    .iter_mut()
                    .skip(start)
                    .take(length * width)
                    .for_each(|byte| *byte = true);
            }
            length = 0;
        }
    }
}

/// A run of one and the same value is filling, not text.
fn varied(report: &[u8], start: usize, length: usize, width: usize) -> bool {
    let mut units = report.iter().skip(start).step_by(width).take(length);
    let first = units.next();
    units.any(|byte| Some(byte) != first)
}
