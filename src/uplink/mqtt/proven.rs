//! Files of certificates with which the broker has let this node in, and newer ones that it refuses.
//!
//! *Promises*: as long as this process lives, a connection is made with what the broker has let in before, if it refuses
//! what is on the disk by now. *Never* outlives the process: the next one has the files only.

use super::connect::Route;
use super::fault::BrokerFault;
use super::renewal::Print;
use super::shown::Shown;
use crate::uplink::config::BrokerConfig;
use rumqttc::tokio_rustls::rustls::ClientConfig;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is known; every clone knows the same.
#[derive(Debug, Clone, Default)]
pub(in crate::uplink) struct Proven(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// With these a broker has let the node in.
    good: Option<(Print, Arc<ClientConfig>)>,
    /// These it refuses.
    refused: Option<Print>,
}

impl Proven {
    /// The way to the broker with the files as they are, or if those are refused, with what was good before; and which
    /// files that are.
    pub(super) fn route(
        &self,
        broker: &BrokerConfig,
        shown: &Shown,
    ) -> (Print, Result<Route, BrokerFault>) {
        let now = Print::of(broker);
        let known = self.lock();
        if known.refused == Some(now)
            && let Some((print, good)) = &known.good
        {
            return (*print, Ok(Route::with(broker, Arc::clone(good), shown)));
        }
        drop(known);
        (now, Route::new(broker, shown))
    }

    /// A broker has let the node in.
    pub(super) fn note(&self, print: Print, tls: Option<Arc<ClientConfig>>) {
        let mut known = self.lock();
        if known.refused == Some(print) {
            known.refused = None;
        }
        known.good = tls.map(|tls| (print, tls));
    }

    /// No connection came about with these files. Whether others are tried at once: those that were good before.
    pub(super) fn turn(&self, print: Print, fault: &BrokerFault) -> bool {
        if !matches!(fault, BrokerFault::Tls { .. }) {
            return false;
        }
        let mut known = self.lock();
        match &known.good {
            Some((good, _)) if *good != print => {
                known.refused = Some(print);
                true
            }
            // Not good any more either: the files decide.
            Some(_) => {
                (known.good, known.refused) = (None, None);
                false
            }
            None => false,
        }
    }

    /// The broker refuses these files; whether that is news.
    pub(in crate::uplink) fn refuse(&self, print: Print) -> bool {
        self.lock().refused.replace(print) != Some(print)
    }

    /// The broker lets in with these files.
    pub(in crate::uplink) fn believe(&self, print: Print) {
        let mut known = self.lock();
        known.refused = known.refused.filter(|refused| *refused != print);
    }

    /// The files that the broker refuses.
    pub(in crate::uplink) fn refused(&self) -> Option<Print> {
        self.lock().refused
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
