//! `sidetone uplink` and `sidetone station`

use super::args::{StationArgs, UplinkArgs};
use super::{Failure, config};

/// Loads the configuration and runs the uplink until it is told to end.
///
/// # Errors
/// [`Failure`], if the configuration is wrong or the uplink cannot start.
pub fn uplink(args: &UplinkArgs) -> Result<(), Failure> {
    let loaded = config::load(args.config.as_ref())?;
    Ok(crate::run::uplink(&loaded)?)
}

/// Loads the configuration and runs the station until it is told to end.
///
/// # Errors
/// [`Failure`], if the configuration is wrong, or the uplink is of another version that it does not understand.
pub fn station(args: &StationArgs) -> Result<(), Failure> {
    let loaded = config::load(args.config.as_ref())?;
    Ok(crate::run::station(&loaded)?)
}
