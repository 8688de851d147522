//! Small programs of two or three threads, for each primitive one or more: what a thread does is some of the
//! primitive's operations, and what it got by them.

use mmreap::boot::{self, MachinePlan};
use mmreap::memory::{Handle, free, read, write};
use mmreap::mm::pgtable::{Level, count_table};
use mmreap::mm::{Mm, MmFlag, mm_alloc};
use mmreap::page::{Watermark, free_pages, get_page_from_freelist};
use mmreap::sync::atomic::{
    atomic_dec_and_test, atomic_inc, atomic_inc_not_zero, atomic_read, atomic_sub_and_test,
};
use mmreap::sync::bits::{clear_bit, set_bit, test_and_set_bit, test_bit};
use mmreap::sync::mutex::{Mutex, mutex_lock, mutex_trylock, mutex_unlock};
use mmreap::sync::rwlock::{RwLock, read_lock, read_unlock, write_section};
use mmreap::sync::rwsem::{
    RwSem, down_read, down_read_trylock, down_write, down_write_trylock, up_read, up_write,
};
use mmreap::sync::spinlock::{SpinLock, spin_lock, spin_unlock};
use mmreap::sync::srcu::{srcu_read, synchronize_srcu};
use mmreap::sync::thread::Tid;
use mmreap::sync::time::schedule_timeout_uninterruptible;
use mmreap::sync::wait::{complete, wait_event, wake_up};
use mmreap::trace::Kind;
use mmreap::world::{World, world};
use std::any::Any;
use std::cell::RefCell;

/// A program.
pub struct Program {
    /// Whose operations it has.
    pub primitive: &'static str,
    /// What else its primitive is made of.
    pub with: &'static [&'static str],
    /// What the primitive is about, by the kind of the object and the name.
    pub about: fn(Kind, &str) -> bool,
    /// What each thread does.
    pub threads: &'static [fn()],
}

/// All programs.
pub const PROGRAMS: &[Program] = &[
    program("memory", is_field, &[fields, fields]),
    program("memory", is_field, &[fields, || free(mm())]),
    program("memory", is_field, &[add, add, store]),
    program("atomic", is_counter, &[count, count]),
    program("atomic", is_counter, &[put, put, put]),
    program("atomic", is_counter, &[put, || note(atomic_inc_not_zero(mm(), COUNTER, users))]),
    program("atomic", is_counter, &[put, put, || note(atomic_read(mm(), COUNTER, users))]),
    program("atomic", |_, noun| noun == "free_pages", &[frames, frames, frames]),
    program("bits", |_, noun| noun == "MMF_OOM_SKIP", &[flag, flag]),
    program("mutex", is_lock, &[mutex, mutex]),
    program("mutex", is_lock, &[mutex, try_mutex, try_mutex]),
    program("rwlock", is_lock, &[read_rwlock, read_rwlock, read_rwlock, write_rwlock]),
    program("rwlock", is_lock, &[read_rwlock, write_rwlock, write_rwlock]),
    program("rwsem", is_lock, &[read_sem, read_sem, read_sem, write_sem]),
    program("rwsem", is_lock, &[try_sem, try_sem, read_sem, write_sem]),
    program("spinlock", is_lock, &[spin, spin, spin]),
    program("srcu", |kind, _| kind == Kind::Srcu, &[section, section, wait_for_sections])
        .with(&["wait"]),
    program("thread", is_sleep, &[wait, wake, wake]),
    program("thread", is_sleep, &[section, section, wait_for_sections]),
    program("time", |kind, _| kind == Kind::Clock, &[nap, nap]),
    program("wait", |_, noun| noun == CONDITION, &[wait, wait, wake]),
    program("wait", |_, noun| noun == CONDITION, &[wait, wake_early, wake_early, wake]),
];

const fn program(
    primitive: &'static str,
    about: fn(Kind, &str) -> bool,
    threads: &'static [fn()],
) -> Program {
    Program { primitive, with: &[], about, threads }
}

impl Program {
    const fn with(self, with: &'static [&'static str]) -> Self {
        Program { with, ..self }
    }
}

thread_local! {
    static RUNS: RefCell<&'static [fn()]> = const { RefCell::new(&[]) };
    static LOCK: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
    static GOT: RefCell<Vec<(Tid, i32)>> = const { RefCell::new(Vec::new()) };
}

/// The program runs next.
pub fn load(program: &Program) {
    RUNS.set(program.threads);
    GOT.take();
    LOCK.take();
}

/// What its threads got, and what they left.
pub fn outcome(world: &World) -> String {
    let mut got = GOT.take();
    got.sort_by_key(|it| it.0);
    let left: Vec<_> = world.mms.all().map(|(_, mm)| (mm.users, mm.nr_ptes, mm.flags)).collect();
    format!("{:?} {got:?} {left:?}", world.end)
}

/// Thread 0 of a program.
pub fn main() {
    boot::machine(MachinePlan {
        frames: 16,
        min: 1,
        high: 2,
        any_time: true,
        lazy_tlb: false,
        empty_pmd_is_bad: true,
    });
    mm_alloc().poke(|mm| mm.users = 3);
    for number in 0..RUNS.with_borrow(|threads| threads.len()) {
        boot::kthread(format!("k{number}").into(), |thread| {
            let body = RUNS.with_borrow(|threads| threads[thread.index() - 1]);
            body();
        });
    }
    boot::run();
}

const COUNTER: &str = "users";
const CONDITION: &str = "condition";

fn is_field(kind: Kind, _: &str) -> bool {
    kind == Kind::Mm
}

fn is_counter(_: Kind, noun: &str) -> bool {
    noun == COUNTER
}

fn is_lock(_: Kind, noun: &str) -> bool {
    noun == "lock"
}

/// Threads have no kind; who has not begun has announced nothing.
fn is_sleep(kind: Kind, noun: &str) -> bool {
    kind == Kind::None && ["", "sleep"].contains(&noun)
}

fn mm() -> Handle<Mm> {
    world(|w| w.mms.all().next().expect("there is one").0)
}

fn users(mm: &mut Mm) -> &mut i32 {
    &mut mm.users
}

/// The lock of the program, of which there is one.
fn lock<L: Copy + 'static>(new: fn(&'static str) -> L) -> L {
    LOCK.with_borrow_mut(|lock| {
        let lock = lock.get_or_insert_with(|| Box::new(new("lock")));
        *lock.downcast_ref().expect("a program has locks of one kind")
    })
}

fn me() -> i32 {
    world(|w| i32::from(w.running_tid().0))
}

fn note(value: impl Into<i32>) {
    let got = (world(|w| w.running_tid()), value.into());
    GOT.with_borrow_mut(|all| all.push(got));
}

fn fields() {
    let me = me();
    note(read(mm(), "nr_ptes", |mm| mm.nr_ptes));
    read(mm(), "exe_file", |_| ());
    count_table(mm(), Level::Pte, me);
    write(mm(), "nr_ptes", |mm| mm.nr_ptes = 10 * me);
}

fn add() {
    read(mm(), "exe_file", |_| ());
    count_table(mm(), Level::Pte, 1);
}

fn store() {
    write(mm(), "nr_ptes", |mm| mm.nr_ptes = 7);
}

fn count() {
    atomic_inc(mm(), COUNTER, users);
    note(atomic_read(mm(), COUNTER, users));
    note(atomic_inc_not_zero(mm(), COUNTER, users));
    note(atomic_sub_and_test(1, mm(), COUNTER, users));
    put();
}

fn put() {
    note(atomic_dec_and_test(mm(), COUNTER, users));
}

/// Three that do so come to the watermarks, and one of them gets less.
fn frames() {
    let all: Vec<_> = (0..5).map_while(|_| get_page_from_freelist(Watermark::High)).collect();
    note(all.len() as i32);
    note(get_page_from_freelist(Watermark::Min).is_some());
    free_pages(&all);
}

fn flag() {
    set_bit(mm(), MmFlag::OomSkip);
    note(test_bit(mm(), MmFlag::OomSkip));
    note(test_and_set_bit(mm(), MmFlag::OomSkip));
    clear_bit(mm(), MmFlag::OomSkip);
    note(test_bit(mm(), MmFlag::OomSkip));
}

fn mutex() {
    mutex_lock(lock(Mutex::new));
    mutex_unlock(lock(Mutex::new));
}

fn try_mutex() {
    let taken = mutex_trylock(lock(Mutex::new));
    note(taken);
    if taken {
        mutex_unlock(lock(Mutex::new));
    }
}

fn read_rwlock() {
    read_lock(lock(RwLock::new));
    read_unlock(lock(RwLock::new));
}

fn write_rwlock() {
    write_section(lock(RwLock::new), || ());
}

fn read_sem() {
    down_read(lock(RwSem::new));
    up_read(lock(RwSem::new));
}

fn write_sem() {
    down_write(lock(RwSem::new));
    up_write(lock(RwSem::new));
    if down_write_trylock(lock(RwSem::new)) {
        up_write(lock(RwSem::new));
    }
}

fn try_sem() {
    let taken = down_read_trylock(lock(RwSem::new));
    note(taken);
    if taken {
        up_read(lock(RwSem::new));
    }
}

fn spin() {
    spin_lock(lock(SpinLock::new));
    spin_unlock(lock(SpinLock::new));
}

fn section() {
    srcu_read(|| read(mm(), "rss", |_| ()));
}

fn wait_for_sections() {
    synchronize_srcu();
}

fn nap() {
    schedule_timeout_uninterruptible(1);
    note(world(|w| w.clock.jiffies) as i32);
    set_bit(mm(), MmFlag::Unstable);
}

fn wait() {
    wait_event(mm().object(), CONDITION, || mm().peek_at("exe_file", |mm| !mm.exe_file));
}

fn wake() {
    complete(mm().object(), CONDITION, || mm().poke_at("exe_file", |mm| mm.exe_file = false));
}

/// Before the condition holds.
fn wake_early() {
    wake_up(mm().object(), CONDITION);
}
