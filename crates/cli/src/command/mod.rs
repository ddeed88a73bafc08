//! One file a command.

pub(crate) mod application;
pub(crate) mod audit;
pub(crate) mod budget;
pub(crate) mod demo;
pub(crate) mod ingest;
pub(crate) mod init;
pub(crate) mod keys;
pub(crate) mod lake;
pub(crate) mod permit;
pub(crate) mod quarantine;
pub(crate) mod query;
pub(crate) mod release;
pub(crate) mod synth;
