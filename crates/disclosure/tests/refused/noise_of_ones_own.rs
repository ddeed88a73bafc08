//! Nobody else's noise is taken.

struct Quiet;

impl lazaret_disclosure::Noise for Quiet {}

fn main() {}
