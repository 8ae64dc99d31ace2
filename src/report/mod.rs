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
use std::time::Duration;
use uuid::Uuid;
pub use vq::vq_rtcpxr;

/// Calls on hold beside the one the agent is in; more of them than a person keeps.
const WAITING: usize = 8;

/// What of a headset outlasts its calls.
#[derive(Debug)]
struct Page {
    mute: Mute,
    quick_disconnect: Option<How>,
    live_under_mute: Option<bool>,
    /// The call the agent is in.
    open: Option<(Uuid, Account)>,
    /// Calls that wait, on hold, until the agent is in them again or they end.
    waiting: BTreeMap<Uuid, Account>,
    /// The report of the call that ended, until it is fetched.
    done: Option<(Uuid, Box<CallReport>)>,
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
            waiting: BTreeMap::new(),
            done: None,
        });
        let at = now.monotonic;
        match fact {
            HeadsetFact::CallStarted { call } => {
                let mut account = Account::new(at);
                account.mute(at, page.mute);
                account.quick_disconnect(at, page.quick_disconnect);
                page.put_aside(at);
                page.open = Some((*call, account));
            }
            HeadsetFact::CallInFront { call, .. } => {
                page.put_aside(at);
                page.open = page.waiting.remove(call).map(|mut account| {
                    account.come_back(at);
                    account.mute(at, page.mute);
                    account.quick_disconnect(at, page.quick_disconnect);
                    (*call, account)
                });
            }
            HeadsetFact::CallEnded => {
                if let Some((call, account)) = page.open.take() {
                    page.done = Some((call, page.report(account, at)));
                }
            }
            HeadsetFact::Mute(mute) => page.mute = *mute,
            HeadsetFact::QuickDisconnect(open) => page.quick_disconnect = *open,
            HeadsetFact::LiveUnderMute(live) => page.live_under_mute = *live,
            _ => {}
        }
        if let Some((_, account)) = &mut page.open {
            account.see(at, fact);
        }
    }

    /// The report of a call of this headset that has ended; once.
    pub fn take(&mut self, now: Now, headset: &HeadsetId, call: Uuid) -> Option<Box<CallReport>> {
        let page = self.pages.get_mut(headset)?;
        if let Some(account) = page.waiting.remove(&call) {
            return Some(page.report(account, now.monotonic));
        }
        page.done
            .take_if(|(done, _)| *done == call)
            .map(|(_, report)| report)
    }
}

impl Page {
    /// Another call has the agent; this one waits.
    fn put_aside(&mut self, at: Duration) {
        if let Some((call, mut account)) = self.open.take() {
            account.leave(at);
            if self.waiting.len() == WAITING {
                self.waiting.pop_first();
            }
            self.waiting.insert(call, account);
        }
    }

    fn report(&self, account: Account, at: Duration) -> Box<CallReport> {
        let mut report = account.close(at);
        report.live_under_mute = self.live_under_mute;
        Box::new(report)
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
