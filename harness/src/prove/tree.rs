//! The tree of schedules, of which one branch after the other is tried.
//!
//! Source sets say where a branch has to turn off, sleep sets where it need not go on. Source: Abdulla,
//! Aronis, Jonsson, Sagonas: "Optimal dynamic partial order reduction", POPL 2014, and Godefroid's
//! sleep sets. What a sleeping thread's next step would touch is known, because that step was taken once at
//! the place where it was put to sleep, and nothing since could change it.
//!
//! With a bound on preemptions a branch beyond the bound is not taken, though it may be the one that stands
//! for others within it. So every race also makes its threads be tried where the thread that was first
//! began to run, at which place it costs nothing to run another one, and nobody sleeps. Source: Coons,
//! Musuvathi, McKinley: "Bounded partial-order reduction", OOPSLA 2013.

use super::Reduction;
use super::trace::{Race, Step, Threads, Trace, only};
use mmreap::sync::thread::Tid;

/// A place where a thread was chosen.
struct Node {
    enabled: Threads,
    /// Threads that have to be tried here.
    wanted: Threads,
    tried: Threads,
    chosen: Tid,
    /// The thread that ran before, if it could go on.
    current: Option<Tid>,
    /// Preemptions before this choice.
    preemptions: u32,
    /// Threads that need not be tried here, with the step that each would take.
    asleep: Vec<Step>,
}

impl Node {
    fn cost(&self, thread: Tid) -> u32 {
        u32::from(self.current.is_some_and(|current| current != thread))
    }

    /// The threads whose choice keeps within a bound.
    fn within(&self, bound: Option<u32>) -> Threads {
        match (bound, self.current) {
            (Some(bound), Some(current)) if self.preemptions >= bound => only(current),
            _ => Threads::MAX,
        }
    }
}

/// What the tree says about the next decision.
pub enum Turn {
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
    crown: usize,
    nodes: Vec<Node>,
    /// The steps of the branch, as far as they are over.
    pub trace: Trace,
}

impl Tree {
    /// Nothing tried yet.
    pub fn new(reduction: Reduction, bound: Option<u32>, crown: usize, threads: usize) -> Self {
        Tree { reduction, bound, crown, nodes: Vec::new(), trace: Trace::new(threads) }
    }

    /// Number of decisions of the branch.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The decision at a place of the branch that is being followed.
    pub fn chosen(&self, place: usize) -> Tid {
        self.nodes[place].chosen
    }

    /// Takes the branch one decision further; `current` ran last and goes on if there is a choice.
    pub fn extend(&mut self, enabled: Threads, current: Option<Tid>) -> Turn {
        let asleep = self.still_asleep();
        let free = enabled & !set_of(&asleep);
        if free == 0 {
            return Turn::Redundant;
        }
        let current = current.filter(|&thread| enabled & only(thread) != 0);
        let chosen = current.filter(|&thread| free & only(thread) != 0).unwrap_or(first(free));
        let all = self.reduction != Reduction::Source || self.nodes.len() < self.crown;
        let wanted = if all { enabled } else { only(chosen) };
        let preemptions = self.nodes.last().map_or(0, |n| n.preemptions + n.cost(n.chosen));
        self.nodes.push(Node { enabled, wanted, tried: 0, chosen, current, preemptions, asleep });
        Turn::Run(chosen)
    }

    /// Who sleeps after the latest step: those whose next step it leaves as it was.
    fn still_asleep(&self) -> Vec<Step> {
        let Some(node) = self.nodes.last().filter(|_| self.sleeps()) else { return Vec::new() };
        let step = self.trace.step(self.nodes.len() - 1);
        node.asleep.iter().filter(|asleep| !step.disturbs(asleep)).cloned().collect()
    }

    fn sleeps(&self) -> bool {
        self.reduction != Reduction::None && self.bound.is_none()
    }

    /// Says what the latest decision led to.
    pub fn complete(&mut self, step: Step) {
        let races = self.trace.push(step);
        if self.reduction == Reduction::Source {
            races.iter().for_each(|race| self.turn_round(race));
        }
    }

    fn turn_round(&mut self, race: &Race) {
        if self.bound.is_none() {
            return self.nodes[race.first].want(race);
        }
        let runs = self.nodes[race.first].chosen;
        let other = self.nodes[..race.first].iter().rposition(|node| node.chosen != runs);
        for place in [race.first, other.map_or(0, |place| place + 1)] {
            self.nodes[place].want_within_bound(race.second);
        }
    }

    /// The latest step ended the run for everybody: it is in conflict with whatever others would have done.
    pub fn cut_off(&mut self) {
        if let Some(node) = self.nodes.last_mut() {
            node.wanted |= node.enabled;
        }
    }

    /// Forgets what is below the crown: somebody else tries it.
    pub fn prune(&mut self, crown: usize) {
        self.nodes.truncate(crown);
    }

    /// Turns to the next branch. `false` if there is none.
    pub fn backtrack(&mut self) -> bool {
        while let Some(place) = self.nodes.len().checked_sub(1) {
            let sleeps = self.sleeps();
            let node = &mut self.nodes[place];
            node.tried |= only(node.chosen);
            if sleeps {
                node.asleep.push(self.trace.step(place).clone());
            }
            let left = node.wanted & node.enabled & !node.tried & !set_of(&node.asleep);
            let left = left & node.within(self.bound);
            if left != 0 {
                node.chosen = first(left);
                self.trace.truncate(place);
                return true;
            }
            self.nodes.pop();
        }
        false
    }
}

impl Node {
    /// Makes sure that one of the threads is tried that turn a race round.
    fn want(&mut self, race: &Race) {
        let instead = race.instead & self.enabled;
        let second = only(race.second) & instead;
        match (instead, second) {
            // The second step could not have been taken here, and nothing else leads to it.
            (0, _) => {}
            _ if instead & self.wanted != 0 => {}
            (_, 0) => self.wanted |= only(first(instead)),
            _ => self.wanted |= second,
        }
    }

    /// The same where it matters what trying a thread costs: nobody else can stand for it.
    fn want_within_bound(&mut self, second: Tid) {
        let second = only(second) & self.enabled;
        self.wanted |= if second == 0 { self.enabled } else { second };
    }
}

fn set_of(steps: &[Step]) -> Threads {
    steps.iter().fold(0, |set, step| set | only(step.thread))
}

fn first(threads: Threads) -> Tid {
    Tid(threads.trailing_zeros() as u8)
}
