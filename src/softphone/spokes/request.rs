//! The Spokes requests: a path and a query, as what is asked.
//!
//! *Promises*: whatever text comes in, reading it ends after one pass over at most
//! [`limits::TARGET_BYTES`], and gives names, call ids and callbacks of bounded length and harmless
//! characters.
//!
//! *Fails* with [`NotServed`], which says nothing: who asks for something else learns nothing.
//!
//! *Never* keeps who is called (`contact`), or any other parameter it has no use for.

use std::fmt;
use std::sync::Arc;

/// What is accepted at most.
pub mod limits {
    /// Length of path and query.
    pub const TARGET_BYTES: usize = 2048;
    /// Length of a softphone's name.
    pub const NAME_BYTES: usize = 64;
    /// Length of a callback's name.
    pub const CALLBACK_BYTES: usize = 128;
    /// The highest call id: what JavaScript counts exactly.
    pub const CALL_ID: u64 = (1 << 53) - 1;
}

/// It is not a request of this service, or one that is not well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a request that is served here")]
pub struct NotServed;

/// The name under which a page registers: its application's, not a person's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SoftphoneName(Arc<str>);

impl SoftphoneName {
    fn parse(text: &str) -> Result<Self, NotServed> {
        let good = (1..=limits::NAME_BYTES).contains(&text.len());
        if good && !text.chars().any(char::is_control) {
            Ok(Self(text.into()))
        } else {
            Err(NotServed)
        }
    }

    /// As the page wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SoftphoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A page's number for one of its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(u64);

impl CallId {
    /// `None` above [`limits::CALL_ID`].
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        if number <= limits::CALL_ID {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The parameter `callID`: a JSON object whose `Id` is a number or its digits. Pages send the
    /// id `undefined` for a call they have forgotten; that is no call.
    fn parse(text: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        let id = value.get("Id")?;
        let number = match id.as_str() {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => id.as_u64()?,
        };
        Self::new(number)
    }
}

/// The function that the answer calls in the page (JSONP).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback(String);

impl Callback {
    fn parse(text: &str) -> Result<Self, NotServed> {
        let first = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$');
        let further = |b: u8| first(b) || b.is_ascii_digit() || b == b'.';
        match text.as_bytes() {
            [head, tail @ ..]
                if first(*head)
                    && tail.len() < limits::CALLBACK_BYTES
                    && tail.iter().all(|&b| further(b)) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotServed),
        }
    }

    /// The function's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a page says of one of its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It rings here.
    Incoming,
    /// It was begun here. Pages do not tell when the other side answers.
    Outgoing,
    /// It was answered.
    Answered,
    /// It is on hold.
    Held,
    /// It is off hold.
    Resumed,
    /// It ended.
    Ended,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A softphone is there.
    Register(SoftphoneName),
    /// It leaves.
    UnRegister(SoftphoneName),
    /// It is (not) the one in use; `SetDefaultSoftPhone` says the same and changes nothing here.
    IsActive(SoftphoneName),
    /// Which headset is there.
    DeviceInfo,
    /// A session for the headset's own events; there are none in it, but programs ask.
    Attach,
    /// The end of such a session.
    Release,
    /// The headset's own events.
    DeviceEvents,
    /// What the softphone is to do.
    CallEvents(SoftphoneName),
    /// All calls of the asking site.
    CallManagerState,
    /// One of its calls has moved on.
    Call {
        /// Whose.
        softphone: SoftphoneName,
        /// Which; `None` if the page does not know any more.
        id: Option<CallId>,
        /// To where.
        step: Step,
    },
    /// It mutes or un-mutes the agent, in all of its calls.
    Mute {
        /// Which softphone.
        softphone: SoftphoneName,
        /// On or off.
        muted: bool,
    },
}

/// A request and how its answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub request: Request,
    /// JSONP through this function; without it plain JSON.
    pub callback: Option<Callback>,
}

impl Asked {
    /// Reads a request target, e.g. `/Spokes/SessionManager/Register?name=phone`.
    ///
    /// # Errors
    /// [`NotServed`].
    pub fn parse(target: &str) -> Result<Self, NotServed> {
        if target.len() > limits::TARGET_BYTES {
            return Err(NotServed);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameters = Parameters(query);
        let request = request(path.strip_prefix("/Spokes/").ok_or(NotServed)?, &parameters)?;
        let callback = parameters.get("callback");
        Ok(Self {
            request,
            callback: callback.map(|name| Callback::parse(&name)).transpose()?,
        })
    }
}

fn request(path: &str, parameters: &Parameters<'_>) -> Result<Request, NotServed> {
    let name = || SoftphoneName::parse(&parameters.get("name").ok_or(NotServed)?);
    let call = |step| {
        Ok(Request::Call {
            softphone: name()?,
            id: parameters
                .get("callID")
                .and_then(|text| CallId::parse(&text)),
            step,
        })
    };
    match path {
        "SessionManager/Register" => Ok(Request::Register(name()?)),
        "SessionManager/UnRegister" => Ok(Request::UnRegister(name()?)),
        "SessionManager/IsActive" | "UserPreference/SetDefaultSoftPhone" => {
            Ok(Request::IsActive(name()?))
        }
        "DeviceServices/Info" => Ok(Request::DeviceInfo),
        "DeviceServices/Attach" => Ok(Request::Attach),
        "DeviceServices/Release" => Ok(Request::Release),
        "DeviceServices/Events" => Ok(Request::DeviceEvents),
        "CallServices/CallEvents" => Ok(Request::CallEvents(name()?)),
        "CallServices/CallManagerState" => Ok(Request::CallManagerState),
        "CallServices/IncomingCall" => call(Step::Incoming),
        "CallServices/OutgoingCall" => call(Step::Outgoing),
        "CallServices/AnswerCall" => call(Step::Answered),
        "CallServices/HoldCall" => call(Step::Held),
        "CallServices/ResumeCall" => call(Step::Resumed),
        "CallServices/TerminateCall" => call(Step::Ended),
        "CallServices/MuteCall" => Ok(Request::Mute {
            softphone: name()?,
            muted: match parameters.get("muted").as_deref() {
                Some("true") => true,
                Some("false") => false,
                _ => return Err(NotServed),
            },
        }),
        _ => Err(NotServed),
    }
}

/// A query string.
struct Parameters<'q>(&'q str);

impl Parameters<'_> {
    /// The first value under this name.
    fn get(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.0.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
