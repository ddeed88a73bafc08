//! The two lines from end to end: exports in, answers out, on real and on made-up people.

mod answers;
mod apart;
mod counts;
mod demo;
mod equivalence;
mod leak;
mod night;
mod refused;
mod request;
