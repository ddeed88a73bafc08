//! What the crate promises, on exports written by hand and on real ones.

mod breaks;
mod dates;
mod exports;
mod fixture;
mod pieces;
mod pipelines;
mod places;
mod quarantines;
mod runs;
mod samples;
