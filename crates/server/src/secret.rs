//! Tokens: `trk_` and 30 random letters and digits, then 6 that check them, so that secret
//! scanners find a leaked one. Only the SHA-256 of a token is ever stored.

use rand::RngExt;
use rand::distr::Alphanumeric;
use sha2::{Digest, Sha256};

const RANDOM: usize = 30;
const CHECK: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes a new token.
pub(crate) fn new_token() -> String {
    let random: String = rand::rng()
        .sample_iter(Alphanumeric)
        .take(RANDOM)
        .map(char::from)
        .collect();
    format!("trk_{random}{}", check(&random))
}

/// Gives the SHA-256 of a token in hexadecimal, as the configuration wants it.
pub(crate) fn sha256_hex(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

fn check(random: &str) -> String {
    let mut rest = crc32c::crc32c(random.as_bytes());
    let digits = std::array::from_fn::<u8, CHECK, _>(|_| {
        let digit = BASE62[(rest % 62) as usize];
        rest /= 62;
        digit
    });
    digits
        .iter()
        .rev()
        .map(|digit| char::from(*digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_its_own_check_and_no_two_are_alike() {
        let token = new_token();
        let body = token.strip_prefix("trk_").unwrap();
        assert_eq!(body.len(), RANDOM + CHECK);
        assert_eq!(check(&body[..RANDOM]), body[RANDOM..]);
        assert_ne!(token, new_token());
    }

    #[test]
    fn the_hash_is_sha256_in_hexadecimal() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256_hex(""), empty);
    }
}
