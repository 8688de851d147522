//! One decision of a branch: which thread runs a block here, how far, and what else has to be tried.

use super::trace::{Step, Threads, only};
use mmreap::sync::thread::Tid;

/// A place where a thread was chosen, and the block that it runs.
pub struct Node {
    /// Threads that could run.
    pub enabled: Threads,
    /// Threads that have to be tried here.
    pub wanted: Threads,
    /// The thread that is tried at present.
    pub chosen: Tid,
    /// Preemptions before this choice.
    pub preemptions: u32,
    /// Number of steps before this choice.
    pub start: usize,
    /// Threads that need not be tried here, with the block that each would run. Those that were tried are among
    /// them, unless nobody sleeps.
    pub asleep: Vec<Step>,
    tried: Threads,
    /// The steps of the chosen thread if nobody preempts it.
    whole: Vec<Step>,
    /// After how many of them it has to be preempted, too.
    cuts: Vec<usize>,
    /// How many of these have been tried, that at present included. The whole block comes before them.
    cut: usize,
}

impl Node {
    /// A thread is chosen, after so many preemptions and steps, where nothing has been tried.
    pub fn new(
        enabled: Threads,
        asleep: Vec<Step>,
        chosen: Tid,
        (preemptions, start): (u32, usize),
    ) -> Self {
        let (wanted, tried, cut) = (only(chosen), 0, 0);
        let (whole, cuts) = (Vec::new(), Vec::new());
        Node { enabled, wanted, chosen, preemptions, start, asleep, tried, whole, cuts, cut }
    }

    /// After how many steps the chosen thread is preempted, if it is.
    pub fn preempted_after(&self) -> Option<usize> {
        self.cut.checked_sub(1).map(|latest| self.cuts[latest])
    }

    /// Preemptions after this choice.
    pub fn spent(&self) -> u32 {
        self.preemptions + u32::from(self.cut > 0)
    }

    /// Adds to what the chosen thread does if nobody preempts it.
    pub fn learn(&mut self, step: &Step) {
        if self.cut == 0 {
            self.whole.push(step.clone());
        }
    }

    /// What the chosen thread did not come to do because it is preempted.
    pub fn rest(&self) -> Option<Step> {
        self.preempted_after().map(|steps| Step::joined(self.whole[steps..].iter().cloned()))
    }

    /// Makes sure that the chosen thread is also preempted after so many steps.
    pub fn want_cut(&mut self, steps: usize) {
        if steps > 0 && !self.cuts.contains(&steps) {
            self.cuts.push(steps);
        }
    }

    /// Makes sure that one of the threads is tried that turn a race round; with all of them, if not every block
    /// of a thread can stand for it. The thread of the second step is the shortest way.
    pub fn want(&mut self, initials: Threads, second: Tid, with_all: bool) {
        let instead = initials & self.enabled;
        if !with_all && instead & self.wanted != 0 {
            return;
        }
        self.wanted |= match instead & only(second) {
            0 if with_all => instead,
            0 => instead & instead.wrapping_neg(),
            second => second,
        };
    }

    /// Turns to what has not been tried. `false` if there is nothing.
    pub fn turn(&mut self, puts_to_sleep: bool) -> bool {
        if self.cut < self.cuts.len() {
            self.cut += 1;
            return true;
        }
        self.tried |= only(self.chosen);
        let block = Step::joined(self.whole.drain(..));
        if puts_to_sleep {
            self.asleep.push(block);
        }
        let left = self.wanted & self.enabled & !self.tried & !threads_of(&self.asleep);
        self.cuts.clear();
        (self.chosen, self.cut) = (first(left), 0);
        left != 0
    }
}

/// The threads of some steps.
pub fn threads_of(steps: &[Step]) -> Threads {
    steps.iter().fold(0, |set, step| set | only(step.thread))
}

/// The thread with the lowest number.
pub fn first(threads: Threads) -> Tid {
    Tid(threads.trailing_zeros() as u8)
}
