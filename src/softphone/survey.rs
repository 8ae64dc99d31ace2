//! Which softphones are here, and what each can do: one look, nothing is kept open.
//!
//! *Promises*: an answer within two seconds. *Takes*, for that look, the one control channel that baresip
//! has; a running daemon takes it back at once.

use super::baresip::Baresip;
use super::driver::{Fault, Softphone, reach};
use super::exec::Exec;
use super::http::Http;
use super::linphone::Linphone;
use super::{Abilities, Adapter, Phase};
use crate::config::AdaptersConfig;

/// One adapter and what it finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// Which.
    pub adapter: Adapter,
    /// What it finds.
    pub found: Found,
}

/// What an adapter finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A softphone that answers.
    Here {
        /// Its version, if it says so.
        version: Option<String>,
        /// What it can do.
        abilities: Abilities,
        /// Whether it tells packet loss and jitter.
        figures: bool,
        /// Its calls.
        calls: Vec<Phase>,
    },
    /// None, or one that cannot be used.
    Not {
        /// Why.
        why: String,
        /// What to do.
        advice: &'static str,
    },
    /// It is not looked for.
    Off {
        /// How to switch it on.
        advice: &'static str,
    },
    /// Nothing on this workstation can tell.
    Elsewhere,
}

/// Looks for everything that is configured, side by side.
pub async fn survey(config: &AdaptersConfig) -> Vec<Surveyed> {
    let baresip = async {
        if !config.baresip.enabled {
            return off("set adapters.baresip.enabled = true");
        }
        let softphone = Baresip::new(config.baresip.address.get());
        look(softphone, |_| {
            "start baresip with `module_app ctrl_tcp.so` in its configuration, and ctrl_tcp_listen as adapters.baresip.address says"
        })
        .await
    };
    let linphone = async {
        if !config.linphone.enabled {
            return off("set adapters.linphone.enabled = true");
        }
        let softphone = Linphone::new(config.linphone.pipe.clone());
        look(softphone, |fault| match fault {
            Fault::Closed => {
                "linphone-daemon takes one program at a time: `sidetone monitor` shows whether it is the daemon"
            }
            _ => "start `linphone-daemon --pipe NAME` so that it makes adapters.linphone.pipe, and keep its input open",
        })
        .await
    };
    let exec = async {
        if config.exec.state.is_empty() {
            return off("set adapters.exec.state to a program that prints the calls as JSON");
        }
        look(Exec::new(config.exec.clone()), |_| {
            "run the program of adapters.exec.state by hand: within a second it must print the calls as JSON, and end with status 0"
        })
        .await
    };
    let http = async {
        if config.http.state_url.is_none() {
            return off("set adapters.http.state_url to an address that tells the calls as JSON");
        }
        look(Http::new(config.http.clone()), |_| {
            "fetch adapters.http.state_url by hand: within a second it must answer 200 and the calls as JSON"
        })
        .await
    };
    let mqtt = if config.mqtt.enabled {
        Found::Elsewhere
    } else {
        off("set adapters.mqtt.enabled = true and adapters.mqtt.extension, if there is a gateway")
    };
    let (baresip, linphone, exec, http) = tokio::join!(baresip, linphone, exec, http);
    [
        (Adapter::Baresip, baresip),
        (Adapter::Linphone, linphone),
        (Adapter::Exec, exec),
        (Adapter::Http, http),
        (Adapter::Mqtt, mqtt),
    ]
    .map(|(adapter, found)| Surveyed { adapter, found })
    .into()
}

fn off(advice: &'static str) -> Found {
    Found::Off { advice }
}

async fn look<S: Softphone>(mut softphone: S, advice: fn(&Fault) -> &'static str) -> Found {
    match reach(&mut softphone).await {
        Ok((abilities, calls)) => Found::Here {
            version: softphone.version(),
            abilities,
            figures: softphone.adapter() == Adapter::Baresip,
            calls: calls.iter().map(|leg| leg.phase).collect(),
        },
        Err(fault) => Found::Not {
            advice: advice(&fault),
            why: fault.to_string(),
        },
    }
}
