//! Hashes that are the same in every process, every build and on every machine, for files and features that
//! outlive a process. Not for tables that somebody could attack.

/// FNV-1a (Fowler, Noll, Vo) of the bytes.
pub fn stable_hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.into_iter().fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// Two numbers in one, in which every bit depends on every bit of both; their order counts.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(a.rotate_left(32) ^ ODD) * u128::from(b ^ ODD.rotate_left(17) | 1);
    (product >> 64) as u64 ^ product as u64
}
