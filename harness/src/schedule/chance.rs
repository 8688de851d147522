//! Chance: ChaCha8, keyed by the seed, by whose choice it is, and by how many they made before.
//!
//! A thread is known by its name and not by its number, so that what it draws stays what it was when a
//! process is taken away or put before it. Its stream is made block by block; a draw costs little more
//! than a look into the block.

use mmreap::sync::thread::Tid;
use mmreap::world::world;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::cell::Cell;

/// The number of the stream that belongs to a name.
pub(crate) fn key(name: &str) -> u64 {
    name.bytes().fold(0, |key: u64, byte| key.rotate_left(5) ^ u64::from(byte))
}

/// The stream of the schedule as a whole, which is no thread's: no thread has an empty name.
pub(super) fn common(seed: u64) -> ChaCha8Rng {
    named(seed, "")
}

/// A number below the bound.
pub(super) fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u64::from(rng.next_u32()) * bound as u64) >> 32) as usize
}

fn named(seed: u64, name: &str) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(key(name));
    rng
}

thread_local! {
    /// The room of the streams that were dropped last. It is a large block, and to allocate one anew for each
    /// run makes the allocator tidy up each time.
    static SPARE: Cell<Vec<ChaCha8Rng>> = const { Cell::new(Vec::new()) };
}

/// The streams of the threads of one run.
#[derive(Debug)]
pub(super) struct Streams {
    seed: u64,
    /// By number of the thread.
    streams: Vec<ChaCha8Rng>,
}

impl Streams {
    /// The streams of a seed.
    pub fn new(seed: u64) -> Self {
        Streams { seed, streams: SPARE.take() }
    }

    /// The stream of a thread.
    #[inline]
    pub fn of(&mut self, thread: Tid) -> &mut ChaCha8Rng {
        if self.streams.len() <= thread.index() {
            self.begin(thread);
        }
        &mut self.streams[thread.index()]
    }

    /// Begins the streams of threads up to this one.
    #[cold]
    fn begin(&mut self, newest: Tid) {
        let (begun, seed) = (self.streams.len(), self.seed);
        let streams = &mut self.streams;
        world(|w| {
            let threads = &w.threads()[begun..=newest.index()];
            streams.extend(threads.iter().map(|thread| named(seed, &thread.name)));
        });
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.streams.clear();
        // When the OS thread ends, nobody needs the room any more.
        _ = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.streams)));
    }
}
