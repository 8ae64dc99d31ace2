//! Certificates while the node is connected: a warning before this node's files and the broker's own end, and renewed
//! files taken up.
//!
//! *Promises*: a warning from 14 days before the end, in the node's `status` and once a day in the log; of the broker's
//! own only if it was seen within six hours, as a connection outlives it; files that were
//! renewed are used within a minute, once the broker has let in a trial with them, over a connection that is left in good
//! order. *When* new files are not fit, or the broker refuses them, the connection that stands stays, and the log says
//! once what is wrong; what was refused is tried again every five minutes.

use super::config::{BrokerConfig, Timing};
use super::engine::Engine;
use super::link::CertificateEnds;
use super::mqtt::renewal::{LastSecond, Print, are_fit, ends_first, own_until};
use super::mqtt::{BrokerFault, Shown};
use super::outgoing::now_ms;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// So long before the end it is warned of, in seconds: time for two weekends.
const AHEAD_S: i64 = 14 * 24 * 3600;

/// Files that the broker refused are tried again after so many looks (five minutes).
const LOOKS_BEFORE_AGAIN: u32 = 10;

/// The log is reminded this often.
const REMINDER: Duration = Duration::from_secs(24 * 3600);

/// What `status` says of the certificates, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Warning {
    /// One of this node's files has ended: the next connection fails.
    Expired,
    /// The same of the broker's own.
    BrokerExpired,
    /// The broker refuses this node's renewed files; those before are used.
    Refused,
    /// One of this node's files ends within 14 days.
    Expires,
    /// The broker's own does.
    BrokerExpires,
}

impl Warning {
    /// The `reason` of the status.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Expired => "certificate_expired",
            Self::BrokerExpired => "broker_certificate_expired",
            Self::Refused => "certificate_refused",
            Self::Expires => "certificate_expires",
            Self::BrokerExpires => "broker_certificate_expires",
        }
    }

    /// Whether the next connection fails.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Expired | Self::BrokerExpired)
    }

    fn of(until: i64, now: i64, over: Self, soon: Self) -> Option<Self> {
        match until - now {
            left if left <= 0 => Some(over),
            left if left < AHEAD_S => Some(soon),
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
    seen_for: Duration,
    next: Instant,
    /// The files when they were last looked at.
    seen: Option<Print>,
    /// Those of which the log knows that they are not fit.
    unfit: Option<Print>,
    /// Those that are being tried at the broker.
    trial: Option<(Print, oneshot::Receiver<Result<(), BrokerFault>>)>,
    /// When some were tried last.
    tried: Option<Instant>,
    warning: Option<Warning>,
    reminded: Option<(Warning, Instant)>,
}

impl Certificates {
    /// Looks at the files of the broker as often as the times say.
    pub(super) fn new(broker: &BrokerConfig, timing: &Timing) -> Self {
        Self {
            broker: broker.each().into_iter().find(|b| b.url.tls),
            every: timing.certificates,
            seen_for: timing.certificate_seen,
            next: Instant::now(),
            seen: None,
            unfit: None,
            trial: None,
            tried: None,
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

    /// When this node's certificate ends and the one that the broker showed, seconds since 1970 UTC.
    fn ends(&self, shown: &Shown) -> CertificateEnds {
        CertificateEnds {
            node: self.broker.as_ref().and_then(own_until),
            broker: shown.until(),
        }
    }

    /// Compares with the clock; `refused`: whether the broker refuses the files.
    fn judge(&mut self, shown: &Shown, refused: bool) -> Judged {
        let now = now_s();
        let file = self.broker.as_ref().and_then(ends_first);
        let own = file
            .as_ref()
            .and_then(|end| Warning::of(end.until, now, Warning::Expired, Warning::Expires));
        let until = shown.until();
        let theirs = until.and_then(|until| {
            Warning::of(until, now, Warning::BrokerExpired, Warning::BrokerExpires)
        });
        if theirs.is_some() && shown.is_old(self.seen_for) {
            return Judged::LookAgain;
        }
        let refused = refused.then_some(Warning::Refused);
        let warning = own.into_iter().chain(theirs).chain(refused).min();
        let at = Instant::now();
        if let Some(warning) = warning {
            let fresh = |(of, since): &(Warning, Instant)| {
                *of == warning && at.duration_since(*since) < REMINDER
            };
            if !self.reminded.as_ref().is_some_and(fresh) {
                self.reminded = Some((warning, at));
                remind(file.as_ref(), until, warning);
            }
        }
        if std::mem::replace(&mut self.warning, warning) == warning {
            Judged::Same
        } else {
            Judged::News
        }
    }

    /// The files other than those `used` that are to be tried: the same as at the last look, and fit. Of those that the
    /// broker has `refused` each while again, as it may believe them by now.
    fn renewed(&mut self, used: Option<Print>, refused: Option<Print>) -> Option<Print> {
        let broker = self.broker.as_ref()?;
        let now = Print::of(broker);
        // What is being written looks different from one look to the next.
        let lasts = self.seen.replace(now) == Some(now);
        let again = self.every * LOOKS_BEFORE_AGAIN;
        let rests = refused == Some(now) && self.tried.is_some_and(|at| at.elapsed() < again);
        let is_at_it = self.trial.is_some() || rests;
        if used.is_none_or(|used| used == now) || !lasts || self.unfit == Some(now) || is_at_it {
            return None;
        }
        match are_fit(broker, now_s()) {
            Ok(()) => Some(now),
            Err(fault) => {
                self.unfit = Some(now);
                tracing::warn!(
                    "the renewed certificate files are not used, the connection stays as it is: {fault}"
                );
                None
            }
        }
    }

    /// Whether these files are the ones on the disk.
    fn are_on_disk(&self, print: Print) -> bool {
        let broker = self.broker.as_ref();
        broker.is_some_and(|broker| Print::of(broker) == print)
    }

    /// What came of a trial, once it is known.
    fn verdict(&mut self) -> Option<(Print, Result<(), BrokerFault>)> {
        let (print, verdict) = self.trial.as_mut()?;
        let print = *print;
        match verdict.try_recv() {
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => {
                self.trial = None;
                None
            }
            Ok(verdict) => {
                self.trial = None;
                Some((print, verdict))
            }
        }
    }
}

/// What came of a look at the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judged {
    /// There is something new to say.
    News,
    /// Nothing new.
    Same,
    /// The broker's own may have been renewed since it was seen.
    LookAgain,
}

impl Engine {
    /// Looks at the files now and then: says what ends, and takes up what was renewed.
    pub(super) async fn look_at_certificates(&mut self) {
        if let Some((print, verdict)) = self.certificates.verdict() {
            self.take_up(print, verdict).await;
        }
        if !self.certificates.is_due() {
            return;
        }
        self.judge_certificates();
        let (used, refused) = (self.session.files(), self.session.proven().refused());
        if self.connected
            && let Some(print) = self.certificates.renewed(used, refused)
        {
            self.certificates.tried = Some(Instant::now());
            self.certificates.trial = Some((print, self.session.try_files()));
        }
    }

    /// Uses the renewed files, if the broker believes them; if not, the connection stays as it is.
    async fn take_up(&mut self, print: Print, verdict: Result<(), BrokerFault>) {
        match verdict {
            Ok(()) => {
                tracing::info!("the certificate files were renewed: connecting anew with them");
                self.session.proven().believe(print);
                self.connection_lost();
                self.session.renew().await;
            }
            Err(fault @ (BrokerFault::Tls { .. } | BrokerFault::HangsUp { .. })) => {
                if self.session.proven().refuse(print) {
                    tracing::warn!(
                        "the renewed certificate files are not used, the connection stays as it is: {fault}"
                    );
                }
                self.judge_certificates();
            }
            // They are looked at again.
            Err(fault) => tracing::debug!("the renewed files cannot be tried: {fault}"),
        }
    }

    /// Says in `status` what ends.
    pub(super) fn judge_certificates(&mut self) {
        let shown = self.session.shown();
        self.link.certificates(self.certificates.ends(shown));
        let refused = self.session.proven().refused();
        let refused = refused.is_some_and(|print| self.certificates.are_on_disk(print));
        match self.certificates.judge(shown, refused) {
            Judged::Same => {}
            Judged::LookAgain => self.session.look_at_certificate(),
            Judged::News => {
                if let Err(error) = self.say_state() {
                    tracing::error!(%error, "the status cannot be written");
                }
            }
        }
    }
}

fn remind(file: Option<&LastSecond>, shown: Option<i64>, warning: Warning) {
    let path = file.map(|end| end.path.display().to_string());
    let path = path.unwrap_or_default();
    let days = |until: Option<i64>| (until.unwrap_or(0) - now_s()).max(0) / (24 * 3600);
    match warning {
        Warning::Expires => {
            let days = days(file.map(|end| end.until));
            tracing::warn!(
                "the certificate in {path} expires in {days} days: put a new one in its place (no restart is needed)"
            );
        }
        Warning::Expired => tracing::warn!(
            "the certificate in {path} has expired: the next connection fails; put a new one in its place (no restart is needed)"
        ),
        Warning::Refused => tracing::warn!(
            "the broker refuses the renewed certificate files: those before are used until this program ends; let the broker believe the new certificate's authority, or put another pair in its place"
        ),
        Warning::BrokerExpires => {
            let days = days(shown);
            tracing::warn!(
                "the broker's certificate expires in {days} days: renew it at the broker"
            );
        }
        Warning::BrokerExpired => tracing::warn!(
            "the broker's certificate has expired: the next connection fails; renew it at the broker"
        ),
    }
}

fn now_s() -> i64 {
    i64::try_from(now_ms() / 1000).unwrap_or(i64::MAX)
}
