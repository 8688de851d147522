//! Partial order sampling: every pending operation has a random priority, and after an operation ran,
//! those that conflict with it draw new ones.
//!
//! Yuan, Yang, Gu: "Partial Order Aware Concurrency Sampling", CAV 2018. As published, but for the draws,
//! which come from one stream per thread.

use super::{conflict, stream};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// Partial order sampling.
#[derive(Debug)]
pub struct Pos {
    seed: u64,
    threads: Vec<Lot>,
}

#[derive(Debug)]
struct Lot {
    rng: ChaCha8Rng,
    priority: Option<u32>,
}

impl Pos {
    /// The sampling of a seed.
    pub fn new(seed: u64) -> Self {
        Pos { seed, threads: Vec::new() }
    }

    fn lot(&mut self, thread: Tid) -> &mut Lot {
        while self.threads.len() <= thread.index() {
            let rng = stream(self.seed, Tid(self.threads.len() as u8));
            self.threads.push(Lot { rng, priority: None });
        }
        &mut self.threads[thread.index()]
    }

    fn priority(&mut self, thread: Tid) -> u32 {
        let lot = self.lot(thread);
        let rng = &mut lot.rng;
        *lot.priority.get_or_insert_with(|| rng.next_u32())
    }
}

impl Choose for Pos {
    fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
        let first = candidates.iter().max_by_key(|c| (self.priority(c.thread), c.thread));
        let chosen = *first.expect("there is a candidate");
        self.lot(chosen.thread).priority = None;
        for other in candidates {
            if other.thread != chosen.thread && conflict(&other.op, &chosen.op) {
                self.lot(other.thread).priority = None;
            }
        }
        chosen.thread
    }
}
