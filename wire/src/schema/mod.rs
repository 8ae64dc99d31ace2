//! JSON Schema of every payload and an AsyncAPI 3 document, generated from the types themselves.
//!
//! The checked-in copies under `docs/schema/` are compared with these by a test, so that a change
//! of a type is a change that a reviewer sees.

mod asyncapi;
mod payloads;

pub use asyncapi::asyncapi;
pub use payloads::json_schema;
