//! Primitives: they keep the kernel's semantics under every schedule.
//!
//! Every protocol of this crate stands on these few promises, and a broken one would show as a bug of
//! some protocol. Programs use time to put their threads in order, so the notes are the same whatever
//! the scheduler does; each is run under several schedules to see that.

mod common;

use common::{Machine, mm, mm_of, note, run};
use mmreap::memory::Violation;
use mmreap::mm::{mm_alloc, mmap_sem, mmdrop};
use mmreap::sync::atomic::{atomic_dec_and_test, atomic_inc_not_zero, atomic_read};
use mmreap::sync::bits::test_bit;
use mmreap::sync::mutex::{Mutex, mutex_lock, mutex_trylock, mutex_unlock};
use mmreap::sync::rwsem::{
    RwSem, down_read, down_read_trylock, down_write, down_write_killable, down_write_trylock,
    up_read, up_write,
};
use mmreap::sync::thread::Tid;
use mmreap::sync::time::{schedule_timeout_killable, schedule_timeout_uninterruptible as sleep};
use mmreap::sync::wait::{wait_event, wait_event_killable, wake_up};
use mmreap::task::{TaskFlag, current, send_sigkill};
use mmreap::trace::{Event, Kind};
use mmreap::world::world;
use std::cell::Cell;
use std::collections::BTreeSet;

thread_local! {
    static SHORT_LIVED: Cell<Option<RwSem>> = const { Cell::new(None) };
    static BEFORE_IT_GOES: Cell<Option<fn(RwSem)>> = const { Cell::new(None) };
}

const SEEDS: std::ops::Range<u64> = 0..50;

/// The notes, which must be the same under every schedule.
fn notes(bodies: &[fn()]) -> Vec<String> {
    let notes = run(0, bodies);
    for seed in SEEDS {
        assert_eq!(run(seed, bodies), notes, "seed {seed}");
    }
    notes
}

/// The lock that everybody shares: that of the first process, which must not exit before the others.
fn sem() -> RwSem {
    mmap_sem(mm_of(0))
}

fn oom_lock() -> Mutex {
    world(|w| w.oom.oom_lock())
}

fn read_at(jiffy: u32, name: &str) {
    sleep(jiffy);
    down_read(sem());
    note(name);
    sleep(5);
    up_read(sem());
}

fn hold(lock: fn(RwSem), unlock: fn(RwSem)) {
    lock(sem());
    sleep(10);
    unlock(sem());
    sleep(100);
}

fn hold_until(jiffy: u32, sem: RwSem) {
    down_write(sem);
    sleep(jiffy);
    up_write(sem);
}

fn kill(process: usize) {
    let task = world(|w| w.threads()[process + 1].task).expect("it has a task");
    send_sigkill(task);
}

#[test]
fn queued_writer_stops_later_readers_and_trylocks() {
    let writer = || {
        sleep(1);
        down_write(sem());
        note("writer");
        sleep(5);
        up_write(sem());
    };
    let late = || {
        sleep(2);
        note(if down_read_trylock(sem()) { "taken" } else { "refused" });
        read_at(0, "reader");
    };
    let other = || read_at(3, "reader");
    let seen = notes(&[|| hold(down_read, up_read), writer, late, other]);
    assert_eq!(seen, ["2 refused", "10 writer", "15 reader", "15 reader"]);
}

#[test]
fn readers_share_and_writers_do_not() {
    let try_both = || {
        sleep(1);
        note(if down_write_trylock(sem()) { "written" } else { "not written" });
        note(if down_read_trylock(sem()) { "read" } else { "not read" });
        if world(|w| w.running().held.len()) > 0 {
            up_read(sem());
        }
    };
    let beside_reader = notes(&[|| hold(down_read, up_read), try_both]);
    assert_eq!(beside_reader, ["1 not written", "1 read"]);
    let beside_writer = notes(&[|| hold(down_write, up_write), try_both]);
    assert_eq!(beside_writer, ["1 not written", "1 not read"]);
}

/// The lock goes to the front of the queue at once, and to readers behind a reader, but not past a
/// writer.
#[test]
fn lock_is_handed_over_in_order() {
    let bodies: [fn(); 5] = [
        || hold(down_write, up_write),
        || read_at(1, "reader"),
        || read_at(2, "reader"),
        || {
            sleep(3);
            down_write(sem());
            note("writer");
            sleep(5);
            up_write(sem());
        },
        || read_at(4, "last reader"),
    ];
    assert_eq!(notes(&bodies), ["10 reader", "10 reader", "15 writer", "20 last reader"]);
}

#[test]
fn killable_wait_ends_and_lets_others_pass() {
    let killed = || {
        sleep(1);
        note(if down_write_killable(sem()).is_err() { "killed" } else { "taken" });
    };
    let killer = || {
        sleep(4);
        kill(1);
    };
    let reader = || {
        sleep(2);
        down_read(sem());
        sleep(1);
        note("reader");
        up_read(sem());
    };
    let seen = notes(&[|| hold(down_read, up_read), killed, reader, killer]);
    assert_eq!(seen, ["4 killed", "5 reader"]);
}

#[test]
fn other_waits_do_not_end_by_a_signal() {
    let waiter = || {
        sleep(1);
        down_write(sem());
        note("taken");
        up_write(sem());
        schedule_timeout_killable(50);
        note("did not sleep");
    };
    let killer = || {
        sleep(4);
        kill(1);
    };
    let seen = notes(&[|| hold(down_read, up_read), waiter, killer]);
    assert_eq!(seen, ["10 taken", "10 did not sleep"]);
}

#[test]
fn trylock_never_waits() {
    let holder = || {
        mutex_lock(oom_lock());
        sleep(10);
        mutex_unlock(oom_lock());
    };
    let other = || {
        sleep(1);
        note(if mutex_trylock(oom_lock()) { "taken" } else { "refused" });
        sleep(20);
        note(if mutex_trylock(oom_lock()) { "taken" } else { "refused" });
        mutex_unlock(oom_lock());
    };
    assert_eq!(notes(&[holder, other]), ["1 refused", "21 taken"]);
}

/// The condition changes between the look at it and the sleep in some of the schedules; [`run`] notices
/// who is stuck.
#[test]
fn no_wake_up_is_lost() {
    let waiter = || {
        let object = mm_of(0).object();
        wait_event(object, "change", || mm_of(0).peek(|mm| !mm.exe_file));
        note("awake");
        sleep(1);
    };
    let waker = || {
        let mm = mm_of(0);
        mmreap::memory::write(mm, "exe_file", |mm| mm.exe_file = false);
        wake_up(mm.object(), "change");
    };
    for seed in 0..300 {
        assert_eq!(run(seed, &[waiter, waker]), ["0 awake"], "seed {seed}");
    }
}

#[test]
fn killable_event_ends_by_a_signal() {
    let waiter = || {
        let happened = wait_event_killable(mm().object(), "never", || false);
        note(if happened { "happened" } else { "killed" });
    };
    let killer = || {
        sleep(3);
        kill(0);
    };
    assert_eq!(notes(&[waiter, killer]), ["3 killed"]);
}

/// The lock of an address space that goes away before whoever touches it is done.
fn short_lived_sem() -> RwSem {
    sleep(1);
    SHORT_LIVED.get().expect("it is made at jiffy 0")
}

/// Where the lock was touched after it was gone, over all schedules. The first body makes it, and drops it
/// in the end.
fn touched_too_late(before_it_goes: fn(RwSem), user: fn()) -> BTreeSet<String> {
    BEFORE_IT_GOES.set(Some(before_it_goes));
    let owner = || {
        let mm = mm_alloc();
        SHORT_LIVED.set(Some(mmap_sem(mm)));
        BEFORE_IT_GOES.get().expect("it was set")(mmap_sem(mm));
        mmdrop(mm);
    };
    let mut machine = Machine::new();
    let late = |seed| {
        machine.run_mapped(seed, &[], &[owner, user]);
        match machine.world.violation {
            Some(Violation::UseAfterFree { object, used, .. }) => {
                assert_eq!(object.kind, Kind::Mm, "seed {seed}");
                Some(used.site.to_string())
            }
            other => other.map(|violation| panic!("seed {seed}: {violation:?}")),
        }
    };
    SEEDS.filter_map(late).collect()
}

/// A lock is gone with the object that it lies in, also for who has only to wait for it, or to release it.
#[test]
fn a_lock_is_no_older_than_its_object() {
    let nap: fn(RwSem) = |_| sleep(1);
    let reader = || {
        let sem = short_lived_sem();
        down_read(sem);
        up_read(sem);
    };
    let read: [&str; 2] = ["program/down_read(mmap_sem)", "program/up_read(mmap_sem)"];
    assert_eq!(touched_too_late(nap, reader), read.map(String::from).into());
    let polite = || {
        let sem = short_lived_sem();
        if down_read_trylock(sem) {
            up_read(sem);
        }
    };
    let tried = ["program/down_read_trylock(mmap_sem)", "program/up_read(mmap_sem)"];
    assert_eq!(touched_too_late(nap, polite), tried.map(String::from).into());
    // It is held when the other one asks, so that who is late has waited.
    let release_late: fn(RwSem) = |sem| hold_until(2, sem);
    let waiter = || {
        let sem = short_lived_sem();
        down_write(sem);
        up_write(sem);
    };
    let waited = ["program/down_write(mmap_sem)", "program/up_write(mmap_sem)"];
    assert_eq!(touched_too_late(release_late, waiter), waited.map(String::from).into());
}

/// Of a last put and an attempt to get, exactly one sees the other.
#[test]
fn inc_not_zero_is_one_step() {
    fn put() {
        let zero = atomic_dec_and_test(mm_of(0), "test", |mm| &mut mm.locked_vm);
        note(if zero { "last" } else { "not last" });
        sleep(1);
    }
    fn get() {
        let got = atomic_inc_not_zero(mm_of(0), "test", |mm| &mut mm.locked_vm);
        note(if got { "got" } else { "not got" });
        sleep(1);
        let value = atomic_read(mm_of(0), "test", |mm| &mut mm.locked_vm);
        note(&format!("{value} left"));
    }
    let mut outcomes = [false; 2];
    for seed in 0..100 {
        let first = || {
            mm_of(0).poke(|mm| mm.locked_vm = 1);
            sleep(3);
        };
        let mut notes = run(seed, &[first, || (sleep(1), put()).1, || (sleep(1), get()).1]);
        notes.sort();
        match &notes.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["1 got", "1 not last", "2 1 left"] => outcomes[0] = true,
            ["1 last", "1 not got", "2 0 left"] => outcomes[1] = true,
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    assert_eq!(outcomes, [true; 2], "one order was never tried");
}

#[test]
fn timers_fire_in_the_order_of_their_deadlines() {
    let bodies: [fn(); 4] = [
        || (sleep(30), note("a")).1,
        || (sleep(10), note("b")).1,
        || (sleep(20), note("c"), sleep(5), note("d")).3,
        || (sleep(0), note("e")).1,
    ];
    assert_eq!(notes(&bodies), ["0 e", "10 b", "20 c", "25 d", "30 a"]);
}

/// A sleeper, and somebody who looks at the clock as long as the sleeper has not woken.
fn look_while_runnable() -> [fn(); 2] {
    fn look() {
        (0..3).for_each(|_| _ = test_bit(current(), TaskFlag::Memdie));
        note("busy");
    }
    [|| (sleep(5), note("woken")).1, look]
}

#[test]
fn fair_time_passes_only_when_nothing_can_run() {
    assert_eq!(notes(&look_while_runnable()), ["0 busy", "5 woken"]);
}

#[test]
fn any_time_passes_at_any_moment() {
    let mut machine = Machine::new();
    let mut early = |seed| machine.run_any_time(seed, &look_while_runnable())[0] == "5 woken";
    let count = SEEDS.filter(|&seed| early(seed)).count();
    assert!((1..50).contains(&count), "{count}");
}

#[test]
fn one_seed_is_one_log() {
    fn compete() {
        mutex_lock(oom_lock());
        sleep(2);
        mutex_unlock(oom_lock());
    }
    let bodies: [fn(); 3] = [compete; 3];
    let log = |seed| {
        let mut machine = Machine::new();
        machine.run_any_time(seed, &bodies);
        machine.world.log
    };
    let mut different = 0;
    for seed in SEEDS {
        assert_eq!(log(seed), log(seed), "seed {seed}");
        different += usize::from(log(seed) != log(0));
    }
    assert!(different > 40, "only {different} seeds differ from the first");
}

/// The scheduler is asked before every operation: nobody runs two in a row without a choice.
#[test]
fn every_operation_is_a_choice() {
    let mut machine = Machine::new();
    machine.run(1, &[|| (0..10).for_each(|_| _ = test_bit(current(), TaskFlag::Memdie))]);
    let tests = |e: &&Event| e.thread == Tid(1) && e.site.noun() == "TIF_MEMDIE";
    let steps = machine.world.log.iter().filter(tests).map(|event| event.step);
    let steps: Vec<u32> = steps.collect();
    assert!(steps.len() >= 10 && steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
}
