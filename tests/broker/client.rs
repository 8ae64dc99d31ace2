//! An MQTT 5 client with a certificate, which keeps what it was sent.

use crate::broker::PATIENCE;
use crate::trial::Certificates;
use rumqttc::mqttbytes::v5::PubAckReason;
use rumqttc::{
    AsyncClient, Event, Incoming, LastWill, MqttOptions, PublishNoticeError, PublishOptions, QoS,
    TlsConfiguration, Transport,
};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A message that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) topic: String,
    pub(crate) payload: String,
    pub(crate) retained: bool,
    /// Seconds it had left.
    pub(crate) expiry: Option<u32>,
}

/// A client that is connected.
pub(crate) struct Client {
    client: AsyncClient,
    got: Arc<Mutex<Vec<Got>>>,
    task: JoinHandle<()>,
}

/// Who connects where.
pub(crate) struct Door<'a> {
    pub(crate) certificates: &'a Certificates,
    pub(crate) port: u16,
    /// Directory of the certificate, and its name; `None` = without one.
    pub(crate) who: Option<(&'a str, &'a str)>,
    /// The topic of its will.
    pub(crate) will: Option<&'a str>,
}

impl Client {
    /// Connects, and subscribes to everything.
    ///
    /// # Errors
    /// Why it was not let in.
    pub(crate) async fn connect(door: Door<'_>) -> Result<Self, String> {
        let id = door.who.map_or("nobody", |(_, name)| name);
        let mut options = MqttOptions::new(format!("{id}-{}", door.port), ("127.0.0.1", door.port));
        let read = |of: &str, name: &str, file: &str| {
            fs::read(door.certificates.file(of, name, file)).unwrap()
        };
        let client_auth = door.who.map(|(of, name)| {
            let file = |ending: &str| read(of, name, &format!("{name}.{ending}"));
            (file("crt"), file("key"))
        });
        options
            .set_transport(Transport::Tls(TlsConfiguration::Simple {
                ca: read("broker", "", "broker-ca.crt"),
                alpn: None,
                client_auth,
            }))
            .set_keep_alive(30);
        if let Some(topic) = door.will {
            options.set_last_will(LastWill::new(topic, "will", QoS::AtLeastOnce, false, None));
        }
        let (client, mut events) = AsyncClient::builder(options).capacity(200).build();
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&got);
        let (ready, heard) = oneshot::channel();
        for filter in ["sidetone/#", "bridge/#"] {
            client.try_subscribe(filter, QoS::AtLeastOnce).unwrap();
        }
        let task = tokio::spawn(async move {
            let (mut ready, mut subscribed) = (Some(ready), 0);
            let mut tell = |outcome: Result<(), String>| {
                if let Some(ready) = ready.take() {
                    let _ = ready.send(outcome);
                }
            };
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Incoming::SubAck(_))) => {
                        subscribed += 1;
                        if subscribed == 2 {
                            tell(Ok(()));
                        }
                    }
                    Ok(Event::Incoming(Incoming::Publish(publish))) => {
                        let properties = publish.properties.as_ref();
                        seen.lock().unwrap().push(Got {
                            topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                            payload: String::from_utf8_lossy(&publish.payload).into_owned(),
                            retained: publish.retain,
                            expiry: properties.and_then(|p| p.message_expiry_interval),
                        });
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tell(Err(error.to_string()));
                        return;
                    }
                }
            }
        });
        let outcome = tokio::time::timeout(PATIENCE, heard).await;
        outcome.expect("the broker answers").unwrap()?;
        Ok(Self { client, got, task })
    }

    /// Publishes with QoS 1, and says whether the broker took it.
    pub(crate) async fn publish(
        &self,
        topic: &str,
        payload: &str,
        options: PublishOptions,
    ) -> bool {
        let notice = self
            .client
            .publish_tracked(topic, payload.to_owned(), options);
        match notice.await.unwrap().wait_completion_async().await {
            Ok(()) | Err(PublishNoticeError::V5PubAck(PubAckReason::NoMatchingSubscribers)) => true,
            Err(PublishNoticeError::V5PubAck(PubAckReason::NotAuthorized)) => false,
            Err(other) => panic!("{topic}: {other:?}"),
        }
    }

    /// Publishes with QoS 1, not retained.
    pub(crate) async fn say(&self, topic: &str, payload: &str) -> bool {
        let options = PublishOptions::new(QoS::AtLeastOnce);
        self.publish(topic, payload, options).await
    }

    /// What came so far.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Waits until a message of this topic and payload has come.
    pub(crate) async fn until(&self, topic: &str, payload: &str) -> Got {
        let end = Instant::now() + PATIENCE;
        loop {
            let got = self.got();
            let found = got
                .iter()
                .find(|g| g.topic == topic && g.payload == payload);
            if let Some(found) = found {
                return found.clone();
            }
            assert!(Instant::now() < end, "{topic} {payload} not in {got:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The connection breaks, without a farewell.
    pub(crate) async fn vanish(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
