//! Patience: whether a case gets another schedule, or the next case its first.
//!
//! Most cases have no bug to show and most schedules do not show it, so neither a fixed number of schedules
//! is right nor one schedule each. Who gathers food from patches does best to leave a patch when it gives no more
//! than all of them do on average (the marginal value theorem: Charnov, "Optimal Foraging", Theoretical
//! Population Biology 9, 1976). Here cases are the patches, and what a run gives is the rarity of what it shows.
//! The way from case to case costs nothing, so cases that are all alike get one run each.

/// Runs after which half of what was gathered is forgotten: while a series of runs is young, everything is rare.
const WINDOW: f64 = 1000.0;

/// Schedules of a case, at most.
pub const MOST: u64 = 20;

/// What runs were worth of late.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    worth: f64,
    runs: f64,
}

impl Patience {
    /// Hears what the latest run was worth. Whether that was more than usual, so that its case is to go on.
    pub fn goes_on(&mut self, worth: f64) -> bool {
        self.worth += worth;
        self.runs += 1.0;
        let usual = self.worth / self.runs;
        if self.runs > WINDOW {
            self.worth /= 2.0;
            self.runs /= 2.0;
        }
        worth > usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_that_are_all_alike_get_one_run_each() {
        let mut patience = Patience::default();
        assert!((0..100).all(|_| !patience.goes_on(7.0)));
    }

    #[test]
    fn a_rich_case_after_poor_ones_gets_more_runs() {
        let mut patience = Patience::default();
        for _ in 0..100 {
            assert!(!patience.goes_on(1.0));
        }
        assert!(patience.goes_on(3.0));
        assert!(patience.goes_on(2.0));
        assert!(!patience.goes_on(1.0));
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let mut patience = Patience::default();
        for _ in 0..1000 {
            patience.goes_on(1000.0);
        }
        assert!(!patience.goes_on(10.0));
        let later = (0..20_000).find(|_| patience.goes_on(1.0) || patience.goes_on(2.0));
        assert!(later.is_some(), "two is more than usual once a thousand is forgotten");
    }
}
