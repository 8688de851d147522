//! AIO contexts, requests in flight, and the wait for them that makes exiting block.
//!
//! Source: fs/aio.c, which did not change in this respect from v4.5 to v7.1. `exit_aio` waits
//! uninterruptibly and without a timeout until the last request of every context has completed. If a
//! request needs memory to complete (loop device, network, FUSE), the memory has to come from somewhere
//! else than this address space's exit.

use crate::inject::{FaultPoint, strikes};
use crate::memory::{Handle, Object, Slab, allocate, free};
use crate::mm::Mm;
use crate::sync::atomic::{atomic_dec_and_test, atomic_inc};
use crate::sync::point::{Access, point};
use crate::sync::spinlock::{spin_lock, spin_unlock};
use crate::sync::thread::Tid;
use crate::sync::time::schedule_timeout_uninterruptible;
use crate::sync::wait::{wait_event, wait_for_work, wake_up};
use crate::trace::{Kind, ObjectRef, What, enter, record};
use crate::workqueue::{Work, schedule_work};
use crate::world::{World, world};

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
    /// Who waits for the last request.
    pub waiter: Option<Handle<Waiter>>,
}

impl Object for Kioctx {
    const KIND: Kind = Kind::Kioctx;

    fn slab(world: &mut World) -> &mut Slab<Self> {
        &mut world.kioctxs
    }
}

/// `ctx_rq_wait`: a count of contexts, and the completion of the last.
#[derive(Debug)]
pub struct Waiter {
    /// Contexts that still have requests.
    pub count: i32,
    /// Whether the completion is done.
    pub done: bool,
}

impl Object for Waiter {
    const KIND: Kind = Kind::AioWait;

    fn slab(world: &mut World) -> &mut Slab<Self> {
        &mut world.waiters
    }
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

impl Object for Kiocb {
    const KIND: Kind = Kind::Kiocb;

    fn slab(world: &mut World) -> &mut Slab<Self> {
        &mut world.kiocbs
    }
}

/// `io_setup`, at boot.
pub fn io_setup(mm: Handle<Mm>, slot: usize) {
    let ctx = allocate(Kioctx { mm, dead: false, users: 1, reqs: 1, waiter: None });
    mm.poke(|mm| mm.ioctx_table[slot] = Some(ctx));
}

/// A request that has not been submitted.
pub fn prepare(completion: Completion) -> Handle<Kiocb> {
    let allocations = 0;
    allocate(Kiocb { ctx: None, completion, thread: None, allocations })
}

/// `io_submit` of one prepared request: whether the context took it.
pub fn io_submit(mm: Handle<Mm>, slot: usize, request: Handle<Kiocb>) -> bool {
    let _call = enter("io_submit_one");
    let Some(ctx) = lookup_ioctx(mm, slot) else { return false };
    atomic_inc(ctx, "reqs", |ctx| &mut ctx.reqs);
    let allocations = world(|w| w.oom.allocations);
    request.poke(|request| {
        request.ctx = Some(ctx);
        request.allocations = allocations;
    });
    wake_up(request.object(), "submitted");
    put_users(ctx);
    true
}

/// Finds a context and takes a reference on its users, in one RCU read section.
fn lookup_ioctx(mm: Handle<Mm>, slot: usize) -> Option<Handle<Kioctx>> {
    let ctx = crate::memory::read(mm, "ioctx_table", |mm| mm.ioctx_table[slot])?;
    ctx.poke(|ctx| ctx.users += 1);
    Some(ctx)
}

/// The last user starts the end of the requests (`free_ioctx_users`).
fn put_users(ctx: Handle<Kioctx>) {
    if atomic_dec_and_test(ctx, "users", |ctx| &mut ctx.users) {
        put_reqs(ctx);
    }
}

/// The device: completes one request in its own time.
pub fn device(request: Handle<Kiocb>) {
    let _call = enter("aio_device");
    let object = request.object();
    if wait_for_work(object, "submitted", || request.peek(|r| r.ctx.is_some()))
        && let Some(ok) = perform(request, object)
    {
        aio_complete(request, ok && !strikes(FaultPoint::Aio));
    }
}

/// Whether the request succeeds; `None` if it never completes.
fn perform(request: Handle<Kiocb>, object: ObjectRef) -> Option<bool> {
    let (completion, since) = request.peek(|r| (r.completion, r.allocations));
    match completion {
        Completion::After(jiffies) | Completion::ErrorAfter(jiffies) if jiffies > 0 => {
            schedule_timeout_uninterruptible(jiffies);
        }
        Completion::After(_) | Completion::ErrorAfter(_) => {}
        Completion::AfterAlloc => {
            wait_event(MEMORY, "allocation", || world(|w| w.oom.allocations) > since);
        }
        Completion::Never => {
            let _until_the_end = wait_for_work(object, "device", || false);
            return None;
        }
    }
    Some(!matches!(completion, Completion::ErrorAfter(_)))
}

/// What a device that needs memory waits for.
const MEMORY: ObjectRef = World::ZONE;

/// Tells devices that need memory that somebody's allocation succeeded.
pub fn allocation_succeeded() {
    let awaited = world(|w| {
        w.oom.allocations += 1;
        w.is_awaited(MEMORY, "allocation")
    });
    if awaited {
        wake_up(MEMORY, "allocation");
    }
}

/// `aio_complete`, and the request's reference on the context is dropped.
fn aio_complete(request: Handle<Kiocb>, ok: bool) {
    let _call = enter("aio_complete");
    point(request.object(), Access::Write, "complete", "kiocb");
    record(request.object(), What::Complete { ok });
    let ctx = request.peek(|request| request.ctx);
    free(request);
    if let Some(ctx) = ctx {
        put_reqs(ctx);
    }
}

fn put_reqs(ctx: Handle<Kioctx>) {
    if atomic_dec_and_test(ctx, "reqs", |ctx| &mut ctx.reqs) {
        free_ioctx_reqs(ctx);
    }
}

/// `free_ioctx_reqs`: the last request is done.
fn free_ioctx_reqs(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx_reqs");
    if let Some(waiter) = ctx.peek(|ctx| ctx.waiter)
        && atomic_dec_and_test(waiter, "count", |waiter| &mut waiter.count)
    {
        waiter.poke(|waiter| waiter.done = true);
        wake_up(waiter.object(), "ctx_rq_wait");
    }
    schedule_work(Work::FreeIoctx(ctx));
}

/// `kill_ioctx`: whether this call killed it, so that the waiter will hear of its end.
fn kill_ioctx(mm: Handle<Mm>, slot: usize, ctx: Handle<Kioctx>, waiter: Handle<Waiter>) -> bool {
    let _call = enter("kill_ioctx");
    let lock = mm.peek(|mm| mm.ioctx_lock);
    spin_lock(lock);
    if ctx.poke(|ctx| std::mem::replace(&mut ctx.dead, true)) {
        spin_unlock(lock);
        return false;
    }
    mm.poke(|mm| mm.ioctx_table[slot] = None);
    spin_unlock(lock);
    ctx.poke(|ctx| ctx.waiter = Some(waiter));
    put_users(ctx);
    true
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

/// `exit_aio`: kills every context of a dying address space, and waits for all requests.
pub fn exit_aio(mm: Handle<Mm>) {
    let _call = crate::trace::protocol("exit_aio", mm.object());
    let table = crate::memory::read(mm, "ioctx_table", |mm| mm.ioctx_table);
    if table.iter().all(Option::is_none) {
        return;
    }
    let waiter = allocate(Waiter { count: table.len() as i32, done: false });
    let mut skipped = 0;
    for (slot, ctx) in table.into_iter().enumerate() {
        match ctx {
            Some(ctx) => _ = kill_ioctx(mm, slot, ctx, waiter),
            None => skipped += 1,
        }
    }
    if !sub_and_test(waiter, skipped) {
        wait_for_completion(waiter);
    }
    free(waiter);
}

/// `atomic_sub_and_test` on the waiter's count.
fn sub_and_test(waiter: Handle<Waiter>, skipped: i32) -> bool {
    point(waiter.object(), Access::Update, "atomic_sub_and_test", "count");
    let (old, new) = waiter.poke(|waiter| {
        let old = waiter.count;
        waiter.count -= skipped;
        (old, waiter.count)
    });
    record(waiter.object(), What::Count { old, new });
    new == 0
}

fn wait_for_completion(waiter: Handle<Waiter>) {
    wait_event(waiter.object(), "ctx_rq_wait", || waiter.peek(|waiter| waiter.done));
}
