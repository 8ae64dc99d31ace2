//! The parties of an overtalk, from the signal processing's names to the contract's.

use sidetone_dsp::measurement::Side;
use sidetone_wire::vocabulary::OvertalkParty;

/// A party as the contract names it (CONTRACT §4): no side is `none`, not unknown.
#[must_use]
pub(crate) fn party(side: Option<Side>) -> OvertalkParty {
    match side {
        Some(Side::Agent) => OvertalkParty::Agent,
        Some(Side::Customer) => OvertalkParty::Customer,
        None => OvertalkParty::Neither,
    }
}
