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

use crate::inject::{FaultPoint, strikes};
use crate::memory::{Handle, Object, Slab, allocate, free, read};
use crate::mm::{Mm, mmap_sem};
use crate::sync::atomic::{atomic_dec_and_test, atomic_inc, atomic_inc_not_zero};
use crate::sync::point::{Access, point};
use crate::sync::rwsem::{down_write_killable, up_write};
use crate::sync::spinlock::{spin_lock, spin_unlock};
use crate::sync::thread::Tid;
use crate::sync::time::schedule_timeout_uninterruptible;
use crate::sync::wait::{complete, wait_event, wait_for_work, wake_up};
use crate::task::{Callback, call_rcu, rcu_read};
use crate::trace::{Kind, ObjectRef, What, enter, protocol, record};
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
    /// Whether `kill_ioctx` has to unmap the ring.
    pub mmap_size: bool,
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
    let allocations = allocations();
    complete(request.object(), "submitted", || {
        request.poke_at("submitted", |request| {
            request.ctx = Some(ctx);
            request.allocations = allocations;
        });
    });
    put_users(ctx);
    true
}

/// Finds a context, and takes a reference on its users.
pub type LookupIoctx = fn(Handle<Mm>, usize) -> Option<Handle<Kioctx>>;

/// `lookup_ioctx`: what the table said a moment ago gets one more user, whether it had any left or not.
pub fn lookup_ioctx_v4_9(mm: Handle<Mm>, slot: usize) -> Option<Handle<Kioctx>> {
    let _call = enter("lookup_ioctx");
    rcu_read(|| {
        let ctx = read(mm, "ioctx_table", |mm| mm.ioctx_table[slot])?;
        atomic_inc(ctx, "users", |ctx| &mut ctx.users);
        Some(ctx)
    })
}

/// `lookup_ioctx` since v4.17 (baf10564fbb6): who has no users left gets none.
pub fn lookup_ioctx_v4_17(mm: Handle<Mm>, slot: usize) -> Option<Handle<Kioctx>> {
    let _call = enter("lookup_ioctx");
    rcu_read(|| {
        let ctx = read(mm, "ioctx_table", |mm| mm.ioctx_table[slot])?;
        atomic_inc_not_zero(ctx, "users", |ctx| &mut ctx.users).then_some(ctx)
    })
}

fn lookup_ioctx(mm: Handle<Mm>, slot: usize) -> Option<Handle<Kioctx>> {
    world(|w| w.revision.lookup_ioctx)(mm, slot)
}

/// The last user is gone.
fn put_users(ctx: Handle<Kioctx>) {
    if atomic_dec_and_test(ctx, "users", |ctx| &mut ctx.users) {
        free_ioctx_users(ctx);
    }
}

/// `free_ioctx_users`: from now on only requests in flight keep the context. None of them can be cancelled.
fn free_ioctx_users(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx_users");
    put_reqs(ctx);
}

/// The device: completes one request in its own time.
pub fn device(request: Handle<Kiocb>) {
    let _call = enter("aio_device");
    let object = request.object();
    if wait_for_work(object, "submitted", || request.peek_at("submitted", |r| r.ctx.is_some()))
        && let Some(ok) = perform(request, object)
    {
        aio_complete(request, ok && !strikes(FaultPoint::Aio));
    }
}

/// Whether the request succeeds; `None` if it never completes.
fn perform(request: Handle<Kiocb>, object: ObjectRef) -> Option<bool> {
    let (completion, since) = request.peek_at("submitted", |r| (r.completion, r.allocations));
    match completion {
        Completion::After(jiffies) | Completion::ErrorAfter(jiffies) if jiffies > 0 => {
            schedule_timeout_uninterruptible(jiffies);
        }
        Completion::After(_) | Completion::ErrorAfter(_) => {}
        Completion::AfterAlloc => {
            wait_event(MEMORY, "allocation", || allocations() > since);
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

fn allocations() -> u32 {
    world(|w| {
        w.footprint.touch(MEMORY, "allocation", Access::Read);
        w.oom.allocations
    })
}

/// Tells devices that need memory that somebody's allocation succeeded.
pub fn allocation_succeeded() {
    let awaited = world(|w| {
        w.footprint.touch(MEMORY, "allocation", Access::Add);
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
    let ctx = request.peek_at("submitted", |request| request.ctx);
    free(request);
    if let Some(ctx) = ctx {
        put_reqs(ctx);
    }
}

fn put_reqs(ctx: Handle<Kioctx>) {
    if atomic_dec_and_test(ctx, "reqs", |ctx| &mut ctx.reqs) {
        world(|w| w.revision.free_ioctx_reqs)(ctx);
    }
}

/// `free_ioctx_reqs`: the last request is done, and a worker frees the context.
pub fn free_ioctx_reqs_v4_9(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx_reqs");
    notify_waiter(ctx);
    schedule_work(Work::FreeIoctx(ctx));
}

/// `free_ioctx_reqs` since v4.16 (a6d7cff472ee): the worker comes after those who read the table.
pub fn free_ioctx_reqs_v4_16(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx_reqs");
    notify_waiter(ctx);
    call_rcu(Callback::Queue(Work::FreeIoctx(ctx)));
}

fn notify_waiter(ctx: Handle<Kioctx>) {
    if let Some(waiter) = ctx.peek_at("waiter", |ctx| ctx.waiter)
        && atomic_dec_and_test(waiter, "count", |waiter| &mut waiter.count)
    {
        complete(waiter.object(), "ctx_rq_wait", || {
            waiter.poke_at("ctx_rq_wait", |waiter| waiter.done = true);
        });
    }
}

/// `free_ioctx`, in a worker.
pub fn free_ioctx(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx");
    free(ctx);
}

/// Kills a context: whether this call did, so that the waiter will hear of its end.
pub type KillIoctx = fn(Handle<Mm>, usize, Handle<Kioctx>, Handle<Waiter>) -> bool;

/// `kill_ioctx`: who is second finds the context dead, and leaves it alone.
pub fn kill_ioctx_v4_9(
    mm: Handle<Mm>,
    slot: usize,
    ctx: Handle<Kioctx>,
    waiter: Handle<Waiter>,
) -> bool {
    let _call = enter("kill_ioctx");
    let lock = mm.peek(|mm| mm.ioctx_lock);
    spin_lock(lock);
    if ctx.poke_at("dead", |ctx| std::mem::replace(&mut ctx.dead, true)) {
        spin_unlock(lock);
        return false;
    }
    mm.poke_at("ioctx_table", |mm| mm.ioctx_table[slot] = None);
    spin_unlock(lock);
    begin_end(mm, ctx, waiter);
    true
}

/// Mutant M20c: `kill_ioctx` that does not look whether the context is dead.
pub fn kill_ioctx_m20c(
    mm: Handle<Mm>,
    slot: usize,
    ctx: Handle<Kioctx>,
    waiter: Handle<Waiter>,
) -> bool {
    let _call = enter("kill_ioctx");
    let lock = mm.peek(|mm| mm.ioctx_lock);
    spin_lock(lock);
    mm.poke_at("ioctx_table", |mm| mm.ioctx_table[slot] = None);
    spin_unlock(lock);
    begin_end(mm, ctx, waiter);
    true
}

/// The ring goes, the context has a waiter, and loses the reference that kept it open.
fn begin_end(mm: Handle<Mm>, ctx: Handle<Kioctx>, waiter: Handle<Waiter>) {
    if ctx.peek_at("mmap_size", |ctx| ctx.mmap_size) {
        munmap_ring(mm);
    }
    ctx.poke_at("waiter", |ctx| ctx.waiter = Some(waiter));
    put_users(ctx);
}

/// `vm_munmap` of the ring, a mapping that nobody else looks at: what others notice is the lock.
fn munmap_ring(mm: Handle<Mm>) {
    let _call = enter("vm_munmap");
    if down_write_killable(mmap_sem(mm)).is_ok() {
        up_write(mmap_sem(mm));
    }
}

fn kill_ioctx(mm: Handle<Mm>, slot: usize, ctx: Handle<Kioctx>, waiter: Handle<Waiter>) -> bool {
    world(|w| w.revision.kill_ioctx)(mm, slot, ctx, waiter)
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
pub fn exit_aio_v4_9(mm: Handle<Mm>) {
    let _call = protocol("exit_aio", mm.object());
    kill_all(mm, wait_for_completion);
}

/// Mutant M20: `exit_aio` that does not wait.
pub fn exit_aio_m20(mm: Handle<Mm>) {
    let _call = protocol("exit_aio", mm.object());
    kill_all(mm, |_| ());
}

/// Kills every context; `wait` is for the requests of all of them. The rings are `exit_mmap`'s to unmap.
fn kill_all(mm: Handle<Mm>, wait: fn(Handle<Waiter>)) {
    let table = read(mm, "ioctx_table", |mm| mm.ioctx_table);
    if table.iter().all(Option::is_none) {
        return;
    }
    let waiter = allocate(Waiter { count: table.len() as i32, done: false });
    let mut skipped = 0;
    for (slot, ctx) in table.into_iter().enumerate() {
        match ctx {
            Some(ctx) => {
                ctx.poke_at("mmap_size", |ctx| ctx.mmap_size = false);
                kill_ioctx(mm, slot, ctx, waiter);
            }
            None => skipped += 1,
        }
    }
    if !sub_and_test(waiter, skipped) {
        wait(waiter);
    }
    free(waiter);
}

/// `atomic_sub_and_test` on the waiter's count.
fn sub_and_test(waiter: Handle<Waiter>, skipped: i32) -> bool {
    point(waiter.object(), Access::Update, "atomic_sub_and_test", "count");
    let (old, new) = waiter.access("count", Access::Update, |waiter| {
        let old = waiter.count;
        waiter.count -= skipped;
        (old, waiter.count)
    });
    record(waiter.object(), What::Count { old, new });
    new == 0
}

fn wait_for_completion(waiter: Handle<Waiter>) {
    wait_event(waiter.object(), "ctx_rq_wait", || {
        waiter.peek_at("ctx_rq_wait", |waiter| waiter.done)
    });
}
