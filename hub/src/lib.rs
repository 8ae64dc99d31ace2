//! The supervisors' side of Sidetone.
