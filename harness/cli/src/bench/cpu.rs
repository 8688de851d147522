//! What hunts take of a processor.
//!
//! It is the time of the thread that hunts, whoever else the machine works for. Two runs of a bench differ in it, so
//! it is reported only where somebody asks for it, beside what is counted in runs. What an arm takes for a find is
//! all that its hunts of the bug took, those that missed included, over the number of finds: the estimate for
//! hunts that find at a constant rate.

use super::ratio::{Ratio, Truth};
use super::survival::Observation;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// What became of a hunt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Take {
    /// Its runs.
    #[serde(flatten)]
    pub runs: Observation,
    /// The seconds of a processor that it took.
    pub seconds: f64,
}

/// The seconds that this thread has had a processor.
pub fn thread_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// What the hunts of an arm took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// All of them together, in seconds of a processor.
    pub seconds: f64,
    /// How many found what they hunted.
    pub finds: u64,
}

impl Cost {
    /// Of these hunts.
    pub fn of(takes: &[Take]) -> Self {
        Cost {
            seconds: takes.iter().map(|take| take.seconds).sum(),
            finds: takes.iter().filter(|take| take.runs.event).count() as u64,
        }
    }

    /// Seconds for a find; a lower bound if there was none.
    pub fn per_find(self) -> f64 {
        self.seconds / self.finds.max(1) as f64
    }

    /// One cost over another, and to which side it is wrong if one of them has no find.
    pub fn over(self, other: Cost) -> Ratio {
        let truth = match (self.finds, other.finds) {
            (0, 0) => Truth::Unknown,
            (0, _) => Truth::Greater,
            (_, 0) => Truth::Less,
            _ => Truth::Equal,
        };
        Ratio { value: self.per_find() / other.per_find(), truth }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(time: u64, event: bool, seconds: f64) -> Take {
        Take { runs: Observation { time, event }, seconds }
    }

    #[test]
    fn what_missed_counts_for_what_found() {
        let slow = Cost::of(&[take(10, true, 1.0), take(20, false, 3.0)]);
        let quick = Cost::of(&[take(10, true, 1.0), take(10, true, 1.0)]);
        assert_eq!((slow.per_find(), quick.per_find()), (4.0, 1.0));
        assert_eq!(slow.over(quick), Ratio { value: 4.0, truth: Truth::Equal });
        let never = Cost::of(&[take(20, false, 3.0)]);
        assert_eq!(never.over(quick), Ratio { value: 3.0, truth: Truth::Greater });
        assert_eq!(quick.over(never).truth, Truth::Less);
        assert_eq!(never.over(never).truth, Truth::Unknown);
    }

    #[test]
    fn work_takes_time() {
        let before = thread_seconds();
        let sum: u64 = (0..3_000_000_u64).map(std::hint::black_box).sum();
        assert!(sum > 0 && thread_seconds() > before);
    }
}
