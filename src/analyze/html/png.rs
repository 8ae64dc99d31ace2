//! A small picture of few colours as PNG (W3C PNG, third edition): four bits a point, a palette, and the points run
//! together where they are alike (RFC 1951 with fixed codes and distance 1), so that no library is needed.

/// Colours of a palette: red, green, blue.
pub(super) type Palette = [[u8; 3]; 16];

/// The file. `points` are places in the palette, by row, the upper one first.
pub(super) fn write(width: usize, points: &[u8], palette: &Palette) -> Vec<u8> {
    let mut rows = Vec::with_capacity(points.len() / 2 + points.len() / width.max(1));
    for row in points.chunks(width.max(1)) {
        // No filter: of few colours it makes more of them.
        rows.push(0);
        for pair in row.chunks(2) {
            rows.push(pair[0] << 4 | pair.get(1).copied().unwrap_or(0));
        }
    }
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut header = Vec::new();
    header.extend(side(width));
    header.extend(side(points.len() / width.max(1)));
    // Four bits, a palette; compressed, filtered and laid out in the only or plainest way.
    header.extend([4, 3, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"PLTE", palette.as_flattened());
    chunk(&mut file, b"IDAT", &zlib(&rows));
    chunk(&mut file, b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    file.extend(length.to_be_bytes());
    let start = file.len();
    file.extend(kind);
    file.extend(content);
    let checksum = crc32fast::hash(&file[start..]);
    file.extend(checksum.to_be_bytes());
}

/// RFC 1950.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = Bits {
        bytes: vec![0x78, 0x01],
        waiting: 0,
        count: 0,
    };
    // The last block, with fixed codes.
    out.put(1, 1);
    out.put(1, 2);
    let mut at = 0;
    while at < bytes.len() {
        let same = |n: &usize| bytes[*n] == bytes[at];
        let run = (at..bytes.len()).take_while(same).count();
        out.literal(bytes[at].into());
        at += 1;
        let mut left = run - 1;
        while left >= SHORTEST {
            let length = left.min(LONGEST);
            out.repeat(length);
            at += length;
            left -= length;
        }
    }
    out.literal(256);
    let mut file = out.finish();
    file.extend(adler32(bytes).to_be_bytes());
    file
}

/// Lengths of a repetition that have a code here; 258 has one of its own and is not used.
const SHORTEST: usize = 3;
const LONGEST: usize = 257;

/// Shortest length and extra bits of the length codes from 257 on (RFC 1951 §3.2.5).
const LENGTHS: [(usize, u32); 28] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
];

/// Bits as RFC 1951 packs them.
struct Bits {
    bytes: Vec<u8>,
    waiting: u32,
    count: u32,
}

impl Bits {
    /// The lowest bits first.
    fn put(&mut self, bits: u32, count: u32) {
        self.waiting |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.waiting.to_le_bytes()[0]);
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    /// A code: its highest bit first.
    fn code(&mut self, code: u32, count: u32) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }

    /// A byte, or one of the signs beyond (RFC 1951 §3.2.6).
    fn literal(&mut self, sign: u32) {
        match sign {
            0..=143 => self.code(0x30 + sign, 8),
            144..=255 => self.code(0x190 + sign - 144, 9),
            256..=279 => self.code(sign - 256, 7),
            _ => self.code(0xc0 + sign - 280, 8),
        }
    }

    /// The byte before, so often again.
    fn repeat(&mut self, length: usize) {
        let which = LENGTHS.partition_point(|(least, _)| *least <= length) - 1;
        let (least, extra) = LENGTHS[which];
        self.literal(257 + u32::try_from(which).unwrap_or(0));
        self.put(u32::try_from(length - least).unwrap_or(0), extra);
        // Distance 1.
        self.code(0, 5);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
        self.bytes
    }
}

/// RFC 1950 §8.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b << 16 | a
}
