//! What a call came to: `event/call.ended`'s figures, collected while it runs.
//!
//! *Promises*: sans-IO; fed with the facts the alert rules are fed with, live and from a recording
//! alike. Lists and memory are bounded, counts and sums are not cut by that. Every part of the
//! quality score is a figure of its own, and its source is in [`quality`].
//!
//! *Fails* by leaving a figure out: what was not measured is absent.
//!
//! *Never* reads a clock, sees a sample, or judges a person.

mod account;
pub(crate) mod disclose;
mod line;
pub mod quality;
mod side;
mod spans;
mod talk;
#[cfg(test)]
mod tests;
mod vq;

use crate::alerts::{HeadsetFact, HeadsetId, How, Mute, Now};
use account::Account;
pub(crate) use side::noise_name;
use sidetone_wire::call_report::CallReport;
use std::collections::BTreeMap;
pub use vq::vq_rtcpxr;

/// What of a headset outlasts its calls.
#[derive(Debug)]
struct Page {
    mute: Mute,
    quick_disconnect: Option<How>,
    live_under_mute: Option<bool>,
    /// The call that runs.
    open: Option<Account>,
    /// The report of the call that ended, until it is fetched.
    done: Option<Box<CallReport>>,
}

/// The accounts of all headsets.
#[derive(Debug, Default)]
pub struct CallBook {
    pages: BTreeMap<HeadsetId, Page>,
}

impl CallBook {
    /// No headset, no call.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a fact. Times must not go back.
    pub fn see(&mut self, now: Now, headset: &HeadsetId, fact: &HeadsetFact) {
        let page = self.pages.entry(headset.clone()).or_insert(Page {
            mute: Mute::Unknown,
            quick_disconnect: None,
            live_under_mute: None,
            open: None,
            done: None,
        });
        let at = now.monotonic;
        match fact {
            HeadsetFact::CallStarted { .. } => {
                let mut account = Account::new(at);
                account.mute(at, page.mute);
                account.quick_disconnect(at, page.quick_disconnect);
                page.open = Some(account);
                page.done = None;
            }
            HeadsetFact::CallEnded => {
                if let Some(account) = page.open.take() {
                    let mut report = account.close(at);
                    report.live_under_mute = page.live_under_mute;
                    page.done = Some(Box::new(report));
                }
            }
            HeadsetFact::Mute(mute) => page.mute = *mute,
            HeadsetFact::QuickDisconnect(open) => page.quick_disconnect = *open,
            HeadsetFact::LiveUnderMute(live) => page.live_under_mute = *live,
            _ => {}
        }
        if let Some(account) = &mut page.open {
            account.see(at, fact);
        }
    }

    /// The report of this headset's call that has just ended; once.
    pub fn take(&mut self, headset: &HeadsetId) -> Option<Box<CallReport>> {
        self.pages.get_mut(headset)?.done.take()
    }
}

/// A figure with no more decimals than it is worth; no number is no figure.
fn rounded(value: f64, decimals: i32) -> Option<f64> {
    let scale = 10.0_f64.powi(decimals);
    // No negative zero.
    value
        .is_finite()
        .then(|| (value * scale).round() / scale + 0.0)
}
