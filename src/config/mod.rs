//! What can be set, where it comes from, and errors that say which line.
