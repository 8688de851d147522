//! The engine: runs share an execution of shuttle, and nobody can tell.

mod common;

use common::{Machine, mm_of, note, run};
use mmreap::boot::{self, MachinePlan};
use mmreap::memory::Violation;
use mmreap::mm::{mm_alloc, mmap_sem, mmdrop};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::rwsem::{down_write, up_write};
use mmreap::sync::thread::Tid;
use mmreap::sync::time::schedule_timeout_uninterruptible as sleep;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread;

/// Two threads that wait for each other, so that the CPUs switch.
const PAIR: [fn(); 2] = [|| hold("first"), || hold("second")];

/// More threads than that.
const CROWD: [fn(); 5] = [|| hold("a"), || hold("b"), || hold("c"), || hold("d"), || hold("e")];

fn hold(name: &str) {
    let sem = mmap_sem(mm_of(0));
    down_write(sem);
    note(name);
    sleep(1);
    up_write(sem);
    sleep(20);
}

/// More runs than one execution serves.
#[test]
fn runs_do_not_depend_on_those_before() {
    let mut machine = Machine::new();
    let fresh = |seed| (run(seed, &PAIR), run(seed, &CROWD));
    let expected: Vec<_> = (0..8).map(|seed| thread::spawn(move || fresh(seed)).join()).collect();
    for run in 0..600 {
        let expected = expected[run % 8].as_ref().expect("the first run of a thread works, too");
        let seed = run as u64 % 8;
        assert_eq!(machine.run(seed, &PAIR), expected.0, "run {run}");
        assert_eq!(machine.run(seed, &CROWD), expected.1, "run {run}");
    }
}

#[test]
fn engines_alternate_also_with_another_runner_of_shuttle() {
    let (mut one, mut other) = (Machine::new(), Machine::new());
    let expected = one.run(3, &PAIR);
    for _ in 0..20 {
        assert_eq!(one.run(3, &PAIR), expected);
        let foreign = || {
            let thread = shuttle::thread::spawn(shuttle::thread::yield_now);
            thread.join().expect("it does nothing");
        };
        shuttle::check_random(foreign, 3);
        assert_eq!(other.run(3, &PAIR), expected);
    }
    drop(one);
    assert_eq!(other.run(3, &PAIR), expected);
}

#[test]
fn panic_comes_out_and_the_engine_can_be_used_again() {
    let mut machine = Machine::new();
    let expected = machine.run(5, &CROWD);
    let bodies: [fn(); 2] = [PAIR[0], || panic!("on purpose")];
    let panic = catch_unwind(AssertUnwindSafe(|| machine.run(5, &bodies)));
    let payload = panic.expect_err("a panic is not lost");
    assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
    assert_eq!(machine.run(5, &CROWD), expected);
    assert_eq!(run(5, &CROWD), expected);
}

/// Chooses the last candidate so many times, and panics then.
struct Moody(u32);

impl Choose for Moody {
    fn choose(&mut self, candidates: &[Candidate], _: Option<Tid>) -> Tid {
        self.0 = self.0.checked_sub(1).expect("its mood is good");
        candidates[candidates.len() - 1].thread
    }
}

/// Some decisions are asked for by a thread that goes on, others when nobody runs.
#[test]
fn panic_of_the_scheduler_comes_out_and_the_engine_can_be_used_again() {
    let mut machine = Machine::new();
    let expected = machine.run(5, &CROWD);
    for decisions in 0..60 {
        let scheduler = Rc::new(RefCell::new(Moody(decisions)));
        let panic = catch_unwind(AssertUnwindSafe(|| machine.run_under(scheduler.clone(), &CROWD)));
        panic.expect_err("a panic is not lost");
        assert_eq!(Rc::strong_count(&scheduler), 1, "the engine has let go of it");
        assert_eq!(machine.run(5, &CROWD), expected, "after {decisions} decisions");
    }
}

/// A machine that does not get as far as its first decision.
fn broken_machine() {
    boot::machine(MachinePlan {
        frames: 8,
        min: 1,
        high: 2,
        any_time: false,
        lazy_tlb: false,
        empty_pmd_is_bad: true,
    });
    let mm = mm_alloc();
    let signal = boot::process("p".into(), 0);
    boot::task(signal, "p".into(), Some(mm), |_| unreachable!("the machine is not up"));
    (0..2).for_each(|_| mmdrop(mm));
    unreachable!("the run is over");
}

#[test]
fn run_that_ends_while_it_boots_is_over_and_the_engine_can_be_used_again() {
    let mut machine = Machine::new();
    let expected = machine.run(5, &CROWD);
    for _ in 0..3 {
        machine.boot(Rc::new(RefCell::new(Nobody)), broken_machine);
        assert!(matches!(machine.world.violation, Some(Violation::UseAfterFree { .. })));
        assert_eq!(machine.run(5, &CROWD), expected);
    }
}

/// Is never asked.
struct Nobody;

impl Choose for Nobody {
    fn choose(&mut self, _: &[Candidate], _: Option<Tid>) -> Tid {
        unreachable!("nobody decides while a machine boots")
    }
}

thread_local! {
    static KEPT: RefCell<Option<Machine>> = const { RefCell::new(None) };
}

/// The engine outlives what shuttle keeps in thread-local variables, which is created later.
#[test]
fn engine_may_live_as_long_as_its_os_thread() {
    let body = || {
        KEPT.with_borrow(Option::is_none);
        let mut machine = Machine::new();
        let notes = machine.run(1, &PAIR);
        KEPT.set(Some(machine));
        notes
    };
    let notes = thread::spawn(body).join().expect("the end of the thread is no panic");
    assert_eq!(notes.len(), 2);
}

#[test]
fn engine_may_be_dropped_by_a_panic_of_its_user() {
    let body = || {
        let mut machine = Machine::new();
        machine.run(1, &PAIR);
        panic!("on purpose");
    };
    let panic = thread::spawn(body).join().expect_err("it panics");
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    let body = || {
        catch_unwind(|| {
            let mut machine = Machine::new();
            machine.run(1, &PAIR);
            panic!("on purpose");
        })
        .expect_err("it panics");
        run(1, &PAIR)
    };
    assert_eq!(thread::spawn(body).join().expect("the next engine is a new one").len(), 2);
}
