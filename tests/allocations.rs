//! What a run does between boot and end needs no memory of the host, once an engine has run for a while:
//! a campaign makes ten million runs of two hundred scheduling decisions each.

mod common;

use allocation_counter::measure;
use common::{Machine, mm_of};
use mmreap::mm::{mmap_sem, mmdrop, mmgrab};
use mmreap::sync::mutex::{mutex_lock, mutex_unlock};
use mmreap::sync::rwsem::{down_read, down_write, up_read, up_write};
use mmreap::sync::time::schedule_timeout_uninterruptible as sleep;
use mmreap::sync::wait::wake_up;
use mmreap::trace::enter;
use mmreap::world::{World, world};

/// Locks for which others wait, reference counts, timers, wait queues, calls.
fn work(times: u32) {
    let mm = mm_of(0);
    for _ in 0..times {
        let _call = enter("work");
        down_write(mmap_sem(mm));
        sleep(1);
        up_write(mmap_sem(mm));
        down_read(mmap_sem(mm));
        mmgrab(mm);
        mmdrop(mm);
        up_read(mmap_sem(mm));
        let oom_lock = world(|w| w.oom.oom_lock());
        mutex_lock(oom_lock);
        wake_up(World::ZONE, "test");
        mutex_unlock(oom_lock);
    }
    sleep(10_000);
}

const LITTLE: [fn(); 3] = [|| work(2), || work(2), || work(2)];
const MUCH: [fn(); 3] = [|| work(40), || work(40), || work(40)];

#[test]
fn scheduling_points_do_not_allocate() {
    let mut machine = Machine::new();
    let mut once = |bodies: &[fn()]| {
        let count = measure(|| _ = machine.run(1, bodies)).count_total;
        (count, machine.world.step)
    };
    // The least of a few, because the list of switches that shuttle keeps grows now and then.
    let mut run = |bodies: &[fn()]| (0..4).map(|_| once(bodies)).min().expect("four runs");
    run(&MUCH);
    let (little, much) = (run(&LITTLE), run(&MUCH));
    assert!(much.1 > little.1 + 1000, "{little:?}, {much:?}: nothing to compare");
    assert_eq!(much.0, little.0, "allocations, and decisions: {little:?}, {much:?}");
}
