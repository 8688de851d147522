//! The tree of schedules, of which one branch after the other is tried.
//!
//! Source sets say where a branch has to turn off, sleep sets where it need not go on. Source: Abdulla,
//! Aronis, Jonsson, Sagonas: "Optimal dynamic partial order reduction", POPL 2014, and Godefroid's
//! sleep sets. What a sleeping thread's next step would touch is known, because that step was taken once at
//! the place where it was put to sleep, and nothing since could change it.
//!
//! # With a bound on preemptions
//!
//! Of equivalent schedules one may keep within a bound and another not, so it does not do to try one of each
//! kind and to leave out what is too dear (Coons, Musuvathi, McKinley: "Bounded partial-order reduction",
//! OOPSLA 2013). Here the unit is not the step but the *block*: all that a thread does until it cannot go on.
//! What runs after a block costs nothing, whoever it is. A preemption *cuts* a block: what comes before the
//! cut is another block that the thread could have run at that place, and costs one. So the order of blocks
//! costs nothing, only which blocks there are; and what holds for the order of steps without a bound, source
//! sets and sleep sets, holds for that of blocks with one.
//!
//! It remains to say which cuts have to be tried, and why the others need not be:
//!
//! * While the thread is preempted, somebody touches what its next step touches. Otherwise the cut could as well
//!   be one step later, or not be at all; nothing would differ but the price, and that would not rise. Until
//!   then the thread sleeps: the rest of its block is known from the branch without the cut.
//! * In the branch without the cut, or with a later one, the same somebody runs into a step of that block: they
//!   race. Where a step in the middle of a block raced, the block is cut before it. If the cut has to be earlier,
//!   the next race shows in the branch with this one, and so on down to the one that was meant.
//! * A block that was put first to turn a race round may have to be cut itself to stand for others, so not just
//!   any of those who could go first is tried, but the one who raced, or all.
//! * A step that ends the run is in conflict with all that others would have done.
//!
//! `tests/enumeration.rs` holds it against every schedule within the bound, one by one.

use super::Reduction;
use super::node::{Node, first, threads_of};
use super::trace::{Step, Threads, Trace, only};
use mmreap::sync::thread::Tid;

/// What the tree says about the next decision.
pub enum Next {
    /// This thread.
    Run(Tid),
    /// Every thread that could run sleeps: what follows has been seen.
    Redundant,
}

/// The branch at hand, with what is left to be tried beside it.
pub struct Tree {
    reduction: Reduction,
    bound: Option<u32>,
    /// Above this depth everything is tried, so that what is below can be shared out.
    trunk: usize,
    nodes: Vec<Node>,
    /// The blocks of the branch, as far as they are over. Without a bound, each is a step.
    blocks: Trace,
    /// The steps of the branch, if that is something else.
    steps: Option<Trace>,
    /// The steps of the latest block.
    latest: Vec<Step>,
}

impl Tree {
    /// Nothing tried yet.
    pub fn new(reduction: Reduction, bound: Option<u32>, trunk: usize, threads: usize) -> Self {
        let steps = bound.map(|_| Trace::with_queues(threads));
        let blocks = match bound {
            Some(_) => Trace::with_queues(threads),
            None => Trace::new(threads),
        };
        Tree { reduction, bound, trunk, nodes: Vec::new(), blocks, steps, latest: Vec::new() }
    }

    /// Number of decisions of the branch.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The trace of the branch.
    pub fn class(&self) -> u64 {
        self.steps.as_ref().unwrap_or(&self.blocks).class()
    }

    /// The decision at a place of the branch that is being followed.
    pub fn chosen(&self, place: usize) -> Tid {
        self.nodes[place].chosen
    }

    /// Whether the block at a place ends after so many steps, although its thread could go on.
    pub fn ends_block(&self, place: usize, steps: usize) -> bool {
        self.bound.is_none() || self.nodes[place].preempted_after() == Some(steps)
    }

    /// Takes the branch one decision further; `current` ran last and goes on if there is a choice.
    pub fn extend(&mut self, enabled: Threads, current: Option<Tid>) -> Next {
        let asleep = self.still_asleep();
        let free = enabled & !threads_of(&asleep);
        if free == 0 {
            return Next::Redundant;
        }
        let chosen = current.filter(|&thread| free & only(thread) != 0).unwrap_or(first(free));
        let spent = self.nodes.last().map_or(0, Node::spent);
        let start = self.steps.as_ref().map_or(0, Trace::count);
        let mut node = Node::new(enabled, asleep, chosen, (spent, start));
        if self.tries_all(self.nodes.len()) {
            node.wanted = enabled;
        }
        self.nodes.push(node);
        Next::Run(chosen)
    }

    fn tries_all(&self, place: usize) -> bool {
        self.reduction != Reduction::Source || place < self.trunk
    }

    /// Who sleeps after the latest block: those whose next block it leaves as it was, and whoever was preempted.
    fn still_asleep(&self) -> Vec<Step> {
        let Some(node) = self.nodes.last().filter(|_| self.sleeps()) else { return Vec::new() };
        let block = self.blocks.step(self.nodes.len() - 1);
        let others = node.asleep.iter().filter(|asleep| !block.disturbs(asleep));
        others.cloned().chain(node.rest()).collect()
    }

    fn sleeps(&self) -> bool {
        self.reduction != Reduction::None
    }

    /// A step of the latest block is over.
    pub fn complete(&mut self, step: Step) {
        let Some(node) = self.nodes.last_mut() else { return };
        node.learn(&step);
        let ends = step.ends;
        self.latest.push(step.clone());
        let Some(steps) = &mut self.steps else { return };
        let races = steps.push(step);
        let end = ends.then_some(steps.count() - 1);
        races.into_iter().chain(end).for_each(|place| self.want_cut(place));
    }

    /// Makes sure that the thread of a step is also preempted before it.
    fn want_cut(&mut self, place: usize) {
        let node = self.nodes.partition_point(|node| node.start <= place) - 1;
        let node = &mut self.nodes[node];
        if self.bound.is_some_and(|bound| node.preemptions < bound) {
            node.want_cut(place - node.start);
        }
    }

    /// The latest block is over. `look` is how its thread saw that it could not go on, unless by sleeping.
    pub fn close(&mut self, look: Option<Step>) {
        let Some(last) = self.nodes.len().checked_sub(1) else { return };
        if self.tries_all(last) && self.bound.is_some() {
            let start = self.nodes[last].start;
            (1..self.latest.len()).for_each(|steps| self.want_cut(start + steps));
        }
        look.iter().for_each(|look| self.nodes[last].learn(look));
        let block = Step::joined(self.latest.drain(..).chain(look));
        if block.ends {
            self.nodes[last].wanted |= self.nodes[last].enabled;
        }
        self.turn_round(block);
    }

    /// Adds a block, and makes sure that it is also tried before each one that it raced with.
    fn turn_round(&mut self, block: Step) {
        let second = block.thread;
        for first in self.blocks.push(block) {
            if self.reduction == Reduction::Source {
                let initials = self.blocks.initials(first);
                self.nodes[first].want(initials, second, self.bound.is_some());
            }
        }
    }

    /// Forgets what is below the trunk: somebody else tries it.
    pub fn prune(&mut self, trunk: usize) {
        self.nodes.truncate(trunk);
    }

    /// Turns to the next branch. `false` if there is none.
    pub fn backtrack(&mut self) -> bool {
        let puts_to_sleep = self.sleeps();
        while let Some(node) = self.nodes.last_mut() {
            if node.turn(puts_to_sleep) {
                let start = node.start;
                self.steps.iter_mut().for_each(|steps| steps.truncate(start));
                self.blocks.truncate(self.nodes.len() - 1);
                self.latest.clear();
                return true;
            }
            self.nodes.pop();
        }
        false
    }
}
