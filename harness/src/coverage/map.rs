//! The map of features: one byte each, 1 if it was seen.
//!
//! Bytes, because libFuzzer wants its extra counters so; on disk it is a row of bits in hexadecimal.

/// Features are numbers below this. 60,000 runs of a campaign see some 12,000 single ones.
pub const SIZE: usize = 1 << 17;

/// Features that were seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Map {
    seen: Box<[u8; SIZE]>,
    count: u32,
}

impl Map {
    /// Adds a feature: whether it is new.
    pub fn add(&mut self, feature: usize) -> bool {
        let place = &mut self.seen[feature % SIZE];
        let new = *place == 0;
        if new {
            *place = 1;
            self.count += 1;
        }
        new
    }

    /// Whether a feature was seen.
    pub fn contains(&self, feature: usize) -> bool {
        self.seen[feature % SIZE] != 0
    }

    /// How many features were seen.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Adds the features of another map.
    pub fn merge(&mut self, other: &Map) {
        for feature in (0..SIZE).filter(|&feature| other.contains(feature)) {
            self.add(feature);
        }
    }

    /// Its text: four features to a digit, the first feature in the lowest bit of the first digit.
    pub fn to_hex(&self) -> String {
        let digit = |four: &[u8]| {
            let bits = four.iter().rev().fold(0, |bits, &seen| bits << 1 | u32::from(seen));
            char::from_digit(bits, 16).expect("four bits are a digit")
        };
        self.seen.chunks(4).map(digit).collect()
    }

    /// Reads what [`Map::to_hex`] wrote; `None` if it is no such text.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut map = Map::default();
        if text.len() != SIZE / 4 {
            return None;
        }
        for (place, digit) in text.chars().enumerate() {
            let bits = digit.to_digit(16)?;
            for bit in (0..4).filter(|bit| bits >> bit & 1 == 1) {
                map.add(4 * place + bit);
            }
        }
        Some(map)
    }
}

impl Default for Map {
    fn default() -> Self {
        Map { seen: Box::new([0; SIZE]), count: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_back_from_its_text() {
        let mut map = Map::default();
        [0, 1, 6, 4711, SIZE - 1].into_iter().for_each(|feature| assert!(map.add(feature)));
        assert!(!map.add(6));
        assert_eq!(map.count(), 5);
        let text = map.to_hex();
        assert!(Map::from_hex(&text).is_some_and(|read| read == map));
        assert!(Map::from_hex(&text[1..]).is_none());
        assert!(Map::from_hex(&text.replacen('3', "x", 1)).is_none());
    }

    #[test]
    fn merging_adds_what_is_missing() {
        let (mut one, mut other) = (Map::default(), Map::default());
        one.add(1);
        other.add(1);
        other.add(2);
        one.merge(&other);
        assert!(one == other);
    }
}
