//! The files of certificates while the node is connected: a warning before they end, and renewed ones taken up.
//!
//! *Promises*: a warning from 14 days before the end, in the node's `status` and once a day in the log; files that were
//! renewed are used within a minute, over a connection that is left in good order. *When* new files are not fit, the
//! connection that stands stays, and the log says once what is wrong.

use super::config::BrokerConfig;
use super::engine::Engine;
use super::mqtt::renewal::{LastSecond, Print, are_fit, ends_first};
use super::outgoing::now_ms;
use std::time::{Duration, Instant};

/// So long before the end it is warned of, in seconds: time for two weekends.
const AHEAD_S: i64 = 14 * 24 * 3600;

/// The log is reminded this often.
const REMINDER: Duration = Duration::from_secs(24 * 3600);

/// What `status` says of the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Warning {
    /// One ends within 14 days.
    Expires,
    /// One has ended: the next connection fails.
    Expired,
}

impl Warning {
    /// The `reason` of the status.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Expires => "certificate_expires",
            Self::Expired => "certificate_expired",
        }
    }

    fn of(end: &LastSecond, now: i64) -> Option<Self> {
        match end.until - now {
            left if left <= 0 => Some(Self::Expired),
            left if left < AHEAD_S => Some(Self::Expires),
            _ => None,
        }
    }
}

/// What is known of the files.
#[derive(Debug)]
pub(super) struct Certificates {
    /// One that is reached over TLS; `None` = there are no certificates.
    broker: Option<BrokerConfig>,
    every: Duration,
    next: Instant,
    /// The files when they were last looked at.
    seen: Option<Print>,
    /// Those of which the log knows that they are not fit.
    unfit: Option<Print>,
    warning: Option<Warning>,
    reminded: Option<(Warning, Instant)>,
}

impl Certificates {
    /// Looks at the files of the broker this often.
    pub(super) fn new(broker: &BrokerConfig, every: Duration) -> Self {
        Self {
            broker: broker.each().into_iter().find(|b| b.url.tls),
            every,
            next: Instant::now(),
            seen: None,
            unfit: None,
            warning: None,
            reminded: None,
        }
    }

    /// What `status` has to say.
    pub(super) fn warning(&self) -> Option<Warning> {
        self.warning
    }

    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let due = self.broker.is_some() && now >= self.next;
        if due {
            self.next = now + self.every;
        }
        due
    }

    /// Compares with the clock; whether there is something new to say.
    fn judge(&mut self) -> bool {
        let end = self.broker.as_ref().and_then(ends_first);
        let warning = end.as_ref().and_then(|end| Warning::of(end, now_s()));
        let now = Instant::now();
        if let (Some(end), Some(warning)) = (end, warning) {
            let fresh = |(of, at): &(Warning, Instant)| {
                *of == warning && now.duration_since(*at) < REMINDER
            };
            if !self.reminded.as_ref().is_some_and(fresh) {
                self.reminded = Some((warning, now));
                remind(&end, warning);
            }
        }
        std::mem::replace(&mut self.warning, warning) != warning
    }

    /// Whether there are files other than those `used`, the same as at the last look, and fit.
    fn are_renewed(&mut self, used: Option<Print>) -> bool {
        let Some(broker) = &self.broker else {
            return false;
        };
        let now = Print::of(broker);
        // What is being written looks different from one look to the next.
        let lasts = self.seen.replace(now) == Some(now);
        if used.is_none_or(|used| used == now) || !lasts || self.unfit == Some(now) {
            return false;
        }
        match are_fit(broker, now_s()) {
            Ok(()) => true,
            Err(fault) => {
                self.unfit = Some(now);
                tracing::warn!(
                    "the renewed certificate files are not used, the connection stays as it is: {fault}"
                );
                false
            }
        }
    }
}

impl Engine {
    /// Looks at the files now and then: says what ends, and takes up what was renewed.
    pub(super) async fn look_at_certificates(&mut self) {
        if !self.certificates.is_due() {
            return;
        }
        self.judge_certificates();
        let used = self.session.files();
        if self.certificates.are_renewed(used) && self.connected {
            tracing::info!("the certificate files were renewed: connecting anew with them");
            self.connection_lost();
            self.session.renew().await;
        }
    }

    /// Says in `status` what ends.
    pub(super) fn judge_certificates(&mut self) {
        if self.certificates.judge()
            && let Err(error) = self.say_state()
        {
            tracing::error!(%error, "the status cannot be written");
        }
    }
}

fn remind(end: &LastSecond, warning: Warning) {
    let path = end.path.display();
    match warning {
        Warning::Expires => {
            let days = (end.until - now_s()).max(0) / (24 * 3600);
            tracing::warn!(
                "the certificate in {path} expires in {days} days: put a new one in its place (no restart is needed)"
            );
        }
        Warning::Expired => tracing::warn!(
            "the certificate in {path} has expired: the next connection fails; put a new one in its place (no restart is needed)"
        ),
    }
}

fn now_s() -> i64 {
    i64::try_from(now_ms() / 1000).unwrap_or(i64::MAX)
}
