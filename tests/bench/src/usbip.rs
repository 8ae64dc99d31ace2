//! The USB/IP wire format between the kernel's `vhci_hcd` and an emulated device: `USBIP_CMD_SUBMIT`,
//! `USBIP_CMD_UNLINK` and their replies (Linux `Documentation/usb/usbip_protocol.rst`, protocol 1.1.1).
//!
//! Promises: [`decode`] takes exactly one request off the front of a byte stream, or asks for more.
//! Fails: with a [`ProtocolError`] on a command or a length that no kernel sends; the connection is lost then.
//! Never: does I/O.

use thiserror::Error;

/// Every header has this length, requests and replies alike.
pub const HEADER_LEN: usize = 48;
/// More than any transfer this device's endpoints can be asked for.
const MAX_TRANSFER: u32 = 1 << 20;
const MAX_PACKETS: u32 = 1024;
/// The kernel's "not isochronous" since 5.10; older ones send 0.
const NOT_ISOCHRONOUS: u32 = u32::MAX;

/// `-EPIPE`: the endpoint stalls, which is how a device says "I do not do that".
pub const STALL: i32 = -32;
/// `-ECONNRESET`: the transfer was unlinked before it was done.
pub const UNLINKED: i32 = -104;

/// Which way data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Host to device.
    Out,
    /// Device to host.
    In,
}

/// One packet of an isochronous transfer, as asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsoPacket {
    /// Where it lies in the transfer's buffer.
    pub offset: u32,
    /// Bytes.
    pub length: u32,
}

/// A transfer to carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// Names the transfer in its reply.
    pub seq: u32,
    /// Which way.
    pub direction: Direction,
    /// Endpoint number without the direction bit.
    pub endpoint: u8,
    /// Bytes asked for, or sent.
    pub length: u32,
    /// The SETUP packet; zeros unless `endpoint` is 0.
    pub setup: [u8; 8],
    /// What was sent (empty for [`Direction::In`]).
    pub data: Vec<u8>,
    /// Packets; empty unless isochronous.
    pub packets: Vec<IsoPacket>,
}

/// What the kernel asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Carry out a transfer.
    Submit(Submit),
    /// Forget one.
    Unlink {
        /// Names this request in its reply.
        seq: u32,
        /// The transfer to forget.
        victim: u32,
    },
}

/// Why the stream cannot be read on.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ProtocolError {
    /// Neither SUBMIT nor UNLINK.
    #[error("USB/IP command {0:#x} is unknown; the connection is out of step")]
    Command(u32),
    /// A length beyond anything this device offers.
    #[error("a transfer of {bytes} bytes in {packets} packets is beyond this device")]
    TooLarge {
        /// Bytes asked for.
        bytes: u32,
        /// Packets asked for.
        packets: u32,
    },
}

/// Takes one request off the front of `stream`: the request and the bytes it took, or `None` if it is not
/// complete yet.
///
/// # Errors
/// [`ProtocolError`] if the stream is out of step.
pub fn decode(stream: &[u8]) -> Result<Option<(Request, usize)>, ProtocolError> {
    let Some(header) = stream.first_chunk::<HEADER_LEN>() else {
        return Ok(None);
    };
    let seq = word(header, 4);
    match word(header, 0) {
        1 => submit(header, seq, stream),
        2 => {
            let victim = word(header, 20);
            Ok(Some((Request::Unlink { seq, victim }, HEADER_LEN)))
        }
        other => Err(ProtocolError::Command(other)),
    }
}

fn submit(
    header: &[u8; HEADER_LEN],
    seq: u32,
    stream: &[u8],
) -> Result<Option<(Request, usize)>, ProtocolError> {
    let direction = if word(header, 12) == 0 {
        Direction::Out
    } else {
        Direction::In
    };
    let length = word(header, 24);
    let packets = match word(header, 32) {
        NOT_ISOCHRONOUS => 0,
        n => n,
    };
    if length > MAX_TRANSFER || packets > MAX_PACKETS {
        return Err(ProtocolError::TooLarge {
            bytes: length,
            packets,
        });
    }
    let sent = match direction {
        Direction::Out => length as usize,
        Direction::In => 0,
    };
    let end = HEADER_LEN + sent + 16 * packets as usize;
    let Some(body) = stream.get(HEADER_LEN..end) else {
        return Ok(None);
    };
    let (data, table) = body.split_at(sent);
    let mut setup = [0; 8];
    setup.copy_from_slice(&header[40..48]);
    let request = Submit {
        seq,
        direction,
        endpoint: (word(header, 16) & 0x0f) as u8,
        length,
        setup,
        data: data.to_vec(),
        packets: table
            .chunks_exact(16)
            .map(|entry| IsoPacket {
                offset: word(entry, 0),
                length: word(entry, 4),
            })
            .collect(),
    };
    Ok(Some((Request::Submit(request), end)))
}

/// Appends the reply to a control or interrupt transfer. `actual` is the number of bytes moved; `data` is
/// what the host reads (empty for [`Direction::Out`]).
pub fn reply(out: &mut Vec<u8>, seq: u32, status: i32, actual: u32, data: &[u8]) {
    header(out, 3, seq, [status as u32, actual, 0, 0, 0]);
    out.extend_from_slice(data);
}

/// Appends the reply to an isochronous transfer: `moved[i]` bytes were moved in packet `i`, without gaps in
/// `data`.
pub fn iso_reply(
    out: &mut Vec<u8>,
    request: &Submit,
    start_frame: u32,
    moved: &[u32],
    data: &[u8],
) {
    let total = moved.iter().sum();
    let count = request.packets.len() as u32;
    header(out, 3, request.seq, [0, total, start_frame, count, 0]);
    out.extend_from_slice(data);
    for (packet, moved) in request.packets.iter().zip(moved) {
        for value in [packet.offset, packet.length, *moved, 0] {
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

/// Appends the reply to an unlink: [`UNLINKED`] if the transfer was still waiting, 0 if it was already done.
pub fn unlink_reply(out: &mut Vec<u8>, seq: u32, status: i32) {
    header(out, 4, seq, [status as u32, 0, 0, 0, 0]);
}

fn header(out: &mut Vec<u8>, command: u32, seq: u32, body: [u32; 5]) {
    for value in [command, seq, 0, 0, 0].into_iter().chain(body) {
        out.extend_from_slice(&value.to_be_bytes());
    }
    out.extend_from_slice(&[0; 8]);
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |four| u32::from_be_bytes(*four))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_be_bytes()).collect()
    }

    fn iso_out() -> Vec<u8> {
        let mut bytes = words(&[1, 7, 0x10002, 0, 1, 2, 6, 0, 2, 1, 0, 0]);
        bytes.extend([1, 2, 3, 4, 5, 6]);
        bytes.extend(words(&[0, 4, 0, 0, 4, 2, 0, 0]));
        bytes
    }

    #[test]
    fn an_isochronous_transfer_is_read_whole_or_not_at_all() {
        let bytes = iso_out();
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), Ok(None), "cut at {cut}");
        }
        let mut more = bytes.clone();
        more.extend([9; 60]);
        let (request, used) = decode(&more).unwrap().unwrap();
        assert_eq!(used, bytes.len());
        let Request::Submit(submit) = request else {
            panic!("not a submit")
        };
        assert_eq!((submit.seq, submit.endpoint), (7, 1));
        assert_eq!(submit.direction, Direction::Out);
        assert_eq!(submit.data, [1, 2, 3, 4, 5, 6]);
        let lengths: Vec<_> = submit
            .packets
            .iter()
            .map(|p| (p.offset, p.length))
            .collect();
        assert_eq!(lengths, [(0, 4), (4, 2)]);
    }

    #[test]
    fn a_control_read_carries_its_setup_packet_and_no_data() {
        let mut bytes = words(&[1, 1, 0x10002, 1, 0, 0, 18, 0, u32::MAX, 0]);
        bytes.extend([0x80, 6, 0, 1, 0, 0, 18, 0]);
        let (request, used) = decode(&bytes).unwrap().unwrap();
        assert_eq!(used, HEADER_LEN);
        let Request::Submit(submit) = request else {
            panic!("not a submit")
        };
        assert_eq!(submit.setup, [0x80, 6, 0, 1, 0, 0, 18, 0]);
        assert!(submit.data.is_empty() && submit.packets.is_empty());
    }

    #[test]
    fn unlink_names_its_victim() {
        let bytes = words(&[2, 9, 0x10002, 0, 0, 7, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            decode(&bytes),
            Ok(Some((Request::Unlink { seq: 9, victim: 7 }, HEADER_LEN)))
        );
    }

    #[test]
    fn nonsense_is_refused_before_memory_is_taken_for_it() {
        let command = words(&[3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(decode(&command), Err(ProtocolError::Command(3)));
        let huge = words(&[1, 9, 0, 0, 1, 0, u32::MAX, 0, 0, 0, 0, 0]);
        assert!(matches!(decode(&huge), Err(ProtocolError::TooLarge { .. })));
    }

    #[test]
    fn an_isochronous_reply_packs_the_data_and_repeats_the_table() {
        let (request, _) = decode(&iso_out()).unwrap().unwrap();
        let Request::Submit(submit) = request else {
            panic!("not a submit")
        };
        let mut out = Vec::new();
        iso_reply(&mut out, &submit, 5, &[4, 1], &[10, 11, 12, 13, 14]);
        assert_eq!(out.len(), HEADER_LEN + 5 + 32);
        assert_eq!(word(&out, 20), 0, "status");
        assert_eq!(word(&out, 24), 5, "actual length");
        assert_eq!(word(&out, 28), 5, "start frame");
        assert_eq!(word(&out, 32), 2, "packets");
        assert_eq!(&out[HEADER_LEN + 5..], words(&[0, 4, 4, 0, 4, 2, 1, 0]));
    }
}
