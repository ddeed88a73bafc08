//! How cards are written.
