//! A case: one small text file that names a machine, its processes, the faults, the schedule and the
//! verdict that is expected.
//!
//! The text *is* the format: it is the corpus entry, the fuzzer's input, the bug report and the
//! regression test at once, so that a reviewer can read whatever a machine found and no change of
//! an internal bound can re-interpret a stored file. Keys are frozen; a change of the format raises
//! [`VERSION`]. The grammar is written down in `harness/FORMAT.md`.
//!
//! This module holds the tree only. [`parse`] reads it, [`mod@print`] writes it, [`check`] resolves its
//! names, [`generate`] makes new ones from raw bytes, [`mutate`] changes one. Nothing here runs a case.

pub mod check;
pub mod error;
pub mod generate;
pub mod mutate;
pub mod parse;
pub mod print;
pub mod words;

pub use crate::operation::{Argument, Completion, Operation};
pub use crate::schedule::{Segment, Stop, Strategy};
pub use mmreap::inject::FaultPoint;

/// The format version in the first line, `mmreap case 1`.
pub const VERSION: u32 = 1;

/// Bounds of a case. Small on purpose: every bug of the known history needs fewer.
pub mod limit {
    /// Size of a case file in bytes.
    pub const BYTES: usize = 64 * 1024;
    /// Processes and kernel threads together.
    pub const PROCESSES: usize = 8;
    /// Threads of one process.
    pub const THREADS: usize = 4;
    /// Operations of one thread.
    pub const OPERATIONS: usize = 16;
    /// VMAs of one process.
    pub const VMAS: usize = 6;
    /// Pages of one VMA.
    pub const PAGES: u8 = 16;
    /// AIO contexts of one process.
    pub const CONTEXTS: usize = 3;
    /// AIO requests of a case: a thread of the machine completes each.
    pub const REQUESTS: usize = 64;
    /// Lines that begin with `fault`.
    pub const FAULTS: usize = 8;
    /// Lines that begin with `run`.
    pub const SEGMENTS: usize = 64;
    /// Page frames of the machine.
    pub const FRAMES: u16 = 512;
    /// Waiting times, in jiffies (HZ is 100).
    pub const JIFFIES: u32 = 10_000;
    /// MMU notifiers registered on one address space.
    pub const NOTIFIERS: u8 = 3;
    /// Length of a name in bytes: the kernel's `TASK_COMM_LEN` without its end mark.
    pub const NAME: usize = 15;
}

/// The whole of a case file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Comment lines directly under the first line, without `#` and surrounding blanks. Comments
    /// elsewhere are legal, and are not kept when the case is printed again.
    pub notes: Vec<String>,
    /// The revision it is meant for, such as `v4.14`.
    pub kernel: String,
    /// Memory, clock and MMU of the machine.
    pub machine: Machine,
    /// User processes and kernel threads, in the order in which they are created.
    pub processes: Vec<Process>,
    /// Injected faults.
    pub faults: Vec<Fault>,
    /// Who runs when.
    pub schedule: Schedule,
    /// The verdict on [`Case::kernel`]; `None` if the case does not say.
    pub expect: Option<Expect>,
    /// The verdict on further revisions, one `on KERNEL …` line each.
    pub others: Vec<(String, Expect)>,
}

/// `machine frames N min N high N [time any] [tlb lazy] [empty_pmd good]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Page frames for user and kernel pages.
    pub frames: u16,
    /// Watermark in frames below which only those who may use reserves allocate.
    pub min: u16,
    /// Watermark in frames that the last attempt before an OOM kill must reach.
    pub high: u16,
    /// When timers fire.
    pub time: Time,
    /// Whether a full-mm gather flushes the TLB.
    pub tlb: Tlb,
    /// What `pmd_bad` says of an empty middle-level entry.
    pub empty_pmd: EmptyPmd,
}

impl Default for Machine {
    fn default() -> Self {
        let (time, tlb, empty_pmd) = (Time::Fair, Tlb::Eager, EmptyPmd::Bad);
        Machine { frames: 64, min: 1, high: 2, time, tlb, empty_pmd }
    }
}

/// When timers fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Time {
    /// The clock jumps to the next deadline only when nothing can run.
    #[default]
    Fair,
    /// A pending timer may fire at any moment, at the scheduler's choice.
    Any,
}

/// What finishing a full-mm gather does to other CPUs' TLBs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tlb {
    /// It flushes, as on x86.
    #[default]
    Eager,
    /// It relies on the address space never being used again, as on arm64 since 5a7862e83000.
    Lazy,
}

/// What `pmd_bad` says of a middle-level entry that is empty, and so whether a walk that comes upon one that
/// somebody has just emptied stops there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyPmd {
    /// It is bad, as on x86 and arm64.
    #[default]
    Bad,
    /// Nothing is wrong with it, as on powerpc.
    Good,
}

/// A user process (`process NAME …`) or a kernel thread (`kthread NAME`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its name, unique in the case. A process named `init` is the global init (pid 1).
    pub name: String,
    /// Kernel threads have no address space of their own, one thread, and no keys.
    pub kind: ProcessKind,
    /// `shares P`: uses the address space of the earlier process P (`CLONE_VM` without
    /// `CLONE_THREAD`), and so declares no VMAs or contexts itself.
    pub shares: Option<String>,
    /// `parent P`: the process that has to `wait` for it. Without, it is reaped at once.
    pub parent: Option<String>,
    /// `adj N`: `oom_score_adj`, -1000 (never killed) to 1000.
    pub adj: i16,
    /// `notifiers N`: secondary MMUs that it has open, each with an MMU notifier on the address space.
    pub notifiers: u8,
    /// `release plain|lock|flush_work`: what the drivers of these MMUs wait for when they let go.
    pub release: Release,
    /// Mappings, in address order.
    pub vmas: Vec<Vma>,
    /// AIO contexts.
    pub contexts: Vec<String>,
    /// Threads; the first is the group leader.
    pub threads: Vec<Thread>,
}

/// What the driver of a secondary MMU waits for when the address space is released.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// `plain`: nothing.
    #[default]
    Plain,
    /// `lock`: a mutex that all drivers of this kind have in common, and hold during a guest's fault.
    Lock,
    /// `flush_work`: all work that is queued.
    FlushWork,
}

/// User process or kernel thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessKind {
    /// `process`.
    User,
    /// `kthread`.
    Kernel,
}

/// `vma NAME KIND N pages [locked] [huge] [mergeable] [unmapped]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vma {
    /// Its name, unique in the address space.
    pub name: String,
    /// What backs it.
    pub kind: VmaKind,
    /// Its length in pages.
    pub pages: u8,
    /// `locked`: `VM_LOCKED` (mlock).
    pub locked: bool,
    /// `huge`: anonymous huge pages, and `VM_HUGEPAGE` for khugepaged.
    pub huge: bool,
    /// `mergeable`: `VM_MERGEABLE`, scanned by ksmd.
    pub mergeable: bool,
    /// `unmapped`: exists only after an `mmap` operation.
    pub unmapped: bool,
}

/// What backs a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmaKind {
    /// `anon`: private anonymous memory.
    Anon,
    /// `file`: private file mapping.
    File,
    /// `shared`: `VM_SHARED` memory.
    Shared,
    /// `hugetlb`: `VM_HUGETLB`.
    Hugetlb,
    /// `pfnmap`: `VM_PFNMAP`, a driver's mapping.
    Pfnmap,
}

/// `thread NAME: OP; OP; …`. After its last operation a user thread pauses until a signal kills it;
/// a kernel thread ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its name, unique in the process.
    pub name: String,
    /// What it does, in order.
    pub operations: Vec<Operation>,
}

/// `fault POINT KNOB VALUE …`, with the names of the kernel's fault injection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it strikes.
    pub point: FaultPoint,
    /// `probability N`: percent of the calls that may fail. 100 if the line does not say.
    pub probability: u8,
    /// `interval N`: only every N-th call may fail. 1 if the line does not say.
    pub interval: u32,
    /// `times N`: at most N failures; `None` (no limit) if the line does not say.
    pub times: Option<u32>,
    /// `space N`: so many calls pass before the first failure. 0 if the line does not say.
    pub space: u32,
    /// `fail-nth N`: exactly the N-th call (from 1) fails, and the other knobs are not used.
    pub fail_nth: Option<u32>,
    /// `task-filter TASK`: only calls of this task count.
    pub task_filter: Option<String>,
}

impl Fault {
    /// Every call fails, of every task: what the line says without a knob.
    pub fn always(point: FaultPoint) -> Self {
        Fault {
            point,
            probability: 100,
            interval: 1,
            times: None,
            space: 0,
            fail_nth: None,
            task_filter: None,
        }
    }

    /// Exactly the n-th call fails, of the task or of all.
    pub fn once(point: FaultPoint, nth: u32, task_filter: Option<String>) -> Self {
        Fault { fail_nth: Some(nth), task_filter, ..Fault::always(point) }
    }
}

/// `schedule STRATEGY [seed N] [depth N]`, then one `run` line per segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Who decides what the segments leave open.
    pub strategy: Strategy,
    /// What is fixed by name.
    pub segments: Vec<Segment>,
}

/// An expected verdict: `pass`, or a failure's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// `pass`.
    Pass,
    /// `ORACLE OBJECT [SITE [SITE]]`.
    Fail(Signature),
}

/// What makes two failures the same bug: oracle, kind of object, and the two conflicting places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// The oracle that spoke, such as `O-PT-UAF`.
    pub oracle: String,
    /// The kind of object, such as `page_table`.
    pub object: String,
    /// At most two places; the place that noticed comes first.
    pub sites: Vec<String>,
}

impl Process {
    /// The task name of one of its threads, as segments and event logs spell it.
    pub fn task_name(&self, thread: usize) -> String {
        match thread {
            0 => self.name.clone(),
            n => format!("{}/{}", self.name, self.threads[n].name),
        }
    }
}
