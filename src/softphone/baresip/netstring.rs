//! Netstrings: how baresip's control channel marks where a message ends (`LENGTH:BYTES,`).

/// baresip's own limit is 64 KiB; what claims to be longer is not a message.
const LONGEST: usize = 1 << 20;

/// What arrives is not a netstring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a netstring; is another service on this port?")]
pub(super) struct NotNetstring;

/// `body` as a netstring.
pub(super) fn encode(body: &[u8]) -> Vec<u8> {
    let mut out = format!("{}:", body.len()).into_bytes();
    out.extend_from_slice(body);
    out.push(b',');
    out
}

/// Takes the first whole netstring out of `buffer`; `None` if more bytes are needed.
pub(super) fn take(buffer: &mut Vec<u8>) -> Result<Option<Vec<u8>>, NotNetstring> {
    let digits = buffer.iter().take_while(|b| b.is_ascii_digit()).count();
    match buffer.get(digits) {
        None if digits <= 7 => return Ok(None),
        Some(b':') if (1..=7).contains(&digits) => {}
        _ => return Err(NotNetstring),
    }
    let length: usize = std::str::from_utf8(&buffer[..digits])
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|length| *length <= LONGEST)
        .ok_or(NotNetstring)?;
    let start = digits + 1;
    match buffer.get(start + length) {
        None => Ok(None),
        Some(b',') => {
            let body = buffer[start..start + length].to_vec();
            buffer.drain(..=start + length);
            Ok(Some(body))
        }
        Some(_) => Err(NotNetstring),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn another_protocol_is_noticed_at_its_first_bytes() {
        for foreign in [
            "HTTP/1.1 400",
            "\0\0\0\x0c",
            "99999999:",
            "2:abc",
            ":,",
            "8388608:",
        ] {
            let mut buffer = foreign.as_bytes().to_vec();
            assert_eq!(take(&mut buffer), Err(NotNetstring), "{foreign:?}");
        }
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in_however_they_were_cut(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
            piece in 1_usize..9,
        ) {
            let stream: Vec<u8> = bodies.iter().flat_map(|body| encode(body)).collect();
            let (mut buffer, mut out) = (Vec::new(), Vec::new());
            for bytes in stream.chunks(piece) {
                buffer.extend_from_slice(bytes);
                while let Some(body) = take(&mut buffer).unwrap() {
                    out.push(body);
                }
            }
            prop_assert_eq!(out, bodies);
            prop_assert!(buffer.is_empty());
        }

        #[test]
        fn any_bytes_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            while let Ok(Some(_)) = take(&mut bytes) {}
        }
    }
}
