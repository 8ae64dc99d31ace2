//! A recorded call through the same analyser and the same alert rules as a live one.
//!
//! *Promises*: the same samples give the same figures as in a live call. Whole files of any length
//! in the memory of a few frames, besides the report.
//!
//! *Fails* with one sentence that names the file and what is wrong with it.
//!
//! *Never* changes the file, and keeps no sound.

mod frames;
pub mod html;
mod intervals;
mod recording;
mod replay;
mod report;
mod text;
pub mod wav;

pub use frames::{FrameFaults, FrameRow, HEADER, RowBuilder, SideRow};
pub use recording::{Problem, analyze};
pub use report::{
    AlertReport, Analysis, DoubleTalkReport, NoiseName, OvertalkReport, SCHEMA, SideReport,
    SpeechReport,
};
pub use text::text;
