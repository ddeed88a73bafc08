//! The lake against a model in memory, against kills and rivals, and in the eyes of other readers.

mod fixture;
mod kills;
mod large;
mod layout;
mod merges;
mod model;
mod places;
