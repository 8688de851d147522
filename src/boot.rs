//! Booting a machine: memory, daemons, processes with their address spaces.
//!
//! Whoever wants to run something calls these functions from the `main` that it hands to
//! [`crate::sync::engine::Engine::run`], in this order: [`machine`], processes and their parts,
//! [`daemons`], then [`run`].

use crate::aio::Kiocb;
use crate::khugepaged::khugepaged_enter;
use crate::ksm::ksm_enter;
use crate::memory::{Handle, allocate};
use crate::mm::mmap::{VmaPlan, insert_vma};
use crate::mm::pgtable::{Entry, PTRS, Slot, pmd_alloc, pte_alloc, pte_index};
use crate::mm::secondary::{self, Release};
use crate::mm::vma::{VmFlag, Vma};
use crate::mm::{Mm, fault};
use crate::page::Watermark;
use crate::sync::daemon::Daemon;
use crate::sync::thread::{self, Tid};
use crate::syscall::vfork::add_child;
use crate::task::{self, Signal, Task, TaskFlag, new_task};
use crate::trace::{EventKind, record};
use crate::world::world;
use std::rc::Rc;

/// The machine.
#[derive(Clone, Copy, Debug)]
pub struct MachinePlan {
    /// Page frames.
    pub frames: u16,
    /// The `min` watermark.
    pub min: u16,
    /// The `high` watermark.
    pub high: u16,
    /// Whether timers may fire at any moment.
    pub any_time: bool,
    /// Whether a full-mm gather does not flush the TLB.
    pub lazy_tlb: bool,
    /// Whether an empty middle-level entry is `pmd_bad`.
    pub empty_pmd_is_bad: bool,
}

/// Creates memory, clock and the locks that exist once.
pub fn machine(plan: MachinePlan) {
    world(|w| {
        w.zone.boot(plan.frames, plan.min, plan.high);
        w.clock.any_time = plan.any_time;
        w.tlbs.lazy = plan.lazy_tlb;
        task::boot(w);
        w.empty_pmd_is_bad = plan.empty_pmd_is_bad;
        crate::oom::boot(w);
        DAEMONS.iter().for_each(|daemon| (daemon.boot)(w));
    });
}

/// A process without threads.
pub fn process(name: Rc<str>, adj: i16) -> Handle<Signal> {
    allocate(Signal::new(name, adj))
}

/// A task of a process, using the address space, that runs `body`. A process that gets no address space is
/// one that somebody starts later, and is not on the list until then.
pub fn task(
    signal: Handle<Signal>,
    name: Rc<str>,
    mm: Option<Handle<Mm>>,
    body: fn(Tid),
) -> Handle<Task> {
    let task = new_task(signal, name.clone(), 0);
    if let Some(mm) = mm {
        task.poke(|task| (task.mm, task.active_mm) = (Some(mm), Some(mm)));
        mm.poke(|mm| mm.users += 1);
        list(task);
    }
    start(task, &name, body);
    task
}

/// A kernel thread of the case.
pub fn kthread(name: Rc<str>, body: fn(Tid)) -> Handle<Task> {
    let task = kernel_task(name, body);
    list(task);
    task
}

/// A leader is on the list of processes.
fn list(task: Handle<Task>) {
    if task.peek(|task| task.signal).peek(|signal| signal.leader == Some(task)) {
        task::attach(task);
    }
}

/// A process that runs becomes a child of another one.
pub fn parent(child: Handle<Signal>, parent: Handle<Signal>) {
    let leader = |process: Handle<Signal>| process.peek(|process| process.leader);
    if let (Some(child), Some(parent)) = (leader(child), leader(parent)) {
        add_child(parent, child);
    }
}

/// A kernel thread that nobody looks for.
fn kernel_task(name: Rc<str>, body: fn(Tid)) -> Handle<Task> {
    let signal = process(name.clone(), 0);
    let task = new_task(signal, name.clone(), 1 << TaskFlag::Kthread as u32);
    start(task, &name, body);
    task
}

/// A secondary MMU of the process's address space, which the process has open.
pub fn secondary_mmu(signal: Handle<Signal>, mm: Handle<Mm>, release: Release) {
    let mmu = secondary::open(mm, release);
    signal.poke(|signal| signal.files.push(mmu));
}

fn start(task: Handle<Task>, name: &str, body: fn(Tid)) {
    let thread = thread::spawn(name, task, body);
    task.poke(|task| task.thread = Some(thread));
}

/// The machine's own kernel threads, in the order in which messages list them.
pub const DAEMONS: &[Daemon] = &[
    crate::oom::reaper::DAEMON,
    crate::ksm::DAEMON,
    crate::khugepaged::DAEMON,
    crate::workqueue::DAEMON,
];

/// Starts the daemons: first those that are always there, whose numbers do not depend on the others by that, and last
/// those that somebody added, by which no others have other numbers.
pub fn daemons(added: &[&'static Daemon]) {
    let always = |daemon: &&Daemon| daemon.has_work.is_none();
    let has_work =
        |daemon: &&Daemon| daemon.has_work.is_some_and(|has_work| world(|w| has_work(w)));
    world(|w| added.iter().for_each(|daemon| (daemon.boot)(w)));
    let own = DAEMONS.iter().filter(always).chain(DAEMONS.iter().filter(has_work));
    let added = added.iter().copied().filter(|daemon| always(daemon) || has_work(daemon));
    for daemon in own.chain(added) {
        kernel_task(daemon.name.into(), daemon.body);
    }
}

/// The device that completes one AIO request, as a thread.
pub fn device(name: &str, request: Handle<Kiocb>, body: fn(Tid)) {
    let task = kernel_task(Rc::from(name), body);
    let thread = task.peek(|task| task.thread);
    request.poke(|request| request.thread = thread);
}

/// Maps something into an address space and fills it, as far as memory reaches. `content` is what each
/// anonymous page contains.
pub fn vma(mm: Handle<Mm>, plan: &VmaPlan, content: u32) {
    let vma = insert_vma(mm, plan);
    if plan.flags & VmFlag::Mergeable.mask() != 0 {
        ksm_enter(mm);
    }
    if plan.flags & VmFlag::Hugepage.mask() != 0 {
        khugepaged_enter(mm);
    }
    if vma.peek(Vma::has_backing) {
        take_backing(vma, plan.pages);
    }
    for page in plan.start..plan.start + plan.pages {
        fill(mm, vma, page, content);
    }
}

fn take_backing(vma: Handle<Vma>, pages: u32) {
    for _ in 0..pages {
        let spare = world(|w| w.zone.free_frames() > w.zone.high);
        let frame = spare.then(|| crate::page::get_page_from_freelist(Watermark::Min)).flatten();
        if let Some(frame) = frame {
            vma.poke(|vma| vma.backing.push(frame));
        }
    }
}

fn fill(mm: Handle<Mm>, vma: Handle<Vma>, page: u32, content: u32) {
    if vma.peek(|vma| vma.has(VmFlag::Pfnmap)) {
        let pmd = pmd_alloc(mm, page);
        pte_alloc(mm, pmd);
        let Entry::Table(table) = pmd.peek() else { return };
        Slot { table, index: pte_index(page) }.set(Entry::Pfn);
        return;
    }
    let populated = fault::populate(vma, page);
    let stored = populated && vma.peek(Vma::is_anonymous) && store(mm, page, content);
    let content = if stored { content } else { vma.peek(|vma| vma.pristine(page)) };
    record(mm.object(), EventKind::UserWrite { page, content });
}

fn store(mm: Handle<Mm>, page: u32, content: u32) -> bool {
    match crate::mm::pgtable::hardware_walk(mm, page) {
        Entry::Page { frame, .. } => crate::page::store(frame, content),
        Entry::Huge(frames) => crate::page::store(frames[(page % PTRS) as usize], content),
        _ => return false,
    }
    true
}

/// Everything is set up: threads run until nothing can happen any more.
pub fn run() {
    world(|w| w.booted());
    thread::run_clock();
}
