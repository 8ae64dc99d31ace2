//! Each alert's life, told as a scenario: at second *t* this happens; these alerts, and no others, follow.

mod any_order;
mod calls;
mod flapping;
mod levels;
mod life;
mod lines;
pub(crate) mod scenario;
mod sound;
