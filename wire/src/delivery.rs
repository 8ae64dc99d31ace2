//! How each class of message travels: quality of service, retained, expiry (CONTRACT §1), as one
//! table, used by the MQTT session and by the AsyncAPI document alike.

/// MQTT's quality of service, as far as the contract uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qos {
    /// QoS 0: may be lost.
    AtMostOnce,
    /// QoS 1: acknowledged; may come twice.
    AtLeastOnce,
}

impl Qos {
    /// The number on the wire.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::AtMostOnce => 0,
            Self::AtLeastOnce => 1,
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Quality of service.
    pub qos: Qos,
    /// Whether the broker keeps the last one for later subscribers.
    pub retain: bool,
    /// Message expiry in seconds; `None` = never.
    pub expiry_s: Option<u32>,
}

/// The classes of messages that travel differently.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum MessageClass {
    Status,
    Inventory,
    Telemetry,
    Event,
    AlertActive,
    AlertCleared,
    Command,
    Hold,
    Config,
    Ack,
}

/// An active alert is published again this often, in seconds.
pub const ALERT_REFRESH_S: u32 = 60;

/// An active alert not refreshed for this long counts as expired, in seconds.
pub const ALERT_EXPIRY_S: u32 = 180;

/// A cleared alert's state expires after this long, in seconds.
pub const CLEARED_EXPIRY_S: u32 = 3600;

/// The will is sent this long after the connection broke, in seconds.
pub const WILL_DELAY_S: u32 = 5;

impl MessageClass {
    /// All rows.
    pub const ALL: [Self; 10] = [
        Self::Status,
        Self::Inventory,
        Self::Telemetry,
        Self::Event,
        Self::AlertActive,
        Self::AlertCleared,
        Self::Command,
        Self::Hold,
        Self::Config,
        Self::Ack,
    ];

    /// The table of CONTRACT §1.
    #[must_use]
    pub const fn delivery(self) -> Delivery {
        use Qos::{AtLeastOnce, AtMostOnce};
        let (qos, retain, expiry_s) = match self {
            Self::Status | Self::Inventory | Self::Config => (AtLeastOnce, true, None),
            Self::Telemetry => (AtMostOnce, false, Some(30)),
            Self::Event => (AtLeastOnce, false, Some(24 * 3600)),
            Self::AlertActive => (AtLeastOnce, true, Some(ALERT_EXPIRY_S)),
            Self::AlertCleared => (AtLeastOnce, true, Some(CLEARED_EXPIRY_S)),
            Self::Command => (AtLeastOnce, false, Some(10)),
            Self::Hold => (AtLeastOnce, false, Some(2)),
            Self::Ack => (AtLeastOnce, true, Some(7 * 24 * 3600)),
        };
        Delivery {
            qos,
            retain,
            expiry_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_outlives_two_lost_refreshes() {
        assert_eq!(
            MessageClass::AlertActive.delivery().expiry_s,
            Some(3 * ALERT_REFRESH_S)
        );
    }

    #[test]
    fn only_telemetry_may_be_lost() {
        for class in MessageClass::ALL {
            let lossy = class.delivery().qos == Qos::AtMostOnce;
            assert_eq!(lossy, class == MessageClass::Telemetry, "{class:?}");
        }
    }
}
