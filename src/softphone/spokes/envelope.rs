//! The answers, in the shape in which pages read them.
//!
//! *Never* holds a serial number, a sound, or anything about a person: of the headset its product name
//! and USB ids.

use super::request::{CallId, Callback};
use serde_json::{Value, json};
use sidetone_devices::headset::HeadsetIdentity;

/// The headset as pages see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadsetFacts {
    /// Product name as the device says it.
    pub product: String,
    /// USB vendor id.
    pub vendor_id: u16,
    /// USB product id.
    pub product_id: u16,
}

impl From<&HeadsetIdentity> for HeadsetFacts {
    fn from(identity: &HeadsetIdentity) -> Self {
        Self {
            product: identity.name.clone(),
            vendor_id: identity.vendor.0,
            product_id: identity.product.0,
        }
    }
}

/// What a softphone can be told; the numbers are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    /// Take the call.
    Accept = 1,
    /// End it.
    Terminate = 2,
    /// Put it on hold.
    Hold = 3,
    /// Take it off hold.
    Resume = 4,
    /// It is over: the page may forget its number.
    Ended = 8,
    /// Mute.
    Mute = 11,
    /// Un-mute.
    Unmute = 12,
    /// Do not take it.
    Reject = 23,
}

/// One thing a softphone is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallEvent {
    /// What.
    pub(super) kind: EventKind,
    /// Which call.
    pub(super) call: CallId,
}

/// One call in the list of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedCall {
    /// Its number.
    pub(super) id: CallId,
    /// It is neither ringing nor held.
    pub(super) active: bool,
    /// It is held.
    pub(super) held: bool,
    /// Its softphone.
    pub(super) softphone: String,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// Done, or not.
    Done(bool),
    /// It went wrong; pages know some of these sentences.
    Error(&'static str),
    /// The headset.
    Device(HeadsetFacts),
    /// A session of the headset's events.
    Session,
    /// The headset's events: none.
    DeviceEvents,
    /// What the softphone is to do.
    Events(Vec<CallEvent>),
    /// All calls of the asking site.
    Calls(Vec<ListedCall>),
}

impl Reply {
    /// Type and body, as JSON or as a call of `callback`.
    #[must_use]
    pub(super) fn render(&self, callback: Option<&Callback>) -> (&'static str, String) {
        let json = self.json().to_string();
        match callback {
            None => ("application/json; charset=utf-8", json),
            // The comment keeps the first bytes from being anything but script.
            Some(callback) => (
                "text/javascript; charset=utf-8",
                format!("/**/{}({json});", callback.as_str()),
            ),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Done(done) => envelope(2, "Bool", json!(done)),
            Self::Error(sentence) => json!({
                "Type": 1, "Type_Name": "Error", "Description": "", "isError": true,
                "Err": {"Description": sentence, "Error_Code": 0, "Type": 5}, "Result": null,
            }),
            Self::Device(headset) => envelope(
                4,
                "DeviceInfo",
                json!({
                    "ProductName": headset.product, "InternalName": headset.product,
                    "VendorId": headset.vendor_id, "ProductId": headset.product_id,
                    "Uid": DEVICE, "IsAttached": true,
                }),
            ),
            Self::Session => envelope(3, "String", json!(DEVICE)),
            Self::DeviceEvents => envelope(5, "DeviceEventArray", json!([])),
            Self::Events(events) => {
                let events: Vec<Value> = events.iter().map(event).collect();
                envelope(6, "CallEventArray", json!(events))
            }
            Self::Calls(calls) => envelope(9, "CallManagerState", state(calls)),
        }
    }
}

/// One headset, one session: a name that tells nothing about either.
const DEVICE: &str = "sidetone";

fn envelope(number: u8, name: &str, result: Value) -> Value {
    json!({
        "Type": number, "Type_Name": name, "Description": "", "isError": false, "Err": null,
        "Result": result,
    })
}

fn event(event: &CallEvent) -> Value {
    json!({
        "Action": event.kind as u8,
        "CallId": {"Id": event.call.get(), "ConferenceId": 0, "InConference": false},
        "CallSource": "phone", "DeviceEvent": "0",
    })
}

fn state(calls: &[ListedCall]) -> Value {
    let held = calls.iter().filter(|call| call.held).count();
    let list: Vec<Value> = calls
        .iter()
        .map(|call| {
            json!({"CallId": call.id.get(), "IsActive": call.active, "Source": call.softphone})
        })
        .collect();
    json!({
        "CallOnHold": held, "Calls": list,
        "HasActiveCall": calls.iter().any(|call| call.active),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::softphone::spokes::request::Asked;

    #[test]
    fn an_event_is_what_the_library_reads() {
        let event = CallEvent {
            kind: EventKind::Hold,
            call: CallId::new(4711).unwrap(),
        };
        let (kind, body) = Reply::Events(vec![event]).render(None);
        assert_eq!(kind, "application/json; charset=utf-8");
        let value: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(value["Result"][0]["Action"], 3);
        assert_eq!(value["Result"][0]["CallId"]["Id"], 4711);
        assert_eq!(value["isError"], false);
    }

    #[test]
    fn of_the_headset_pages_get_name_and_ids_only() {
        let headset = HeadsetFacts {
            product: "Blackwire \"5220\" </script>\u{2028}".into(),
            vendor_id: 0x047f,
            product_id: 0xc053,
        };
        let asked = Asked::parse("/Spokes/DeviceServices/Info?callback=a.b").unwrap();
        let (kind, body) = Reply::Device(headset.clone()).render(asked.callback.as_ref());
        assert_eq!(kind, "text/javascript; charset=utf-8");
        let json = body.strip_prefix("/**/a.b(").unwrap();
        let json = json.strip_suffix(");").unwrap();
        let value: Value = serde_json::from_str(json).unwrap();
        let mut keys: Vec<_> = value["Result"].as_object().unwrap().keys().collect();
        keys.sort();
        let expected = [
            "InternalName",
            "IsAttached",
            "ProductId",
            "ProductName",
            "Uid",
            "VendorId",
        ];
        assert_eq!(keys, expected);
        assert_eq!(value["Result"]["ProductName"], headset.product);
    }
}
