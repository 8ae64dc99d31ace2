//! Each alert's life, told as a scenario: at second *t* this happens; these alerts, and no others, follow.

mod calls;
mod life;
pub(crate) mod scenario;
mod sound;
