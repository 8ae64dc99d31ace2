//! The station told as scenarios: at second *t* this happens; this is said, and nothing else.

mod any_order;
mod calls;
mod desk;
mod holds;
mod presence;
mod softphones;
mod states;
mod truth;
