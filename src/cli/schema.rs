//! `sidetone schema`

use super::args::{SchemaArgs, SchemaFormat};
use super::{Failure, output};

/// Prints the contract.
///
/// # Errors
/// [`Failure`], if it cannot be written.
pub fn run(args: &SchemaArgs) -> Result<(), Failure> {
    output::print_json(&match args.format {
        SchemaFormat::Json => sidetone_wire::schema::json_schema(),
        SchemaFormat::Asyncapi => sidetone_wire::schema::asyncapi(),
    })
}
