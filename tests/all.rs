//! Everything that is shown by running the whole house, as one test binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it cannot go on, in its helpers too"
)]

mod deploy;
mod e2e;
mod faults;
mod picture;
mod support;
mod tidy;
