//! The points of a picture in a page, read by Python's zlib.

use std::io::Write;
use std::process::{Command, Stdio};

/// The points of a picture by row: places in its palette.
pub(crate) fn points(source: &str) -> Vec<Vec<u8>> {
    let read = "import base64,struct,sys,zlib
b=base64.b64decode(sys.stdin.read(),validate=True)
assert b[:8]==b'\\x89PNG\\r\\n\\x1a\\n'
at,chunks=8,{}
while at<len(b):
    n,=struct.unpack('>I',b[at:at+4])
    k,body=b[at+4:at+8],b[at+8:at+8+n]
    crc,=struct.unpack('>I',b[at+8+n:at+12+n])
    assert zlib.crc32(k+body)==crc
    chunks[k]=body
    at+=12+n
w,h,depth,kind,*rest=struct.unpack('>IIBBBBB',chunks[b'IHDR'])
assert (depth,kind,rest)==(4,3,[0,0,0]) and len(chunks[b'PLTE'])==48
raw=zlib.decompress(chunks[b'IDAT'])
stride=(w+1)//2+1
assert len(raw)==h*stride
for y in range(h):
    row=raw[y*stride:(y+1)*stride]
    assert row[0]==0
    print(row[1:].hex())
";
    let encoded = source.strip_prefix("data:image/png;base64,").unwrap();
    let mut python = Command::new("python3")
        .args(["-c", read])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = python.stdin.take().unwrap();
    to.write_all(encoded.as_bytes()).unwrap();
    drop(to);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let rows = String::from_utf8(output.stdout).unwrap();
    let shade = |c: char| c.to_digit(16).unwrap() as u8;
    rows.lines()
        .map(|row| row.chars().map(shade).collect())
        .collect()
}
