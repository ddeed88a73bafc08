//! The tree against the examples known from Certificate Transparency and against its definition.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::{Hash, Tree};

/// The Merkle tree hash as RFC 6962, section 2.1, defines it.
pub(crate) fn by_definition(entries: &[&[u8]]) -> Hash {
    fn hash(entries: &[&[u8]]) -> [u8; 32] {
        match entries {
            [] => Sha256::digest([]).into(),
            [entry] => Sha256::new()
                .chain_update([0])
                .chain_update(entry)
                .finalize()
                .into(),
            _ => {
                let (left, right) = entries.split_at(entries.len().next_power_of_two() / 2);
                let pair = Sha256::new().chain_update([1]).chain_update(hash(left));
                pair.chain_update(hash(right)).finalize().into()
            }
        }
    }
    let digits: String = hash(entries)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    digits.parse().unwrap()
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let entries: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = Tree::default();
    assert_eq!(tree.root().to_string(), roots[0]);
    for (entry, root) in entries.iter().zip(&roots[1..]) {
        tree.push(Hash::leaf(entry));
        assert_eq!(tree.root().to_string(), *root, "{}", tree.size());
    }
}

#[test]
fn an_edge_fits_one_size_only() {
    let mut tree = Tree::default();
    for n in 0..40u64 {
        assert_eq!(Tree::from_edge(n, &tree.edge()), Some(tree.clone()));
        assert_eq!(
            Tree::from_edge(n + 1, &tree.edge()).is_some(),
            n.count_ones() == (n + 1).count_ones()
        );
        tree.push(Hash::leaf(&n.to_be_bytes()));
    }
    let good = tree.edge();
    for bad in [
        &good[1..],
        &good.to_uppercase(),
        "0",
        "é",
        &good.replace('a', "g"),
    ] {
        assert_eq!(Tree::from_edge(40, bad), None);
    }
}

#[test]
fn hashes_have_one_form() {
    let text = Hash::leaf(b"x").to_string();
    assert_eq!(text.parse::<Hash>().unwrap(), Hash::leaf(b"x"));
    for bad in [
        "",
        "00",
        &text[2..],
        &text.to_uppercase(),
        &format!("{text}0"),
        "日本",
    ] {
        assert!(bad.parse::<Hash>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn roots_are_those_of_the_definition(
        entries in prop::collection::vec(any::<Vec<u8>>(), 0..80),
    ) {
        let mut tree = Tree::default();
        for (n, entry) in entries.iter().enumerate() {
            tree.push(Hash::leaf(entry));
            let so_far: Vec<&[u8]> = entries[..=n].iter().map(Vec::as_slice).collect();
            prop_assert_eq!(tree.root(), by_definition(&so_far));
        }
        prop_assert_eq!(Tree::from_edge(tree.size(), &tree.edge()), Some(tree));
    }

    #[test]
    fn any_text_is_a_hash_or_not(text in "\\PC{0,70}") {
        let hash = text.parse::<Hash>();
        prop_assert!(hash.is_err() || hash.is_ok_and(|hash| hash.to_string() == text));
        prop_assert!(Tree::from_edge(3, &text).is_none());
    }
}
