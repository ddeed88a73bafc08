//! Everything that is shown by running the whole house, as one test binary.

mod deploy;
mod e2e;
mod picture;
mod support;
mod tidy;
