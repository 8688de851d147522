//! The threads that can run, each with the operation that it announced.
//!
//! The list is kept from one decision to the next, because most decisions change one entry of it.

use crate::sync::engine::Candidate;
use crate::sync::point::Op;
use crate::sync::thread::Tid;

/// Threads that neither sleep nor have ended, by number.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    candidates: Vec<Candidate>,
}

impl Ready {
    /// Forgets every thread.
    pub fn reset(&mut self) {
        let Ready { candidates } = self;
        candidates.clear();
    }

    /// The thread can run, and would do this. Whether that is new.
    pub fn insert(&mut self, thread: Tid, op: Op) -> bool {
        let place = self.candidates.partition_point(|c| c.thread < thread);
        let new = self.candidates.get(place).is_none_or(|c| c.thread != thread);
        if new {
            self.candidates.insert(place, Candidate { thread, op });
        }
        new
    }

    /// Whether the thread can run.
    pub fn contains(&self, thread: Tid) -> bool {
        self.place(thread).is_some()
    }

    /// The thread cannot run any more. Returns what it had announced.
    pub fn remove(&mut self, thread: Tid) -> Op {
        let place = self.place(thread).expect("a thread that runs is ready");
        self.candidates.remove(place).op
    }

    /// The thread, which runs, announces what it does next.
    pub fn announce(&mut self, thread: Tid, op: Op) {
        let place = self.place(thread).expect("a thread that runs is ready");
        self.candidates[place].op = op;
    }

    /// What the thread, which runs, has announced.
    pub fn announced(&self, thread: Tid) -> Op {
        self.candidates[self.place(thread).expect("a thread that runs is ready")].op
    }

    /// Who may be chosen: the clock only if it may fire, or if nobody else is left.
    pub fn choice(&self, clock_may_fire: bool) -> &[Candidate] {
        match self.candidates.split_first() {
            Some((first, others))
                if first.thread == Tid::CLOCK && !clock_may_fire && !others.is_empty() =>
            {
                others
            }
            _ => &self.candidates,
        }
    }

    fn place(&self, thread: Tid) -> Option<usize> {
        self.candidates.iter().position(|c| c.thread == thread)
    }
}
