//! Selectively uniform random walk: the interleavings of a few interesting operations are equally likely.
//!
//! Zhao, Wolff, Mathur, Roychoudhury: "Selectively Uniform Concurrency Testing", ASPLOS 2025. What is
//! interesting in a run, the paper's delta, is drawn from what threads contested in the [`super::pilot`]
//! run, and how often a thread will come to it is taken from there. An interesting operation waits until
//! it is its thread's turn; the others run at any time, as in a sticky walk.
//!
//! The paper draws whose turn it is, each thread with the weight of what it has left. Here each
//! interesting operation has a random moment, those of one thread in order, and the earliest moment of all
//! has its turn. Both make every interleaving equally likely, but a moment is drawn by its thread alone, so
//! that the order of two threads stays when a third is taken away. A thread whose turn has come while it
//! sleeps keeps it, and an operation that was not foreseen gets a moment of its own. What is interesting,
//! and the walk of the other operations, come from the stream of the schedule as a whole.

use super::chance::{Streams, below, common};
use super::pilot::{Estimates, Thing};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::point::Op;
use mmreap::sync::thread::Tid;
use mmreap::world::world;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// Selectively uniform random walk.
#[derive(Debug)]
pub struct Surw {
    interesting: Vec<Thing>,
    rng: ChaCha8Rng,
    streams: Streams,
    /// The moments of each thread's interesting operations, by number of the thread, latest first.
    moments: Vec<Vec<u32>>,
}

impl Surw {
    /// The walk of a seed through a run of which this is expected.
    pub fn new(seed: u64, estimates: &Estimates) -> Self {
        let mut rng = common(seed);
        let interesting = draw(&mut rng, &estimates.contested);
        let mut streams = Streams::new(seed);
        let threads = interesting.iter().map(|thing| thing.touches.len()).max().unwrap_or(0);
        let touches = |t| interesting.iter().filter_map(move |thing| thing.touches.get(t)).sum();
        let moments = (0..threads).map(|t| moments(&mut streams, t, touches(t))).collect();
        Surw { interesting, rng, streams, moments }
    }

    fn is_interesting(&self, op: &Op) -> bool {
        self.interesting.iter().any(|thing| thing.is_touched_by(op))
    }

    /// Sees to it that every interesting operation that is announced has a moment.
    fn foresee(&mut self, candidates: &[Candidate]) {
        for candidate in candidates {
            if !self.is_interesting(&candidate.op) {
                continue;
            }
            let thread = candidate.thread.index();
            if self.moments.len() <= thread {
                self.moments.resize(thread + 1, Vec::new());
            }
            if self.moments[thread].is_empty() {
                self.moments[thread].push(self.streams.of(candidate.thread).next_u32());
            }
        }
    }

    /// The thread whose interesting operation comes next. Those that have ended are passed over.
    fn turn(&mut self) -> Option<Tid> {
        loop {
            let next = |(t, moments): (usize, &Vec<u32>)| moments.last().map(|&moment| (moment, t));
            let (_, thread) = self.moments.iter().enumerate().filter_map(next).min()?;
            if !world(|w| w.threads()[thread].ended) {
                return Some(Tid(thread as u8));
            }
            self.moments[thread].clear();
        }
    }

    /// A sticky walk through what is no interesting operation of a thread whose turn it is not. If there
    /// is nothing else, the earliest of those that wait.
    fn walk(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let turn = self.turn();
        let (stays, chance) = (below(&mut self.rng, 4) > 0, self.rng.next_u32());
        let is_open = |c: &&Candidate| turn == Some(c.thread) || !self.is_interesting(&c.op);
        let open = || candidates.iter().filter(is_open);
        if let Some(stay) = open().find(|c| stays && current == Some(c.thread)) {
            return stay.thread;
        }
        let count = open().count();
        if count == 0 {
            let waiting = candidates.iter().map(|c| c.thread);
            let moment = |thread: &Tid| self.moments[thread.index()].last().copied();
            return waiting.min_by_key(moment).expect("there is a candidate");
        }
        let place = ((u64::from(chance) * count as u64) >> 32) as usize;
        open().nth(place).expect("the place is below their number").thread
    }
}

/// What is interesting in one run: mostly one thing, each with the same chance.
fn draw(rng: &mut ChaCha8Rng, contested: &[Thing]) -> Vec<Thing> {
    let mut left: Vec<&Thing> = contested.iter().collect();
    let mut drawn = Vec::new();
    while !left.is_empty() {
        drawn.push(left.swap_remove(below(rng, left.len())).clone());
        if below(rng, 4) > 0 {
            break;
        }
    }
    drawn
}

/// So many random moments of a thread, latest first.
fn moments(streams: &mut Streams, thread: usize, count: u32) -> Vec<u32> {
    let stream = streams.of(Tid(thread as u8));
    let mut moments: Vec<u32> = (0..count).map(|_| stream.next_u32()).collect();
    moments.sort_unstable_by(|a, b| b.cmp(a));
    moments
}

impl Choose for Surw {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        self.foresee(candidates);
        let thread = self.walk(candidates, current);
        let chosen = candidates.iter().find(|c| c.thread == thread);
        if chosen.is_some_and(|c| self.is_interesting(&c.op)) {
            self.moments[thread.index()].pop();
        }
        thread
    }
}
