//! Calls as programs and addresses of the configuration tell them: JSON.
//!
//! One object, or an array of them: `{"id":"7","phase":"active","muted":false,"direction":"incoming"}`.
//! `id` and `phase` must be there. A call that is over is left out, or told with the phase `ended`.

use super::driver::Fault;
use super::{Direction, Leg, LegId, Phase};
use serde::Deserialize;

/// The longest text that is read; some hundred calls.
pub(super) const LONGEST: usize = 64 * 1024;

#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    None(()),
    Several(Vec<Call>),
    One(Call),
}

#[derive(Deserialize)]
struct Call {
    id: Id,
    phase: ToldPhase,
    #[serde(default)]
    muted: Option<bool>,
    #[serde(default)]
    direction: Option<ToldDirection>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ToldPhase {
    Ringing,
    Dialing,
    Active,
    Held,
    Ended,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ToldDirection {
    Incoming,
    Outgoing,
}

/// Reads the calls. No text at all, or `null`, is no call.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Leg>, Fault> {
    if text.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let told = serde_json::from_slice(text).map_err(|error| {
        Fault::Nonsense(format!(
            "the calls are not told as {{\"id\":…,\"phase\":\"ringing\"|\"dialing\"|\"active\"|\"held\"}} ({error})"
        ))
    })?;
    let calls = match told {
        Told::None(()) => Vec::new(),
        Told::One(call) => vec![call],
        Told::Several(calls) => calls,
    };
    Ok(calls.into_iter().filter_map(leg).collect())
}

fn leg(call: Call) -> Option<Leg> {
    let phase = match call.phase {
        ToldPhase::Ringing => Phase::Ringing,
        ToldPhase::Dialing => Phase::Dialing,
        ToldPhase::Active => Phase::Active,
        ToldPhase::Held => Phase::Held,
        ToldPhase::Ended => return None,
    };
    Some(Leg {
        id: match call.id {
            Id::Text(text) => LegId::new(text),
            Id::Number(number) => LegId::new(number.to_string()),
        },
        phase,
        direction: call.direction.map(|direction| match direction {
            ToldDirection::Incoming => Direction::Incoming,
            ToldDirection::Outgoing => Direction::Outgoing,
        }),
        muted: call.muted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_several_and_none_are_read() {
        let one = parse(br#"{"id":7,"phase":"held","muted":true,"direction":"incoming"}"#).unwrap();
        assert_eq!(
            one,
            [Leg {
                id: LegId::new("7"),
                phase: Phase::Held,
                direction: Some(Direction::Incoming),
                muted: Some(true),
            }]
        );
        let two = br#"[{"id":"a","phase":"active"},{"id":"b","phase":"ended"}]"#;
        assert_eq!(parse(two).unwrap().len(), 1);
        for none in ["", " \n", "null", "[]"] {
            assert_eq!(parse(none.as_bytes()), Ok(Vec::new()), "{none:?}");
        }
    }

    #[test]
    fn what_is_no_call_is_refused_and_told_how_it_should_be() {
        for bad in [
            "active",
            r#"{"id":"a"}"#,
            r#"{"phase":"active"}"#,
            r#"{"id":"a","phase":"on_hold"}"#,
            r#"[{"id":null,"phase":"active"}]"#,
        ] {
            let fault = parse(bad.as_bytes()).unwrap_err().to_string();
            assert!(fault.contains("\"phase\""), "{bad}: {fault}");
        }
    }
}
