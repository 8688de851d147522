//! A run is a world: all objects of one run, pooled and reset, so that nothing leaks when a run is
//! cut short and a violation can be inspected afterwards.
//!
//! The engine gives the OS thread the world for as long as the run takes, and gives it back to whoever asked for
//! the run, to look at. All simulated threads of a run share it, one at a time: between two scheduling points the
//! running thread has it for itself. A closure that is given to [`world`] must not call anything that reaches a
//! scheduling point or the world again.

use crate::aio::{Kiocb, Kioctx, Waiter};
use crate::inject::Injection;
use crate::memory::{Obituary, Place, Slab, Violation};
use crate::mm::Mm;
use crate::mm::gather::Gather;
use crate::mm::pgtable::PageTable;
use crate::mm::secondary::SecondaryMmu;
use crate::mm::tlb::Tlbs;
use crate::mm::vma::Vma;
use crate::oom::OomKiller;
use crate::page::Zone;
use crate::release::NEWEST;
use crate::revision::Revision;
use crate::scan_list::ScanList;
use crate::sync::footprint::Footprint;
use crate::sync::lock::Locks;
use crate::sync::mutex::Mutex;
use crate::sync::point::{Access, ExtraPoints, Op, Turn};
use crate::sync::ready::Ready;
use crate::sync::srcu::Srcu;
use crate::sync::thread::{CLOCK, Sleep, Thread, Tid};
use crate::sync::time::Clock;
use crate::task::{ProcessList, Signal, Task};
use crate::trace::names::KnownPairs;
use crate::trace::{Actor, Call, Event, Function, Kind, Log, ObjectRef, Role, Site, What, judged};
use crate::workqueue::Workqueue;
use std::cell::RefCell;

/// Scheduling decisions after which a run is given up. A hundred times what the largest case needs.
pub const STEP_LIMIT: u32 = 50_000;

/// Looks at objects without a scheduling point in between after which a thread counts as stuck. The largest
/// case boots with a tenth of them, and a step takes some dozens.
const LOOKS: u32 = 1_000_000;

thread_local! {
    /// That of the run, or one in which nothing happens.
    static WORLD: RefCell<World> = RefCell::default();
}

/// Gives access to the world of the run that this OS thread is in.
pub fn world<R>(f: impl FnOnce(&mut World) -> R) -> R {
    WORLD.with_borrow_mut(f)
}

/// The OS thread goes on in the other world, and the one that it was in becomes the other.
pub(crate) fn exchange(other: &mut World) {
    WORLD.with_borrow_mut(|world| std::mem::swap(world, other));
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing can happen any more.
    Quiescent,
    /// Only allocations that try again and again are left.
    Livelock,
    /// Nobody was left to kill.
    Panic,
    /// A violation was found.
    Violation,
    /// More than [`STEP_LIMIT`] scheduling decisions.
    StepLimit,
    /// The implementation itself panicked. The kernel's panic is [`End::Panic`].
    Broken,
}

/// A thread that still had something to do when the run ended.
#[derive(Clone, Debug)]
pub struct Stuck {
    /// The thread.
    pub thread: Tid,
    /// Its sleep; `None` if it could run.
    pub sleep: Option<Sleep>,
    /// Where it was.
    pub site: Site,
    /// Its active calls, outermost first.
    pub calls: Vec<Call>,
}

impl Stuck {
    /// Who acts where it is.
    pub fn actor(&self) -> Actor {
        self.calls.last().map_or(Actor::default(), |call| call.actor)
    }

    /// Whether it acts in the role, or somebody who called what it is in.
    pub fn acts(&self, role: Role) -> bool {
        self.calls.iter().any(|call| call.actor.role == role)
    }

    /// Whether it does so with the object.
    pub fn acts_on(&self, role: Role, object: ObjectRef) -> bool {
        self.calls.iter().any(|call| call.actor.role == role && call.object == object)
    }

    /// Whether it is in the function.
    pub fn is_in(&self, function: Function) -> bool {
        self.calls.iter().any(|call| call.function() == function.name())
    }
}

/// Everything of one run.
pub struct World {
    /// The revision whose functions run.
    pub revision: &'static Revision,
    /// What happened.
    pub log: Log,
    /// The violation that ended the run.
    pub violation: Option<Violation>,
    /// How the run ended; `None` while it runs.
    pub end: Option<End>,
    /// The threads that had something left to do when it ended.
    pub stuck: Vec<Stuck>,
    /// Threads, by number. Thread 0 is the clock.
    pub threads: Vec<Thread>,
    /// Locks.
    pub locks: Locks,
    /// Time.
    pub clock: Clock,
    /// Injected faults.
    pub injection: Injection,
    /// Free memory and page frames.
    pub zone: Zone,
    /// Cached translations of all CPUs.
    pub tlbs: Tlbs,
    /// Whether an empty middle-level entry is `pmd_bad`, as on x86 and arm64; on powerpc it is not.
    pub empty_pmd_is_bad: bool,
    /// Tasks.
    pub tasks: Slab<Task>,
    /// Processes.
    pub signals: Slab<Signal>,
    /// Address spaces.
    pub mms: Slab<Mm>,
    /// Mappings.
    pub vmas: Slab<Vma>,
    /// Page tables.
    pub page_tables: Slab<PageTable>,
    /// Gathers.
    pub gathers: Slab<Gather>,
    /// Secondary MMUs.
    pub mmus: Slab<SecondaryMmu>,
    /// AIO contexts.
    pub kioctxs: Slab<Kioctx>,
    /// AIO requests.
    pub kiocbs: Slab<Kiocb>,
    /// Those who wait for the end of AIO contexts.
    pub waiters: Slab<Waiter>,
    /// The processes that can be found.
    pub processes: ProcessList,
    /// The OOM killer and its reaper.
    pub oom: OomKiller,
    /// ksmd's list.
    pub ksm: ScanList,
    /// khugepaged's list.
    pub khugepaged: ScanList,
    /// Work for the kernel worker.
    pub workqueue: Workqueue,
    /// The read sections of the MMU notifiers.
    pub srcu: Srcu,
    /// The mutex of a driver of secondary MMUs, if there is one that has it.
    pub driver_lock: Option<Mutex>,
    /// Scheduling decisions so far.
    pub step: u32,
    /// Scheduling points that the protocol does not have; none unless asked for after each reset.
    pub extra_points: ExtraPoints,
    /// What the step at hand touches, if somebody wants to know.
    pub footprint: Footprint,
    pub(crate) ready: Ready,
    pub(crate) names: KnownPairs,
    /// The thread that was chosen, if shuttle has not heard of it yet.
    pub(crate) chosen: Option<Tid>,
    threads_used: usize,
    /// Looks at objects since the latest scheduling point.
    looks: u32,
    running: Tid,
    booting: bool,
}

impl Default for World {
    fn default() -> Self {
        World {
            revision: NEWEST,
            log: Log::new(),
            violation: None,
            end: None,
            stuck: Vec::new(),
            threads: Vec::new(),
            locks: Locks::default(),
            clock: Clock::default(),
            injection: Injection::default(),
            zone: Zone::default(),
            tlbs: Tlbs::default(),
            empty_pmd_is_bad: true,
            tasks: Slab::new(),
            signals: Slab::new(),
            mms: Slab::new(),
            vmas: Slab::new(),
            page_tables: Slab::new(),
            gathers: Slab::new(),
            mmus: Slab::new(),
            kioctxs: Slab::new(),
            kiocbs: Slab::new(),
            waiters: Slab::new(),
            processes: ProcessList::default(),
            oom: OomKiller::default(),
            ksm: ScanList::default(),
            khugepaged: ScanList::default(),
            workqueue: Workqueue::default(),
            srcu: Srcu::default(),
            driver_lock: None,
            step: 0,
            extra_points: ExtraPoints::None,
            footprint: Footprint::default(),
            ready: Ready::default(),
            names: KnownPairs::new(),
            chosen: None,
            threads_used: 0,
            looks: 0,
            running: Tid::CLOCK,
            booting: true,
        }
    }
}

impl World {
    /// Forgets the last run, and begins to boot a machine with the revision.
    pub fn reset(&mut self, revision: &'static Revision) {
        // Each field by its name, so that none is forgotten.
        #[rustfmt::skip]
        let World {
            revision: on, log, violation, end, stuck, threads: _, locks, clock, injection, zone, tlbs,
            empty_pmd_is_bad, tasks, signals, mms, vmas, page_tables, gathers, mmus, kioctxs, kiocbs, waiters,
            processes, oom, ksm, khugepaged, workqueue, srcu, driver_lock, step, extra_points, footprint, ready,
            names: _, chosen, threads_used, looks, running, booting,
        } = self;
        *on = revision;
        (*violation, *end, *driver_lock, *chosen) = (None, None, None, None);
        (*step, *threads_used, *looks, *running) = (0, 0, 0, Tid::CLOCK);
        (*empty_pmd_is_bad, *booting, *extra_points) = (true, true, ExtraPoints::None);
        log.clear();
        stuck.clear();
        locks.reset();
        clock.reset();
        injection.reset();
        zone.reset();
        tlbs.reset();
        tasks.reset();
        signals.reset();
        mms.reset();
        vmas.reset();
        page_tables.reset();
        gathers.reset();
        mmus.reset();
        kioctxs.reset();
        kiocbs.reset();
        waiters.reset();
        processes.reset();
        oom.reset();
        ksm.reset();
        khugepaged.reset();
        workqueue.reset();
        srcu.reset();
        footprint.reset();
        ready.reset();
        self.add_thread(CLOCK, None);
    }

    /// The running thread panicked, maybe while the scheduler had the list of those that can run.
    pub(crate) fn recover(&mut self) {
        self.ready.insert(self.running, Op::default());
    }

    pub(crate) fn is_booting(&self) -> bool {
        self.booting
    }

    /// The machine is up: from now on the scheduler decides.
    pub fn booted(&mut self) {
        self.booting = false;
    }

    /// Adds a thread to the table.
    pub fn add_thread(&mut self, name: &str, task: Option<crate::memory::Handle<Task>>) -> Tid {
        if self.threads_used == self.threads.len() {
            self.threads.push(Thread::default());
        }
        let thread = &mut self.threads[self.threads_used];
        thread.reset();
        thread.name.push_str(name);
        thread.task = task;
        let number = Tid(self.threads_used as u8);
        self.ready.insert(number, Op::default());
        self.threads_used += 1;
        number
    }

    /// The threads of this run, by number.
    pub fn threads(&self) -> &[Thread] {
        &self.threads[..self.threads_used]
    }

    /// The number of the running thread.
    pub fn running_tid(&self) -> Tid {
        self.running
    }

    /// The running thread.
    pub fn running(&mut self) -> &mut Thread {
        &mut self.threads[self.running.index()]
    }

    /// The task that runs.
    pub fn current(&self) -> Option<crate::memory::Handle<Task>> {
        self.threads[self.running.index()].task
    }

    /// Notes what the running thread does next, for sites.
    pub(crate) fn at(&mut self, verb: &'static str, noun: &'static str) {
        self.running().operation = self.names.pair(verb, noun);
    }

    pub(crate) fn announce(&mut self, object: ObjectRef, access: Access) {
        self.looks = 0;
        let site = self.threads[self.running.index()].site();
        self.ready.announce(self.running, Op { object, access, site });
    }

    /// The running thread looks at an object: whether it has looked so often that it will not come back.
    pub(crate) fn looks_again(&mut self) -> bool {
        self.looks += 1;
        self.looks > LOOKS
    }

    /// What the running thread has announced.
    pub(crate) fn announced(&self) -> Op {
        self.ready.announced(self.running)
    }

    pub(crate) fn turn(&self) -> Turn {
        match (self.booting, self.end) {
            (true, _) => Turn::Booting,
            (_, Some(_)) => Turn::Stopping,
            _ if self.step > STEP_LIMIT => Turn::OverLimit,
            _ => Turn::Running,
        }
    }

    /// Whether the scheduler decides: the machine is up and the run is not over.
    pub(crate) fn is_free_running(&self) -> bool {
        !self.booting && self.end.is_none()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.end.is_some()
    }

    /// The running thread sleeps until it is [`World::unblock`]ed.
    pub(crate) fn block(&mut self) {
        let op = self.ready.remove(self.running);
        self.running().announced = op;
    }

    /// A thread that slept can run again.
    pub(crate) fn unblock(&mut self, thread: Tid) {
        let op = self.threads[thread.index()].announced;
        if self.ready.insert(thread, op) {
            self.footprint.wake(thread);
        }
    }

    /// The running thread has ended.
    pub(crate) fn end_thread(&mut self) {
        self.ready.remove(self.running);
        self.running().ended = true;
    }

    /// The scheduler chose this thread.
    pub(crate) fn resume(&mut self, thread: Tid) {
        self.running = thread;
        self.step += u32::from(self.is_free_running());
    }

    /// Ends the run: whether it had not ended before.
    pub(crate) fn stop(&mut self, end: End) -> bool {
        let ends = self.end.is_none();
        if ends {
            self.end = Some(end);
            self.note_stuck();
        }
        ends
    }

    /// The first thread from this number on, other than the running one, that has not ended.
    pub(crate) fn next_unfinished(&self, from: usize) -> Option<Tid> {
        let mut others = (from..self.threads_used).filter(|&t| t != self.running.index());
        others.find(|&t| !self.threads[t].ended).map(|t| Tid(t as u8))
    }

    fn note_stuck(&mut self) {
        for (number, thread) in self.threads[..self.threads_used].iter().enumerate().skip(1) {
            if !thread.ended && !thread.sleep.is_some_and(|sleep| sleep.idle) {
                self.stuck.push(Stuck {
                    thread: Tid(number as u8),
                    sleep: thread.sleep,
                    site: thread.site(),
                    calls: thread.calls.clone(),
                });
            }
        }
    }

    /// Whether the thread sleeps on the condition.
    pub(crate) fn waits(&self, thread: Tid, object: ObjectRef, noun: &'static str) -> bool {
        let sleep = &self.threads[thread.index()].sleep;
        sleep.is_some_and(|sleep| sleep.object == object && sleep.noun == noun)
    }

    /// The first thread from this number on that sleeps on the condition.
    pub(crate) fn next_waiting(
        &self,
        from: usize,
        object: ObjectRef,
        noun: &'static str,
    ) -> Option<Tid> {
        let mut others = (from..self.threads_used).map(|number| Tid(number as u8));
        others.find(|&thread| self.waits(thread, object, noun))
    }

    /// Whether a thread sleeps on the condition that nobody has woken yet.
    pub(crate) fn is_awaited(&mut self, object: ObjectRef, noun: &'static str) -> bool {
        let mut awaited = false;
        for number in 0..self.threads_used {
            let thread = Tid(number as u8);
            if !self.waits(thread, object, noun) {
                continue;
            }
            self.footprint.touch(thread.object(), "sleep", Access::Read);
            awaited |= !self.ready.contains(thread);
        }
        awaited
    }

    /// This moment.
    pub fn here(&self) -> Place {
        let thread = &self.threads[self.running.index()];
        let (site, actor) = thread.doing();
        Place { thread: self.running, actor, site, event: self.log.len() as u32 }
    }

    /// Appends an event of the running thread. While the machine boots, only what has an effect counts:
    /// nobody is there to race with.
    pub fn record(&mut self, object: ObjectRef, what: What) {
        if self.booting && is_routine(what) {
            return;
        }
        let thread = &self.threads[self.running.index()];
        let enters = what == What::Enter;
        let (site, actor) = if enters { thread.entering() } else { thread.doing() };
        let event = Event {
            thread: self.running,
            depth: thread.calls.len() as u8,
            actor,
            jiffies: self.clock.jiffies,
            step: self.step,
            site,
            object,
            what,
        };
        if self.footprint.recording {
            judged::touch(&event, &mut self.footprint);
        }
        self.log.push(event);
    }

    /// Whether an event from this index on counts as progress.
    pub(crate) fn made_progress(&self, since: usize) -> bool {
        self.log[since..].iter().any(|event| event.what.is_progress())
    }

    /// Where an object was allocated and freed, if it was freed. Frames have no names of their own in a slab,
    /// and what there is only one of is there for ever.
    pub(crate) fn obituary(&self, ObjectRef { kind, serial }: ObjectRef) -> Option<Obituary> {
        match kind {
            Kind::Task => self.tasks.obituary(serial),
            Kind::Signal => self.signals.obituary(serial),
            Kind::Mm => self.mms.obituary(serial),
            Kind::Vma => self.vmas.obituary(serial),
            Kind::PageTable => self.page_tables.obituary(serial),
            Kind::Gather => self.gathers.obituary(serial),
            Kind::Kioctx => self.kioctxs.obituary(serial),
            Kind::Kiocb => self.kiocbs.obituary(serial),
            Kind::AioWait => self.waiters.obituary(serial),
            Kind::SecondaryMmu => self.mmus.obituary(serial),
            Kind::None
            | Kind::Page
            | Kind::Zone
            | Kind::OomKiller
            | Kind::ReaperList
            | Kind::ProcessList
            | Kind::MmList
            | Kind::KsmList
            | Kind::KhugepagedList
            | Kind::Workqueue
            | Kind::MmuDriver
            | Kind::Srcu
            | Kind::Clock => None,
        }
    }

    /// The zone, as an object of events.
    pub const ZONE: ObjectRef = ObjectRef::sole(Kind::Zone);
}

/// Whether an event leaves everything as it was in the end.
fn is_routine(what: What) -> bool {
    matches!(
        what,
        What::Enter
            | What::Read
            | What::Write
            | What::TestFlag { .. }
            | What::Acquire { .. }
            | What::Release { .. }
    )
}
