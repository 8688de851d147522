//! Deadlines: when something that takes long has to come to its end, because the time is up or because
//! somebody said so.
//!
//! Whoever works looks between two runs, and leaves what it has in good order. It is a value, so that what
//! takes long hands it on to what it calls, as it is or shortened.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// When to end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deadline<'a> {
    at: Option<Instant>,
    flag: Option<&'a AtomicBool>,
}

impl<'a> Deadline<'a> {
    /// When the flag is set.
    pub fn flag(flag: &'a AtomicBool) -> Self {
        Deadline { at: None, flag: Some(flag) }
    }

    /// The same, but in so much time at the latest.
    pub fn within(self, time: Duration) -> Self {
        // What no clock can show is not limited.
        let at = Instant::now().checked_add(time);
        Deadline { at: self.at.into_iter().chain(at).min(), ..self }
    }

    /// When one of so many equal parts of the time that is left is over.
    pub fn part(self, of: u32) -> Self {
        self.left().map_or(self, |left| self.within(left / of))
    }

    /// Whether it is time to end.
    pub fn is_over(&self) -> bool {
        self.is_called_off() || self.at.is_some_and(|at| Instant::now() >= at)
    }

    /// Whether somebody said so, before the time was up or after.
    pub fn is_called_off(&self) -> bool {
        self.flag.is_some_and(|flag| flag.load(Ordering::SeqCst))
    }

    /// How much time is left; `None` if that is not limited.
    fn left(&self) -> Option<Duration> {
        self.at.map(|at| at.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_sooner_of_two_counts() {
        let deadline = Deadline::default().within(HOUR);
        assert!(!deadline.is_over() && deadline.left() <= Some(HOUR));
        assert!(deadline.within(Duration::ZERO).is_over());
        assert!(deadline.within(Duration::ZERO).within(HOUR).is_over());
        assert!(!deadline.within(Duration::MAX).is_over());
        assert!(deadline.part(3).left() <= Some(HOUR / 3));
        assert!(Deadline::default().part(3).left().is_none());
    }

    #[test]
    fn a_flag_calls_everything_off() {
        let flag = AtomicBool::new(false);
        let deadline = Deadline::flag(&flag);
        assert!(!deadline.is_over() && deadline.left().is_none());
        flag.store(true, Ordering::SeqCst);
        assert!(deadline.is_over() && deadline.within(HOUR).is_called_off());
        assert!(!Deadline::default().within(Duration::ZERO).is_called_off());
    }
}
