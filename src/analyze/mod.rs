//! A recorded call through the same analyser and the same alert rules as a live one.
