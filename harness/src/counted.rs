//! Numbers with their nouns, for sentences.

/// `1 run`, `2 runs`: the number with the noun that fits it.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
