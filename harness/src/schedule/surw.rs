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
//! sleeps keeps it; an operation that was not expected gets a moment when nothing else can go. What is
//! interesting, and the walk of the other operations, come from the stream of the schedule as a whole.

use super::chance::{Streams, below, common};
use super::pilot::Thing;
use super::{AskPilot, Estimates, Kind, Parameter, Share, Strategy};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::point::Op;
use mmreap::sync::thread::Tid;
use mmreap::world::world;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// `surw seed N`.
pub static SURW: Kind = Kind::new(
    "surw",
    "selectively uniform random walk: the orders of a few operations are equally likely",
    choose,
)
.parameters(&[Parameter::SEED])
.shares(&[Share { percent: 20.0, numbers: &[] }]);

fn choose(strategy: Strategy, pilot: &mut AskPilot<'_>) -> Box<dyn Choose> {
    Box::new(Surw::new(strategy.seed(), &pilot()))
}

/// Selectively uniform random walk.
#[derive(Debug)]
pub struct Surw {
    interesting: Vec<Thing>,
    rng: ChaCha8Rng,
    streams: Streams,
    /// The moments of each thread's interesting operations, by number of the thread, latest first.
    moments: Option<Vec<Vec<u32>>>,
    /// The thread whose interesting operation comes next.
    turn: Option<Tid>,
    /// Who may go, kept for its storage.
    open: Vec<Tid>,
}

impl Surw {
    /// The walk of a seed through a run of which this is expected.
    pub fn new(seed: u64, estimates: &Estimates) -> Self {
        let mut rng = common(seed);
        let interesting = draw(&mut rng, &estimates.contested);
        let streams = Streams::new(seed);
        Surw { interesting, rng, streams, moments: None, turn: None, open: Vec::new() }
    }

    /// The moments, drawn when the run has begun: a thread's chance goes by its name.
    fn moments(&mut self) -> &mut Vec<Vec<u32>> {
        let (interesting, streams) = (&self.interesting, &mut self.streams);
        self.moments.get_or_insert_with(|| {
            let threads = interesting.iter().map(|thing| thing.touches.len()).max().unwrap_or(0);
            let threads = threads.min(world(|w| w.threads().len()));
            let touches = |t| interesting.iter().filter_map(move |i| i.touches.get(t)).sum();
            (0..threads).map(|t| moments(streams, t, touches(t))).collect()
        })
    }

    fn is_interesting(&self, op: &Op) -> bool {
        self.interesting.iter().any(|thing| thing.is_touched_by(op))
    }

    /// The thread with the earliest moment; those of threads that have ended are dropped.
    fn next_turn(&mut self) -> Option<Tid> {
        let has_ended = |thread: Tid| world(|w| w.threads()[thread.index()].ended);
        while self.turn.is_none_or(has_ended) {
            if let Some(ended) = self.turn {
                self.moments()[ended.index()].clear();
            }
            let next = |(t, moments): (usize, &Vec<u32>)| moments.last().map(|&moment| (moment, t));
            let (_, thread) = self.moments().iter().enumerate().filter_map(next).min()?;
            self.turn = Some(Tid(thread as u8));
        }
        self.turn
    }

    /// A step of a sticky walk among the threads that may go.
    fn walk(&mut self, open: &[Tid], current: Option<Tid>) -> Tid {
        let stays = below(&mut self.rng, 4) > 0;
        match current {
            Some(thread) if stays && open.contains(&thread) => thread,
            _ => open[below(&mut self.rng, open.len())],
        }
    }

    /// The earliest of all, when each waits for its turn and the one whose turn it is cannot come.
    fn earliest(&mut self, candidates: &[Candidate]) -> Tid {
        let threads = candidates.iter().map(|c| c.thread);
        threads.min_by_key(|&thread| self.moment(thread)).expect("there is a candidate")
    }

    /// The moment of a thread's next interesting operation, also if none was expected.
    fn moment(&mut self, thread: Tid) -> u32 {
        if self.moments().len() <= thread.index() {
            self.moments().resize(thread.index() + 1, Vec::new());
        }
        if let Some(&moment) = self.moments()[thread.index()].last() {
            return moment;
        }
        let moment = self.streams.of(thread).next_u32();
        self.moments()[thread.index()].push(moment);
        moment
    }

    /// The interesting operation of a thread runs.
    fn take_turn(&mut self, thread: Tid) {
        if let Some(moments) = self.moments().get_mut(thread.index()) {
            moments.pop();
        }
        self.turn = None;
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
        let turn = self.next_turn();
        let mut open = std::mem::take(&mut self.open);
        open.clear();
        let may_go = |c: &&Candidate| turn == Some(c.thread) || !self.is_interesting(&c.op);
        open.extend(candidates.iter().filter(may_go).map(|c| c.thread));
        let thread =
            if open.is_empty() { self.earliest(candidates) } else { self.walk(&open, current) };
        self.open = open;
        let chosen = candidates.iter().find(|c| c.thread == thread);
        if chosen.is_some_and(|c| self.is_interesting(&c.op)) {
            self.take_turn(thread);
        }
        thread
    }
}
