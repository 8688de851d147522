//! The seed's scenario as a state machine, for somebody who wants nothing but speed: no stacks, no log,
//! no checks, no oracles.
//!
//! The state of a thread is a place in a table of operations, and where to return to. A scheduling
//! decision picks a random bit of the mask of threads that can run, and that thread performs one
//! operation. The tables are those of [`crate::primitives`], in the same order; [`Touch`] stands for what
//! has no effect on anybody else. This is how fast the scenario can be, and no way to model a kernel.

use Op::*;

/// Runs it so often, and returns how many scheduling decisions were made.
pub fn run(times: u32, seed: &mut u64) -> u64 {
    (0..times).map(|_| scenario(seed)).sum()
}

type Table = &'static [Op];

/// An operation. The first group takes a decision, the second none.
#[derive(Clone, Copy)]
enum Op {
    Touch,
    Free,
    Lock(usize),
    Unlock(usize),
    Read,
    UpRead,
    /// Waits until the condition holds.
    Wait(usize),
    /// Makes the condition hold.
    Wake(usize),
    /// Adds to a counter.
    Get(usize),
    /// Takes so much from a counter, and leaves the table unless it becomes zero.
    Put(usize, i32),
    /// The same, but leaves the table if it becomes zero.
    PutAll(usize, i32),
    /// Takes the pages out of the table.
    Take,
    /// Takes work, and does it.
    Work,
    /// `task->mm` is gone.
    Clear,
    SetFlag(u8),

    Call(Table),
    /// Goes on in the other table unless the victim has an address space.
    UnlessMm(Table),
    /// Does the table if the flag is set.
    IfFlag(u8, Table),
    /// Reaps unless that was done, or begins anew if `mmap_sem` is taken.
    TryReap,
    Post(Table),
}

// Locks; each task has one, by its number.
const VICTIM: usize = 0;
const READER: usize = 1;
const KILLER: usize = 2;
const OOM: usize = 3;
const AIO: usize = 4;
const PTL: usize = 5;
const MMAP_SEM: usize = 6;

// Conditions.
const SUBMITTED: usize = 0;
const KILLED: usize = 1;
const QUEUED: usize = 2;
const DONE: usize = 3;
const POSTED: usize = 4;

// Counters; the first are the references to tasks.
const USERS: usize = 3;
const COUNT: usize = 4;
const REQS: usize = 5;
const WAITERS: usize = 6;
const COUNTERS: [i32; 7] = [2, 2, 2, 1, 1, 1, 4];

// Flags of the address space.
const SKIP: u8 = 1;
const IS_VICTIM: u8 = 2;

const THREADS: [Table; 6] = [IO_SUBMIT, GET_TASK_MM, SYSRQ_F, DEVICE, OOM_REAPER, KWORKER];

#[rustfmt::skip]
const IO_SUBMIT: Table = &[
    Touch, Get(REQS), Touch, Touch, Wake(SUBMITTED),
    Touch, Wait(KILLED), Touch, Call(EXIT_VICTIM),
];
const GET_TASK_MM: Table =
    &[Lock(VICTIM), UnlessMm(&[Unlock(VICTIM)]), Get(USERS), Unlock(VICTIM), Call(MMPUT)];
const DEVICE: Table = &[Touch, Wait(SUBMITTED), Touch, Touch, Free, Call(PUT_REQS)];
const KWORKER: Table = &[Touch, Wait(POSTED), Work, Touch, Wait(POSTED), Work];

#[rustfmt::skip]
const SYSRQ_F: Table = &[
    Lock(OOM),
    // select_bad_process
    Touch, Touch, Lock(VICTIM), Touch, Unlock(VICTIM),
    Touch, Lock(READER), Unlock(READER), Get(VICTIM),
    // oom_kill_process
    Lock(VICTIM), Touch, Touch, Unlock(VICTIM), Touch, Lock(VICTIM), Get(VICTIM), Get(COUNT),
    Touch, Touch, Wake(KILLED),
    // mark_oom_victim
    Touch, Touch, Get(COUNT), SetFlag(IS_VICTIM), Touch, Unlock(VICTIM), Touch,
    // wake_oom_reaper
    Touch, Touch, Get(VICTIM), Touch, Touch, Wake(QUEUED),
    Call(MMDROP), Call(PUT_VICTIM), Call(PUT_VICTIM), Touch, Unlock(OOM),
    // do_exit
    Touch, Touch, Touch, Touch, Call(PUT_KILLER), Call(PUT_KILLER),
];

#[rustfmt::skip]
const OOM_REAPER: Table = &[
    Touch, Wait(QUEUED), Touch, Touch,
    Lock(OOM), TryReap, Unlock(OOM), Touch, SetFlag(SKIP), Call(PUT_VICTIM),
];
#[rustfmt::skip]
const REAP: Table = &[
    Touch, Touch, Touch, Touch, Touch, Call(UNMAP), Call(FINISH), Touch, UpRead,
];

#[rustfmt::skip]
const EXIT_VICTIM: Table = &[
    Touch, Touch, Read, Get(COUNT), Lock(VICTIM), Clear, UpRead, Unlock(VICTIM),
    Call(MMPUT), Touch, Touch, Touch, Touch,
    Call(PUT_VICTIM), Call(MMDROP), Call(PUT_VICTIM),
];

#[rustfmt::skip]
const MMPUT: Table = &[
    Put(USERS, 1),
    // exit_aio
    Touch, Lock(AIO), Unlock(AIO), Call(PUT_REQS), Call(AWAIT_REQS), Free,
    Touch, Touch,
    // exit_mmap
    Touch, Call(UNMAP), Touch, Touch, IfFlag(IS_VICTIM, OOM_VICTIM),
    Touch, Touch, Free, Touch, Free, Call(FINISH), Free,
    Touch, Touch, Call(MMDROP),
];
const AWAIT_REQS: Table = &[PutAll(WAITERS, 3), Touch, Wait(DONE), Touch];
const OOM_VICTIM: Table = &[SetFlag(SKIP), Lock(MMAP_SEM), Unlock(MMAP_SEM)];
const UNMAP: Table = &[Touch, Touch, Touch, Lock(PTL), Take, Unlock(PTL)];
const FINISH: Table = &[Touch, Free];
const MMDROP: Table = &[Put(COUNT, 1), Free, Free];

#[rustfmt::skip]
const PUT_REQS: Table = &[
    Put(REQS, 1), Call(PUT_WAITER), Touch, Touch, Post(&[Free]), Wake(POSTED),
];
const PUT_WAITER: Table = &[Put(WAITERS, 1), Touch, Touch, Wake(DONE)];
#[rustfmt::skip]
const PUT_VICTIM: Table = &[
    Put(VICTIM, 1), Free, Touch, Touch, Touch, Post(MMDROP), Wake(POSTED), Free,
];
const PUT_KILLER: Table = &[Put(KILLER, 1), Free, Touch, Free];

#[derive(Clone, Copy, Default)]
struct Lockable {
    readers: u8,
    written: bool,
    waiting: u32,
}

#[derive(Clone, Copy)]
struct Thread {
    /// The table at hand, the place in it, and where to go on after it.
    frames: [(Table, usize); 5],
    depth: usize,
}

struct Machine {
    threads: [Thread; 6],
    runnable: u32,
    locks: [Lockable; 7],
    /// Whether the condition holds, and who waits for that.
    conditions: [(bool, u32); 5],
    counters: [i32; 7],
    work: [Table; 2],
    posted: usize,
    taken: usize,
    has_mm: bool,
    flags: u8,
    pages: u32,
    touched: u32,
    freed: u32,
}

fn scenario(seed: &mut u64) -> u64 {
    let begin = |table| Thread { frames: [(table, 0); 5], depth: 0 };
    let mut machine = Machine {
        threads: THREADS.map(begin),
        runnable: (1 << THREADS.len()) - 1,
        locks: [Lockable::default(); 7],
        conditions: [(false, 0); 5],
        counters: COUNTERS,
        work: [&[]; 2],
        posted: 0,
        taken: 0,
        has_mm: true,
        flags: 0,
        pages: 2,
        touched: 0,
        freed: 0,
    };
    let mut decisions = 0;
    while machine.runnable != 0 {
        decisions += 1;
        machine.step(choose(machine.runnable, seed));
    }
    let ended = (machine.counters[COUNT], machine.taken, machine.pages);
    assert_eq!(ended, (0, 2, 0), "nobody is stuck, and nothing is left");
    std::hint::black_box((machine.touched, machine.freed));
    decisions
}

/// A random bit of the mask, by an xorshift.
fn choose(mut mask: u32, seed: &mut u64) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    for _ in 0..((*seed >> 32) * u64::from(mask.count_ones())) >> 32 {
        mask &= mask - 1;
    }
    mask.trailing_zeros() as usize
}

impl Machine {
    /// Performs an operation, and goes on to the next that takes a decision.
    fn step(&mut self, me: usize) {
        let (table, place) = self.frame(me);
        let op = table[*place];
        *place += 1;
        self.perform(me, op);
        while self.settle(me) {}
    }

    fn frame(&mut self, me: usize) -> &mut (Table, usize) {
        let thread = &mut self.threads[me];
        &mut thread.frames[thread.depth]
    }

    fn call(&mut self, me: usize, table: Table) {
        self.threads[me].depth += 1;
        *self.frame(me) = (table, 0);
    }

    /// Takes a step that takes no decision: whether there was one.
    fn settle(&mut self, me: usize) -> bool {
        let (table, place) = self.frame(me);
        let Some(&op) = table.get(*place) else { return self.leave(me) };
        *place += 1;
        match op {
            Call(table) => self.call(me, table),
            UnlessMm(other) => {
                if !self.has_mm {
                    *self.frame(me) = (other, 0);
                }
            }
            IfFlag(flag, table) => {
                if self.flags & flag != 0 {
                    self.call(me, table);
                }
            }
            TryReap => self.try_reap(me),
            Post(table) => {
                self.work[self.posted] = table;
                self.posted += 1;
            }
            _ => {
                self.frame(me).1 -= 1;
                return false;
            }
        }
        true
    }

    /// The end of a table; at the end of the outermost the thread ends.
    fn leave(&mut self, me: usize) -> bool {
        let inside = self.threads[me].depth > 0;
        if inside {
            self.threads[me].depth -= 1;
        } else {
            self.runnable &= !(1 << me);
        }
        inside
    }

    fn try_reap(&mut self, me: usize) {
        if self.locks[MMAP_SEM].written {
            // Once more, from the lock.
            self.frame(me).1 -= 2;
            self.unlock(OOM);
        } else if self.flags & SKIP == 0 {
            self.locks[MMAP_SEM].readers += 1;
            self.call(me, REAP);
        }
    }

    fn perform(&mut self, me: usize, op: Op) {
        match op {
            Free => self.freed += 1,
            Lock(lock) => self.lock(me, lock, false),
            Unlock(lock) => self.unlock(lock),
            Read => self.lock(me, MMAP_SEM, true),
            UpRead => {
                self.locks[MMAP_SEM].readers -= 1;
                self.runnable |= std::mem::take(&mut self.locks[MMAP_SEM].waiting);
            }
            Wait(condition) => self.wait(me, condition),
            Wake(condition) => {
                self.conditions[condition].0 = true;
                self.runnable |= std::mem::take(&mut self.conditions[condition].1);
            }
            Get(counter) => self.counters[counter] += 1,
            Put(counter, less) | PutAll(counter, less) => {
                self.counters[counter] -= less;
                if (self.counters[counter] == 0) == matches!(op, PutAll(..)) {
                    self.frame(me).1 = usize::MAX;
                }
            }
            Take => self.pages = 0,
            Work => {
                let table = self.work[self.taken];
                self.taken += 1;
                self.conditions[POSTED].0 = self.taken < self.posted;
                self.call(me, table);
            }
            Clear => self.has_mm = false,
            SetFlag(flag) => self.flags |= flag,
            _ => self.touched += 1,
        }
    }

    fn lock(&mut self, me: usize, lock: usize, shared: bool) {
        let lock = &mut self.locks[lock];
        if lock.written || (!shared && lock.readers > 0) {
            lock.waiting |= 1 << me;
            return self.sleep(me);
        }
        lock.written = !shared;
        lock.readers += u8::from(shared);
    }

    fn unlock(&mut self, lock: usize) {
        self.locks[lock].written = false;
        self.runnable |= std::mem::take(&mut self.locks[lock].waiting);
    }

    fn wait(&mut self, me: usize, condition: usize) {
        let (holds, waiting) = &mut self.conditions[condition];
        if !*holds {
            *waiting |= 1 << me;
            self.sleep(me);
        }
    }

    /// Sleeps, and tries the operation again.
    fn sleep(&mut self, me: usize) {
        self.runnable &= !(1 << me);
        self.frame(me).1 -= 1;
    }
}
