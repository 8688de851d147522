//! Partial order sampling: every pending operation has a random priority, and after an operation ran,
//! those that conflict with it draw new ones.
//!
//! Yuan, Yang, Gu: "Partial Order Aware Concurrency Sampling", CAV 2018. As published, but for the draws:
//! a thread draws once for each of its operations, and what it needs anew after conflicts is derived from
//! that draw, so that its next operation is where it was when there are fewer conflicts.
//!
//! In bursts, a thread's next operation keeps the priority of the last seven times in eight, unless there were
//! conflicts. That is half-way to PCT, where threads keep theirs: one may stay behind, or go ahead, for
//! longer than chance gives new priorities to each of its operations.

use super::chance::{Streams, below};
use super::ops_conflict;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_core::Rng;

/// Operations of a burst, on average, if there are no conflicts.
const BURST: usize = 8;

/// Partial order sampling.
#[derive(Debug)]
pub struct Pos {
    streams: Streams,
    bursts: bool,
    /// By number of the thread.
    pending: Vec<Pending>,
}

/// The operation that a thread has announced.
#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    /// What was drawn for it, once it was looked at.
    draw: Option<u64>,
    /// Other priorities that it had before.
    conflicts: u64,
    /// Its priority.
    priority: u32,
}

impl Pending {
    /// The output function of splitmix64 (Steele, Lea, Flood, OOPSLA 2014) at a place of its sequence.
    fn prioritize(&mut self, draw: u64) {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = draw.wrapping_add(self.conflicts.wrapping_mul(GAMMA));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.priority = (z >> 32) as u32;
    }
}

impl Pos {
    /// The sampling of a seed, as published.
    pub fn new(seed: u64) -> Self {
        Pos { streams: Streams::new(seed), bursts: false, pending: Vec::with_capacity(8) }
    }

    /// The sampling of a seed, in bursts.
    pub fn in_bursts(seed: u64) -> Self {
        Pos { bursts: true, ..Pos::new(seed) }
    }

    fn priority(&mut self, thread: Tid) -> u32 {
        match self.pending.get(thread.index()) {
            Some(Pending { draw: Some(_), priority, .. }) => *priority,
            _ => self.draw(thread),
        }
    }

    #[inline(never)]
    fn draw(&mut self, thread: Tid) -> u32 {
        if self.pending.len() <= thread.index() {
            self.pending.resize(thread.index() + 1, Pending::default());
        }
        let draw = self.streams.of(thread).next_u64();
        let pending = &mut self.pending[thread.index()];
        *pending = Pending { draw: Some(draw), ..Pending::default() };
        pending.prioritize(draw);
        pending.priority
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

    /// Whether a thread's next operation gets a priority of its own.
    fn moves_on(&mut self, thread: Tid) -> bool {
        !self.bursts || below(self.streams.of(thread), BURST) == 0
    }

    /// The operation ran; those that conflict with it get new priorities.
    fn ran(&mut self, chosen: &Candidate, candidates: &[Candidate]) {
        let moves_on = self.moves_on(chosen.thread);
        for other in candidates {
            let Some(pending) = self.pending.get_mut(other.thread.index()) else { continue };
            if other.thread == chosen.thread {
                pending.draw = pending.draw.filter(|_| !moves_on);
            } else if let Some(draw) = pending.draw
                && ops_conflict(&other.op, &chosen.op)
            {
                pending.conflicts += 1;
                pending.prioritize(draw);
            }
        }
    }
}

impl Choose for Pos {
    fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
        let chosen = self.highest(candidates);
        self.ran(chosen, candidates);
        chosen.thread
    }
}
