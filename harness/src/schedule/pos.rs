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
    /// The priority of each thread's pending operation, or 0 if it has to be drawn.
    priorities: Vec<u64>,
}

impl Pos {
    /// The sampling of a seed.
    pub fn new(seed: u64) -> Self {
        const THREADS: usize = 8;
        let (streams, priorities) = (Vec::with_capacity(THREADS), Vec::with_capacity(THREADS));
        Pos { seed, streams, priorities }
    }

    fn priority(&mut self, thread: Tid) -> u64 {
        match self.priorities.get(thread.index()) {
            Some(&priority) if priority != 0 => priority,
            _ => self.draw(thread),
        }
    }

    /// Draws a priority. If two are the same, that of the thread with the higher number counts for more.
    #[inline(never)]
    fn draw(&mut self, thread: Tid) -> u64 {
        let index = thread.index();
        if self.streams.len() <= index {
            self.streams.resize_with(index + 1, || None);
            self.priorities.resize(index + 1, 0);
        }
        let begin = || Box::new(stream(self.seed, thread));
        let drawn = self.streams[index].get_or_insert_with(begin).next_u32();
        self.priorities[index] = 1 << 63 | u64::from(drawn) << 8 | u64::from(thread.0);
        self.priorities[index]
    }

    fn highest<'a>(&mut self, candidates: &'a [Candidate]) -> &'a Candidate {
        let (mut highest, mut most) = (&candidates[0], 0);
        for candidate in candidates {
            let priority = self.priority(candidate.thread);
            if priority > most {
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
                self.priorities[other.thread.index()] = 0;
            }
        }
        chosen.thread
    }
}
