//! AIO contexts, requests in flight, and the wait for them that makes exiting block.
//!
//! Source: fs/aio.c of v4.9 to v4.15, in which these functions are the same. `exit_aio` waits
//! uninterruptibly and without a timeout until the last request of every context has completed. If a
//! request needs memory to complete (loop device, network, FUSE), the memory has to come from somewhere
//! else than this address space's exit.
//!
//! Both counts of a context are `percpu_ref`s, which the kernel switches to one atomic counter when they are
//! killed, after a grace period of the scheduler's RCU. On a preemptible kernel, as here, that is not what
//! `lookup_ioctx` reads the table under. Here a kill takes effect at once: what is delayed there by the grace
//! period never blocks, so a thread that is slow does the same.

mod device;
pub mod exit_aio;
pub mod free_ioctx_reqs;
pub mod kill_ioctx;
pub mod lookup_ioctx;

pub use device::{allocation_succeeded, device};

use crate::memory::{Handle, allocate, free};
use crate::mm::Mm;
use crate::sync::atomic::{atomic_dec_and_test, atomic_inc};
use crate::sync::thread::Tid;
use crate::sync::wait::{complete, wait_event};
use crate::trace::enter;
use device::allocations;
use free_ioctx_reqs::free_ioctx_reqs;
use kill_ioctx::kill_ioctx;
use lookup_ioctx::lookup_ioctx;

/// `kioctx`.
#[derive(Debug)]
pub struct Kioctx {
    /// The address space.
    pub mm: Handle<Mm>,
    /// Set once, by whoever kills the context.
    pub dead: bool,
    /// System calls that use the context, plus one until it is killed.
    pub users: i32,
    /// Requests in flight, plus one until the last user is gone.
    pub reqs: i32,
    /// Whether `kill_ioctx` has to unmap the ring.
    pub mmap_size: bool,
    /// Who waits for the last request.
    pub waiter: Option<Handle<Waiter>>,
}

/// `ctx_rq_wait`: a count of contexts, and the completion of the last.
#[derive(Debug)]
pub struct Waiter {
    /// Contexts that still have requests.
    pub count: i32,
    /// Whether the completion is done.
    pub done: bool,
}

/// When a request completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// So many jiffies after submission.
    After(u32),
    /// The same, with an error.
    ErrorAfter(u32),
    /// Once an allocation that began later has succeeded.
    AfterAlloc,
    /// Never.
    Never,
}

/// `kiocb`, a request, with the thread that stands for the device.
#[derive(Debug)]
pub struct Kiocb {
    /// Its context, once submitted.
    pub ctx: Option<Handle<Kioctx>>,
    /// When it completes.
    pub completion: Completion,
    /// The thread of the device.
    pub thread: Option<Tid>,
    /// How many allocations had succeeded when it was submitted.
    allocations: u32,
}

/// `io_setup`, at boot.
pub fn io_setup(mm: Handle<Mm>, slot: usize) {
    let ctx =
        allocate(Kioctx { mm, dead: false, users: 1, reqs: 1, mmap_size: true, waiter: None });
    mm.poke_at("ioctx_table", |mm| mm.ioctx_table[slot] = Some(ctx));
}

/// A request that has not been submitted.
pub fn prepare(completion: Completion) -> Handle<Kiocb> {
    let allocations = 0;
    allocate(Kiocb { ctx: None, completion, thread: None, allocations })
}

/// `io_submit` of one prepared request: whether the context took it.
pub fn io_submit(mm: Handle<Mm>, slot: usize, request: Handle<Kiocb>) -> bool {
    let _call = enter("do_io_submit");
    let Some(ctx) = lookup_ioctx(mm, slot) else { return false };
    atomic_inc(ctx, "reqs", |ctx| &mut ctx.reqs);
    let waits_for_memory = request.peek(|request| request.completion) == Completion::AfterAlloc;
    let allocations = if waits_for_memory { allocations() } else { 0 };
    complete(request.object(), "submitted", || {
        request.poke_at("submitted", |request| {
            request.ctx = Some(ctx);
            request.allocations = allocations;
        });
    });
    put_users(ctx);
    true
}

/// `percpu_ref_put` of a context's users.
pub fn put_users(ctx: Handle<Kioctx>) {
    if atomic_dec_and_test(ctx, "users", |ctx| &mut ctx.users) {
        free_ioctx_users(ctx);
    }
}

/// `free_ioctx_users`: from now on only requests in flight keep the context. None of them can be cancelled.
fn free_ioctx_users(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx_users");
    put_reqs(ctx);
}

/// `percpu_ref_put` of a context's requests.
fn put_reqs(ctx: Handle<Kioctx>) {
    if atomic_dec_and_test(ctx, "reqs", |ctx| &mut ctx.reqs) {
        free_ioctx_reqs(ctx);
    }
}

/// `free_ioctx`, in a worker.
pub fn free_ioctx(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx");
    free(ctx);
}

/// `io_destroy`: kills the context and waits for its requests.
pub fn io_destroy(mm: Handle<Mm>, slot: usize) {
    let _call = enter("io_destroy");
    let Some(ctx) = lookup_ioctx(mm, slot) else { return };
    let waiter = allocate(Waiter { count: 1, done: false });
    let killed = kill_ioctx(mm, slot, ctx, waiter);
    put_users(ctx);
    if killed {
        wait_for_completion(waiter);
    }
    free(waiter);
}

/// `wait_for_completion` of the last request.
pub fn wait_for_completion(waiter: Handle<Waiter>) {
    wait_event(waiter.object(), "ctx_rq_wait", || {
        waiter.peek_at("ctx_rq_wait", |waiter| waiter.done)
    });
}
