//! The HID side of a headset: what its report descriptor declares, what its reports say, and what
//! that means by usage or by quirk file.
//!
//! *Promises*: controls are matched by *usage*, never by a report id fixed in the program; every
//! byte that comes from a device is bounded before it is believed.
//!
//! *Fails* one interface at a time, with a sentence that names the byte or the line.
//!
//! *Never* writes a feature report; an output report only in [`leds`], when told to.

pub mod capture;
mod charge;
pub mod controls;
pub mod descriptor;
pub mod leds;
mod list;
pub(crate) mod node;
pub mod quirks;
pub mod raw;
pub(crate) mod reader;
pub mod report;
pub mod usage;

pub use list::{Listing, NodeListing, ReportListing, list, list_below, reports};
