//! A `Token` is made by the chain alone.

use lazaret_pseudonym::Token;

fn forge() -> Token {
    Token([0; 16])
}

fn main() {}
