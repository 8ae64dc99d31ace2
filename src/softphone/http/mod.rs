//! Addresses of the configuration: one that tells the calls (GET), one that holds and one that resumes
//! (POST of `{"call":ID,"action":"hold"}`).
//!
//! *Promises*: plain HTTP goes to this machine only; everywhere else the server shows a certificate that
//! this system's authorities signed. A redirection is not followed. *Never* sends an order over a
//! connection that was used before, since one that breaks then would leave open whether it arrived.

mod client;

use super::driver::{Change, Command, Fault, Softphone};
use super::{Abilities, Adapter, Answer, Leg, LegId, told};
use crate::config::{HttpConfig, HttpUrl};
use client::{Client, Response};
use hyper::Method;
use serde_json::json;
use std::future::pending;
use std::time::Duration;

/// How much of a refusal is passed on.
const LONGEST_COMPLAINT: usize = 200;

/// The addresses of `[adapters.http]`.
#[derive(Debug)]
pub struct Http {
    config: HttpConfig,
    client: Client,
}

impl Http {
    /// The addresses of the configuration.
    #[must_use]
    pub fn new(config: HttpConfig) -> Self {
        let client = Client::new(config.token_file.clone());
        Self { config, client }
    }

    async fn order(
        &self,
        url: Option<&HttpUrl>,
        call: &LegId,
        action: &str,
    ) -> Result<Answer, Fault> {
        let Some(url) = url else {
            return Ok(Answer::Refused(
                "no address for that is configured in [adapters.http]".to_owned(),
            ));
        };
        let body = json!({ "call": call.as_str(), "action": action }).to_string();
        let response = self.client.once(Method::POST, url, body).await?;
        Ok(if response.status.is_success() {
            Answer::Accepted
        } else {
            Answer::Refused(complaint(url, &response))
        })
    }
}

fn complaint(url: &HttpUrl, response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body);
    let said: String = text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_COMPLAINT)
        .collect();
    match said.as_str() {
        "" => format!("{url} answers {}", response.status),
        said => format!("{url} answers {}: {said}", response.status),
    }
}

impl Softphone for Http {
    fn adapter(&self) -> Adapter {
        Adapter::Http
    }

    fn heartbeat(&self) -> Duration {
        Duration::from_millis(u64::from(self.config.poll_ms))
    }

    async fn connect(&mut self) -> Result<Abilities, Fault> {
        self.client.forget();
        Ok(Abilities {
            hold: self.config.hold_url.is_some(),
            control: false,
            applications: self.config.application.iter().cloned().collect(),
        })
    }

    async fn calls(&mut self) -> Result<Vec<Leg>, Fault> {
        let Some(url) = &self.config.state_url else {
            return Err(Fault::Unusable(
                "adapters.http.state_url is not set".to_owned(),
            ));
        };
        let response = self.client.again(Method::GET, url).await?;
        if !response.status.is_success() {
            return Err(Fault::NotThere(complaint(url, &response)));
        }
        told::parse(&response.body)
    }

    async fn act(&mut self, leg: &LegId, command: Command) -> Result<Answer, Fault> {
        let config = &self.config;
        match command {
            Command::Hold => self.order(config.hold_url.as_ref(), leg, "hold").await,
            Command::Resume => self.order(config.resume_url.as_ref(), leg, "resume").await,
            Command::HangUp => {
                self.order(config.hang_up_url.as_ref(), leg, "hang_up")
                    .await
            }
            Command::Answer | Command::Mute(_) => Ok(Answer::Refused(
                "addresses of the configuration cannot answer or mute a call".to_owned(),
            )),
        }
    }

    async fn changed(&mut self) -> Result<Change, Fault> {
        pending().await
    }
}
