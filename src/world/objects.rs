//! What a run has: its objects by their kinds, its threads, its log.
//!
//! A kind of object is a line of one list, of which the names in traces come, the place where the objects of the kind
//! are kept, and that they are forgotten before the next run.

use super::{End, Stuck};
use crate::inject::Injection;
use crate::memory::{Obituary, Object, Slab, Violation};
use crate::mm::tlb::Tlbs;
use crate::release::NEWEST;
use crate::revision::Revision;
use crate::sync::footprint::Footprint;
use crate::sync::lock::Locks;
use crate::sync::mutex::Mutex;
use crate::sync::point::ExtraPoints;
use crate::sync::ready::Ready;
use crate::sync::thread::{CLOCK, Thread, Tid};
use crate::trace::names::KnownPairs;
use crate::trace::{Log, ObjectRef};

/// Each kind once: the variant, and its name in traces. Then the type of its objects and the slab that has them, if
/// they are allocated and freed; or, if there is only one, its type and the field that has it.
macro_rules! objects {
    ($(
        $(#[$doc:meta])*
        $kind:ident $name:literal $(, each $object:ty, in $slab:ident)? $(, one $state:ty, in $field:ident)?;
    )*) => {
        /// Kinds of objects that events speak of.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// The name in sites, signatures and reports.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Kind::$kind => $name,)*
                }
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
            /// Injected faults.
            pub injection: Injection,
            /// Cached translations of all CPUs.
            pub tlbs: Tlbs,
            /// Whether an empty middle-level entry is `pmd_bad`, as on x86 and arm64; on powerpc it is not.
            pub empty_pmd_is_bad: bool,
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
            pub(super) threads_used: usize,
            /// Looks at objects since the latest scheduling point.
            pub(super) looks: u32,
            pub(super) running: Tid,
            pub(super) booting: bool,
            $($(#[doc = concat!("Objects of the kind `", $name, "`.")] pub $slab: Slab<$object>,)?)*
            $($(#[doc = concat!("The `", $name, "` of the machine.")] pub $field: $state,)?)*
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
                    injection: Injection::default(),
                    tlbs: Tlbs::default(),
                    empty_pmd_is_bad: true,
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
                    $($($slab: Slab::new(),)?)*
                    $($($field: <$state>::default(),)?)*
                }
            }
        }

        impl World {
            /// Forgets the last run, and begins to boot a machine with the revision.
            pub fn reset(&mut self, revision: &'static Revision) {
                // Each field by its name, so that none is forgotten.
                let World {
                    revision: on, log, violation, end, stuck, threads: _, locks, injection, tlbs, empty_pmd_is_bad,
                    driver_lock, step, extra_points, footprint, ready, names: _, chosen, threads_used, looks, running,
                    booting, $($($slab,)?)* $($($field,)?)*
                } = self;
                *on = revision;
                (*violation, *end, *driver_lock, *chosen) = (None, None, None, None);
                (*step, *threads_used, *looks, *running) = (0, 0, 0, Tid::CLOCK);
                (*empty_pmd_is_bad, *booting, *extra_points) = (true, true, ExtraPoints::None);
                log.clear();
                stuck.clear();
                locks.reset();
                injection.reset();
                tlbs.reset();
                footprint.reset();
                ready.reset();
                $($($slab.reset();)?)*
                $($($field.reset();)?)*
                self.add_thread(CLOCK, None);
            }

            /// Where an object was allocated and freed, if it was freed. What is in no slab has no obituary: frames
            /// are used again, and what there is only one of is there for ever.
            pub(crate) fn obituary(&self, ObjectRef { kind, serial }: ObjectRef) -> Option<Obituary> {
                match kind {
                    $(Kind::$kind => None $(.or(self.$slab.obituary(serial)))?,)*
                }
            }
        }

        $($(impl Object for $object {
            const KIND: Kind = Kind::$kind;

            fn slab(world: &mut World) -> &mut Slab<Self> {
                &mut world.$slab
            }
        })?)*
    };
}

objects! {
    /// No object.
    #[default]
    None "none";
    /// `task_struct`.
    Task "task", each crate::task::Task, in tasks;
    /// `signal_struct`, one per process.
    Signal "signal", each crate::task::Signal, in signals;
    /// `mm_struct`.
    Mm "mm", each crate::mm::Mm, in mms;
    /// `vm_area_struct`.
    Vma "vma", each crate::mm::vma::Vma, in vmas;
    /// A page of page-table entries, of any level.
    PageTable "page_table", each crate::mm::pgtable::PageTable, in page_tables;
    /// A page frame.
    Page "page";
    /// The free memory of the machine.
    Zone "zone", one crate::page::Zone, in zone;
    /// `mmu_gather`.
    Gather "mmu_gather", each crate::mm::gather::Gather, in gathers;
    /// A secondary MMU, with its MMU notifier.
    SecondaryMmu "secondary_mmu", each crate::mm::secondary::SecondaryMmu, in mmus;
    /// What the drivers of secondary MMUs have in common.
    MmuDriver "mmu_driver";
    /// The read sections of the MMU notifiers.
    Srcu "srcu", one crate::sync::srcu::Srcu, in srcu;
    /// `kioctx`.
    Kioctx "kioctx", each crate::aio::Kioctx, in kioctxs;
    /// An AIO request.
    Kiocb "kiocb", each crate::aio::Kiocb, in kiocbs;
    /// `ctx_rq_wait`: the wait for the end of AIO contexts.
    AioWait "ctx_rq_wait", each crate::aio::Waiter, in waiters;
    /// The global state of the OOM killer.
    OomKiller "oom_killer", one crate::oom::OomKiller, in oom;
    /// The queue of the OOM reaper.
    ReaperList "oom_reaper_list";
    /// The list of processes.
    ProcessList "process_list", one crate::task::ProcessList, in processes;
    /// ksmd's list of address spaces.
    KsmList "ksm_mm_head", one crate::scan_list::ScanList, in ksm;
    /// khugepaged's list of address spaces.
    KhugepagedList "khugepaged_scan", one crate::scan_list::ScanList, in khugepaged;
    /// The queue of the kernel worker.
    Workqueue "workqueue", one crate::workqueue::Workqueue, in workqueue;
    /// The clock.
    Clock "clock", one crate::sync::time::Clock, in clock;
}

impl World {
    /// The zone, as an object of events.
    pub const ZONE: ObjectRef = ObjectRef::sole(Kind::Zone);
}
