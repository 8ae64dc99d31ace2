//! The broker of a campaign, whichever it is.

use crate::broker::Broker;
use crate::rabbit::Rabbit;

/// One of the brokers the campaign runs against.
pub(crate) enum Server {
    Mosquitto(Broker),
    Rabbit(Rabbit),
}

impl Server {
    pub(crate) fn port(&self) -> u16 {
        match self {
            Self::Mosquitto(broker) => broker.port,
            Self::Rabbit(rabbit) => rabbit.port,
        }
    }

    /// The version of MQTT its consumers speak, as `mosquitto_sub -V` wants it.
    pub(crate) fn version(&self) -> &'static str {
        match self {
            Self::Mosquitto(_) => "5",
            Self::Rabbit(_) => "311",
        }
    }

    /// Starts it with other settings; RabbitMQ needs none to have on its disk what it has acknowledged.
    pub(crate) fn reconfigure(&mut self, settings: &str) {
        if let Self::Mosquitto(broker) = self {
            broker.reconfigure(settings);
        }
    }

    pub(crate) fn stall(&self) {
        match self {
            Self::Mosquitto(broker) => broker.stall(),
            Self::Rabbit(rabbit) => rabbit.stall(),
        }
    }

    pub(crate) fn kill(&mut self) {
        match self {
            Self::Mosquitto(broker) => broker.kill(),
            Self::Rabbit(rabbit) => rabbit.kill(),
        }
    }

    pub(crate) fn restart(&mut self) {
        match self {
            Self::Mosquitto(broker) => broker.restart(),
            Self::Rabbit(rabbit) => rabbit.restart(),
        }
    }
}
