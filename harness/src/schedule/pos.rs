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
use super::{AskPilot, Kind, Parameter, Share, Strategy, ops_conflict};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_core::Rng;

/// Operations of a burst, on average, if there are no conflicts.
const LENGTH: usize = 8;

/// `pos seed N`.
pub static POS: Kind =
    Kind::new("pos", "partial order sampling: pending operations have random priorities", choose)
        .parameters(&[Parameter::SEED])
        .shares(&[Share { percent: 30.0, numbers: &[] }]);

fn choose(strategy: Strategy, _: &mut AskPilot<'_>) -> Box<dyn Choose> {
    Box::new(Pos::new(strategy.seed()))
}

/// `burst seed N`.
pub static BURST: Kind =
    Kind::new("burst", "the same, but threads mostly keep their priority", choose_in_bursts)
        .parameters(&[Parameter::SEED])
        .shares(&[Share { percent: 16.0, numbers: &[] }]);

fn choose_in_bursts(strategy: Strategy, _: &mut AskPilot<'_>) -> Box<dyn Choose> {
    Box::new(Pos::in_bursts(strategy.seed()))
}

/// Partial order sampling.
#[derive(Debug)]
pub struct Pos {
    streams: Streams,
    bursts: bool,
    /// By number of the thread.
    pending: Vec<Pending>,
}

/// The operation that a thread has announced, or will announce when it goes on.
#[derive(Clone, Copy, Debug)]
struct Pending {
    /// What was drawn for it.
    draw: u64,
    /// Other priorities that it had before.
    conflicts: u64,
    /// Its priority.
    priority: u32,
}

impl Pending {
    fn new(draw: u64) -> Self {
        Pending { draw, conflicts: 0, priority: priority(draw) }
    }

    /// An operation ran that it conflicts with.
    fn renew(&mut self) {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        self.conflicts += 1;
        self.priority = priority(self.draw.wrapping_add(self.conflicts.wrapping_mul(GAMMA)));
    }
}

/// The output function of splitmix64 (Steele, Lea, Flood, OOPSLA 2014) at a place of its sequence.
fn priority(mut z: u64) -> u32 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 32) as u32
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

    /// Draws for the first operations of threads up to this one.
    #[cold]
    fn welcome(&mut self, newest: Tid) {
        for number in self.pending.len()..=newest.index() {
            self.pending.push(Pending::new(self.streams.of(Tid(number as u8)).next_u64()));
        }
    }

    /// The candidate with the highest priority, and of several the one with the highest number.
    fn highest<'a>(&self, candidates: &'a [Candidate]) -> &'a Candidate {
        // One number says both, because a maximum of numbers takes no branches, which nobody could predict.
        let rank = |(place, c): (usize, &Candidate)| {
            u64::from(self.pending[c.thread.index()].priority) << u32::BITS | place as u64
        };
        let highest = candidates.iter().enumerate().map(rank).max().expect("there is a candidate");
        &candidates[highest as u32 as usize]
    }

    /// Whether a thread's next operation gets a priority of its own.
    fn moves_on(&mut self, thread: Tid) -> bool {
        !self.bursts || below(self.streams.of(thread), LENGTH) == 0
    }

    /// Gives operations that conflict with the chosen one new priorities.
    fn renew(&mut self, chosen: &Candidate, candidates: &[Candidate]) {
        for other in candidates {
            if other.thread != chosen.thread && ops_conflict(&other.op, &chosen.op) {
                self.pending[other.thread.index()].renew();
            }
        }
    }

    /// The operation ran; those that conflict with it get new priorities.
    fn ran(&mut self, chosen: &Candidate, candidates: &[Candidate]) {
        // Mostly nobody else is at the object. Counting takes no branches, while in which place the chosen one
        // is could not be predicted.
        let shares = |other: &&Candidate| other.op.object == chosen.op.object;
        if candidates.iter().filter(shares).count() > 1 {
            self.renew(chosen, candidates);
        }
        if self.moves_on(chosen.thread) {
            let draw = self.streams.of(chosen.thread).next_u64();
            self.pending[chosen.thread.index()] = Pending::new(draw);
        }
    }
}

impl Choose for Pos {
    fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
        let newest = candidates.last().expect("there is a candidate").thread;
        if self.pending.len() <= newest.index() {
            self.welcome(newest);
        }
        let chosen = self.highest(candidates);
        self.ran(chosen, candidates);
        chosen.thread
    }
}
