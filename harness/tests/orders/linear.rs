//! Other orders of the steps of a run: what happened before something stays before it.

use mmreap::sync::thread::Tid;
use mmreap_harness::prove::trace::{Step, Trace};
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// A run whose steps can be put into another order.
pub struct Steps {
    trace: Trace,
    threads: usize,
    /// The threads of the steps.
    order: Vec<Tid>,
}

impl Steps {
    /// Those of a run of so many threads.
    pub fn of(steps: &[Step], threads: usize) -> Self {
        let mut trace = Trace::new(threads);
        steps.iter().for_each(|step| _ = trace.push(step.clone()));
        Steps { trace, threads, order: steps.iter().map(|step| step.thread).collect() }
    }

    /// Another order, in which the last step is the last: of the threads that can go on the one with the
    /// highest rank does, and from time to time, about so often, ranks change.
    pub fn another_order(&self, rng: &mut ChaCha8Rng, often: u32) -> Vec<Tid> {
        let mut ranks: Vec<u32> = Vec::new();
        let mut left = self.places();
        let mut done = vec![0; self.threads];
        let mut order = Vec::with_capacity(self.order.len());
        while order.len() + 1 < self.order.len() {
            let next: Vec<usize> = (0..self.threads)
                .filter(|&thread| left[thread].last().is_some_and(|&it| self.is_next(it, &done)))
                .collect();
            if ranks.is_empty() || rng.next_u32().is_multiple_of(often) {
                ranks = (0..self.threads).map(|_| rng.next_u32()).collect();
            }
            let thread = next.into_iter().max_by_key(|&thread| ranks[thread]).expect("a next step");
            left[thread].pop();
            done[thread] += 1;
            order.push(Tid(thread as u8));
        }
        order.extend(self.order.last());
        order
    }

    /// The places of each thread's steps but the run's last, latest first.
    fn places(&self) -> Vec<Vec<usize>> {
        let mut places = vec![Vec::new(); self.threads];
        for (place, thread) in self.order.iter().enumerate().rev().skip(1) {
            places[thread.index()].push(place);
        }
        places
    }

    /// Whether what happened before a step is done, as the numbers of steps that each thread has done say.
    fn is_next(&self, place: usize, done: &[u16]) -> bool {
        let own = self.order[place].index();
        let mut before = self.trace.clock(place).iter().zip(done).enumerate();
        before.all(|(thread, (before, done))| *before <= *done + u16::from(thread == own))
    }

    /// The last step, and nothing but what happened before it.
    pub fn what_led_to_the_end(&self) -> Vec<Tid> {
        let before = self.trace.clock(self.order.len() - 1);
        let mut seen = vec![0; self.threads];
        let led = |thread: &&Tid| {
            seen[thread.index()] += 1;
            seen[thread.index()] <= before[thread.index()]
        };
        self.order.iter().filter(led).copied().collect()
    }
}
