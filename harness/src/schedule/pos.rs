//! Partial order sampling: every pending operation has a random priority, and after an operation ran,
//! those that conflict with it draw new ones.
//!
//! Yuan, Yang, Gu: "Partial Order Aware Concurrency Sampling", CAV 2018. As published, but for the draws,
//! which come from one stream per thread.

use super::{ops_conflict, stream};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// Partial order sampling.
#[derive(Debug)]
pub struct Pos {
    seed: u64,
    /// One for each thread that drew; each in a box of its own, because one large block that is
    /// allocated anew for each run makes the allocator tidy up each time.
    streams: Vec<Option<Box<ChaCha8Rng>>>,
    /// The priority of each thread's pending operation, once it was looked at.
    priorities: Vec<Option<u32>>,
}

impl Pos {
    /// The sampling of a seed.
    pub fn new(seed: u64) -> Self {
        const THREADS: usize = 8;
        let (streams, priorities) = (Vec::with_capacity(THREADS), Vec::with_capacity(THREADS));
        Pos { seed, streams, priorities }
    }

    fn priority(&mut self, thread: Tid) -> u32 {
        match self.priorities.get(thread.index()) {
            Some(Some(priority)) => *priority,
            _ => self.draw(thread),
        }
    }

    #[inline(never)]
    fn draw(&mut self, thread: Tid) -> u32 {
        let index = thread.index();
        if self.streams.len() <= index {
            self.streams.resize_with(index + 1, || None);
            self.priorities.resize(index + 1, None);
        }
        let begin = || Box::new(stream(self.seed, thread));
        let priority = self.streams[index].get_or_insert_with(begin).next_u32();
        *self.priorities[index].insert(priority)
    }

    /// The candidate with the highest priority, and of several the one with the highest number.
    fn highest<'a>(&mut self, candidates: &'a [Candidate]) -> &'a Candidate {
        let mut highest = &candidates[0];
        let mut most = self.priority(highest.thread);
        for candidate in &candidates[1..] {
            let priority = self.priority(candidate.thread);
            if (priority, candidate.thread) > (most, highest.thread) {
                (highest, most) = (candidate, priority);
            }
        }
        highest
    }
}

impl Choose for Pos {
    fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
        let chosen = self.highest(candidates);
        for other in candidates {
            if other.thread == chosen.thread || ops_conflict(&other.op, &chosen.op) {
                self.priorities[other.thread.index()] = None;
            }
        }
        chosen.thread
    }
}
