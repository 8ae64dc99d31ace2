//! Identity, outbox and the MQTT session.
