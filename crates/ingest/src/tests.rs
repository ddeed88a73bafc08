//! What the crate promises, on exports written by hand and on real ones.

#![allow(
    clippy::too_many_lines,
    reason = "a table of cases is as long as it is"
)]

mod breaks;
mod dates;
mod exports;
mod fixture;
mod inputs;
mod leaks;
mod pending;
mod pieces;
mod pipelines;
mod places;
mod quality;
mod quarantines;
mod records;
mod references;
mod reports;
mod retries;
mod runs;
mod samples;
mod sources;
