//! Commands: which are done, which are refused, and when there are too many (CONTRACT §5).
//!
//! *Never* does a retained or an old one: it may have been meant for another day, and a node that comes back must
//! not act on what piled up meanwhile.

use sidetone_wire::command::{CommandRefusal, CommandReply, CommandRequest, REQUEST_LIFE_MS};
use sidetone_wire::{NodePlace, Place, Topic, Topics};
use std::time::Duration;

/// So many at once, and then one a second: a person never needs more.
const BURST: u32 = 10;

/// A command that came.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// It is to be done; the answer as far as it is known.
    Do(CommandReply),
    /// It is not, and this is the answer.
    Refuse(CommandReply),
    /// There are too many: no answer, which would only be one more message.
    TooMany,
}

/// Where the commands of one node come in.
#[derive(Debug)]
pub struct CommandDesk {
    topics: Topics,
    /// How many may still be taken.
    left: u32,
    /// When one more was last allowed.
    filled: Duration,
}

impl CommandDesk {
    /// For the node of these topics.
    #[must_use]
    pub fn new(topics: Topics) -> Self {
        Self {
            topics,
            left: BURST,
            filled: Duration::ZERO,
        }
    }

    /// The topics of the commands.
    #[must_use]
    pub fn filter(&self) -> String {
        format!("{}/cmd/+/request", self.topics.base())
    }

    /// Something came at a topic; `None` if it is none of a command to this node. `now` is monotonic, `now_ms` UTC.
    pub fn receive(
        &mut self,
        now: Duration,
        now_ms: u64,
        topic: &str,
        payload: &[u8],
        retained: bool,
    ) -> Option<Asked> {
        let command = match Topic::parse(topic)?.place {
            Place::Node(node, NodePlace::CommandRequest(command))
                if node == *self.topics.node() =>
            {
                command
            }
            _ => return None,
        };
        // The removal of a retained request is none.
        if payload.is_empty() {
            return None;
        }
        if !self.may_take(now) {
            return Some(Asked::TooMany);
        }
        let reply = CommandReply {
            command,
            ok: true,
            reason: None,
            text: None,
            age_ms: None,
            shown: None,
            diagnostics: None,
        };
        Some(judge(reply, now_ms, payload, retained))
    }

    fn may_take(&mut self, now: Duration) -> bool {
        let seconds = now.saturating_sub(self.filled).as_secs();
        if seconds > 0 {
            self.filled = now;
            let more = u32::try_from(seconds).unwrap_or(BURST);
            self.left = self.left.saturating_add(more).min(BURST);
        }
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        true
    }
}

fn judge(mut reply: CommandReply, now_ms: u64, payload: &[u8], retained: bool) -> Asked {
    let life_s = REQUEST_LIFE_MS / 1000;
    let (reason, text) = match CommandRequest::from_json(payload) {
        Err(error) => (CommandRefusal::Malformed, error.to_string()),
        Ok(_) if retained => (
            CommandRefusal::Retained,
            "the request is retained, so nobody knows when it was meant; publish it without the retain flag"
                .to_owned(),
        ),
        Ok(request) => {
            let age = i128::from(now_ms) - i128::from(request.issued_ms);
            let age = i64::try_from(age).unwrap_or(if age < 0 { i64::MIN } else { i64::MAX });
            reply.age_ms = Some(age);
            if age.unsigned_abs() <= REQUEST_LIFE_MS {
                return Asked::Do(reply);
            }
            let seconds = age.unsigned_abs() / 1000;
            if age > 0 {
                (
                    CommandRefusal::TooOld,
                    format!("by this node's clock the request is {seconds} s old, and {life_s} s are allowed; ask again, and if that does not help, set both clocks (status.clock_synced tells of this one)"),
                )
            } else {
                (
                    CommandRefusal::Ahead,
                    format!("by this node's clock the request comes from {seconds} s in the future; set both clocks (status.clock_synced tells of this one)"),
                )
            }
        }
    };
    reply.ok = false;
    (reply.reason, reply.text) = (Some(reason), Some(text));
    Asked::Refuse(reply)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidetone_wire::{NodeName, OrgName};

    const NOW: u64 = 1_795_305_600_000;
    const TOPIC: &str = "sidetone/v1/acme/node/ws-1/cmd/refresh/request";

    fn desk() -> CommandDesk {
        let org = OrgName::new("acme").unwrap();
        CommandDesk::new(Topics::new(org, NodeName::new("ws-1").unwrap()))
    }

    fn request(issued_ms: u64) -> String {
        format!(r#"{{"v":1,"issued_ms":{issued_ms}}}"#)
    }

    fn hear(topic: &str, payload: &str, retained: bool) -> &'static str {
        match desk().receive(Duration::ZERO, NOW, topic, payload.as_bytes(), retained) {
            None => "nothing",
            Some(Asked::Do(_)) => "done",
            Some(Asked::TooMany) => "too many",
            Some(Asked::Refuse(reply)) => {
                assert!(!reply.ok && reply.text.is_some());
                reply.reason.map_or("no reason", CommandRefusal::as_str)
            }
        }
    }

    #[test]
    fn only_what_was_asked_just_now_is_done() {
        for (age, expected) in [
            (0, "done"),
            (10_000, "done"),
            (-10_000, "done"),
            (10_001, "too_old"),
            (-10_001, "ahead"),
        ] {
            let issued = NOW.checked_add_signed(-age).unwrap();
            assert_eq!(hear(TOPIC, &request(issued), false), expected, "{age}");
        }
        assert_eq!(hear(TOPIC, &request(NOW), true), "retained");
        assert_eq!(hear(TOPIC, &request(u64::MAX), false), "ahead");
        assert_eq!(hear(TOPIC, r#"{"v":1}"#, false), "malformed");
        assert_eq!(hear(TOPIC, &"[".repeat(70_000), false), "malformed");
        assert_eq!(hear(TOPIC, "", false), "nothing");
        let other = TOPIC.replace("ws-1", "ws-2");
        assert_eq!(hear(&other, &request(NOW), false), "nothing");
        let unknown = TOPIC.replace("refresh", "reboot");
        assert_eq!(hear(&unknown, &request(NOW), false), "nothing");
    }

    #[test]
    fn a_flood_is_not_answered() {
        let mut desk = desk();
        let payload = request(NOW);
        let mut ask = |at| {
            desk.receive(
                Duration::from_secs(at),
                NOW,
                TOPIC,
                payload.as_bytes(),
                false,
            )
        };
        for _ in 0..BURST {
            assert!(matches!(ask(0), Some(Asked::Do(_))));
        }
        assert_eq!(ask(0), Some(Asked::TooMany));
        assert!(matches!(ask(1), Some(Asked::Do(_))));
        assert_eq!(ask(1), Some(Asked::TooMany));
    }
}
