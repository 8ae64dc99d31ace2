//! The arguments of `sidetone schema`.

use clap::{Args, ValueEnum};

/// `sidetone schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone schema > payloads.schema.json         JSON Schema of every payload
  sidetone schema asyncapi > sidetone.async.json topics, directions and payloads (AsyncAPI 3)

The schema of the configuration is `sidetone config schema`.")]
pub struct SchemaArgs {
    /// As what
    #[arg(value_enum, default_value_t = SchemaFormat::Json)]
    pub format: SchemaFormat,
}

/// How the contract is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// JSON Schema of the payloads
    Json,
    /// AsyncAPI 3: topics and payloads
    Asyncapi,
}
