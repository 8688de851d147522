//! Events: one record for each thing that happened.

use crate::sync::lock::Mode;
use crate::sync::thread::Tid;
use crate::trace::{Actor, Kind, Site};
use std::fmt;

/// Names one object of one run: its kind, and its number among those of the kind (0: there is one).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// The kind.
    pub kind: Kind,
    /// The number, from 1; 0 for an object of which there is only one.
    pub serial: u32,
}

impl ObjectRef {
    /// No object.
    pub const NONE: ObjectRef = ObjectRef { kind: Kind::None, serial: 0 };

    /// The only object of its kind.
    pub const fn sole(kind: Kind) -> Self {
        ObjectRef { kind, serial: 0 }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.serial) {
            (Kind::None, _) => f.write_str("-"),
            (kind, 0) => f.write_str(kind.name()),
            (kind, serial) => write!(f, "{}#{serial}", kind.name()),
        }
    }
}

/// The kernel's own trace events (`include/trace/events/oom.h`, v4.13 and later).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tracepoint {
    /// `mark_victim`.
    MarkVictim,
    /// `wake_reaper`.
    WakeReaper,
    /// `start_task_reaping`.
    StartTaskReaping,
    /// `finish_task_reaping`.
    FinishTaskReaping,
    /// `skip_task_reaping`.
    SkipTaskReaping,
}

impl Tracepoint {
    /// The kernel's name.
    pub const fn name(self) -> &'static str {
        match self {
            Tracepoint::MarkVictim => "mark_victim",
            Tracepoint::WakeReaper => "wake_reaper",
            Tracepoint::StartTaskReaping => "start_task_reaping",
            Tracepoint::FinishTaskReaping => "finish_task_reaping",
            Tracepoint::SkipTaskReaping => "skip_task_reaping",
        }
    }
}

/// Why a pass of the reaper over an address space freed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The address-space lock was taken.
    LockBusy,
    /// `mm_users` was already zero.
    NoUsers,
    /// `MMF_OOM_SKIP` was already set.
    AlreadySkipped,
    /// An MMU notifier is registered.
    Notifier,
}

impl SkipReason {
    /// The name in event logs.
    pub const fn name(self) -> &'static str {
        match self {
            SkipReason::LockBusy => "lock_busy",
            SkipReason::NoUsers => "no_users",
            SkipReason::AlreadySkipped => "already_skipped",
            SkipReason::Notifier => "notifier",
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A function was entered.
    Enter,
    /// An object was allocated.
    Allocate,
    /// An object was freed.
    Free,
    /// A field was read.
    Read,
    /// A field was written.
    Write,
    /// A counter changed, or was read (`old == new`).
    Count {
        /// Before.
        old: i32,
        /// After.
        new: i32,
    },
    /// A flag was tested.
    TestFlag {
        /// Its value.
        set: bool,
    },
    /// A flag was set.
    SetFlag {
        /// Whether it had been set before.
        was: bool,
    },
    /// A flag was cleared.
    ClearFlag {
        /// Whether it had been set before.
        was: bool,
    },
    /// A lock was acquired.
    Acquire {
        /// How.
        mode: Mode,
        /// Whether by a trylock.
        trylock: bool,
    },
    /// A trylock found the lock taken.
    TryFailed {
        /// How it was asked for.
        mode: Mode,
    },
    /// A lock was released.
    Release {
        /// How it had been held.
        mode: Mode,
    },
    /// The thread went to sleep.
    Sleep,
    /// The thread was woken, or its sleep ended.
    Wake,
    /// An injected fault struck.
    Fault,
    /// A page frame of private memory was mapped at a user address.
    Map {
        /// The frame's number; 0 is the zero page.
        frame: u32,
        /// The page's number in the address space.
        page: u32,
    },
    /// A page frame was unmapped from a user address.
    Unmap {
        /// The frame's number.
        frame: u32,
        /// The page's number in the address space.
        page: u32,
    },
    /// A secondary MMU maps a page frame for a user address.
    Shadow {
        /// The frame's number; 0 is the zero page.
        frame: u32,
        /// The page's number in the address space.
        page: u32,
    },
    /// A secondary MMU has lost a page frame.
    Unshadow {
        /// The frame's number.
        frame: u32,
        /// The page's number in the address space.
        page: u32,
    },
    /// A page got new content by a store, or, with what its mapping contains, by being mapped.
    UserWrite {
        /// The page's number in the address space.
        page: u32,
        /// The content.
        content: u32,
    },
    /// User memory was read, and the reader got this content.
    UserRead {
        /// The frame's number; 0 is the zero page.
        frame: u32,
        /// The page's number in the address space.
        page: u32,
        /// The content.
        content: u32,
    },
    /// A user-mode access gets SIGBUS or SIGSEGV, and no SIGKILL is pending that comes first.
    UserFault {
        /// The page's number in the address space.
        page: u32,
    },
    /// The owner gives up the content of a page (`MADV_DONTNEED`, `munmap`).
    UserDiscard {
        /// The page's number in the address space.
        page: u32,
        /// What a later reader finds there.
        content: u32,
        /// Whether it begins, or is done.
        done: bool,
    },
    /// An allocation entered the OOM path, for so many frames.
    OomRequest {
        /// Frames.
        frames: u32,
        /// Whether somebody asked for a kill by hand, whatever the state of memory.
        forced: bool,
    },
    /// An allocation succeeded.
    AllocateFrames {
        /// Frames.
        frames: u32,
    },
    /// Frames went back to the free memory.
    FreeFrames {
        /// Frames.
        frames: u32,
    },
    /// The OOM killer chose a process: the object is its address space.
    Kill,
    /// A process of the case was sent SIGKILL by another process.
    Signal,
    /// An address space became an OOM victim's.
    OomMm,
    /// A thread became an OOM victim: the object is its task.
    Marked,
    /// A task was put on the reaper's queue.
    Enqueue,
    /// A task was taken off the reaper's queue.
    Dequeue,
    /// A pass of the reaper freed nothing.
    Skip(SkipReason),
    /// The kernel's own trace event.
    Trace(Tracepoint),
    /// A request completed.
    Complete {
        /// Whether without an error.
        ok: bool,
    },
    /// No process is left that could be killed.
    OomPanic,
    /// A task ended.
    Exited,
    /// The clock moved.
    Tick {
        /// To this jiffy.
        jiffies: u32,
    },
    /// The kernel noticed what it says must not be, and goes on.
    Warning,
    /// The model noticed a violation.
    Violation,
}

/// One record of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The thread it happened in.
    pub thread: Tid,
    /// Depth of the thread's call stack.
    pub depth: u8,
    /// Who acts.
    pub actor: Actor,
    /// Virtual time in jiffies.
    pub jiffies: u32,
    /// The number of scheduling decisions before it.
    pub step: u32,
    /// Where.
    pub site: Site,
    /// To which object.
    pub object: ObjectRef,
    /// What happened.
    pub kind: EventKind,
}

/// The events of a run, oldest first.
pub type Log = Vec<Event>;

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            EventKind::Count { old, new } if old == new => write!(f, "= {new}"),
            EventKind::Count { old, new } => write!(f, "{old} -> {new}"),
            EventKind::TestFlag { set } => write!(f, "= {}", u8::from(set)),
            EventKind::SetFlag { was } | EventKind::ClearFlag { was } => {
                write!(f, "was {}", u8::from(was))
            }
            EventKind::Acquire { mode, trylock: true } => write!(f, "{mode} = 1"),
            EventKind::TryFailed { mode } => write!(f, "{mode} = 0"),
            EventKind::Acquire { mode, .. } | EventKind::Release { mode } => write!(f, "{mode}"),
            EventKind::Map { frame, page }
            | EventKind::Unmap { frame, page }
            | EventKind::Shadow { frame, page }
            | EventKind::Unshadow { frame, page } => {
                write!(f, "page {page}, frame {frame}")
            }
            EventKind::UserWrite { page, content }
            | EventKind::UserRead { page, content, .. }
            | EventKind::UserDiscard { page, content, .. } => {
                write!(f, "page {page}, content {content}")
            }
            EventKind::UserFault { page } => write!(f, "page {page}"),
            EventKind::OomRequest { frames, forced } => {
                write!(f, "{frames} frames, forced {forced}")
            }
            EventKind::AllocateFrames { frames } | EventKind::FreeFrames { frames } => {
                write!(f, "{frames} frames")
            }
            EventKind::Skip(reason) => f.write_str(reason.name()),
            EventKind::Trace(tracepoint) => f.write_str(tracepoint.name()),
            EventKind::Complete { ok } => f.write_str(if ok { "ok" } else { "error" }),
            EventKind::Tick { jiffies } => write!(f, "{jiffies}"),
            _ => Ok(()),
        }
    }
}

impl EventKind {
    /// Whether it changes what a stuck allocation waits for.
    pub(crate) fn is_progress(self) -> bool {
        matches!(
            self,
            EventKind::FreeFrames { .. }
                | EventKind::AllocateFrames { .. }
                | EventKind::Kill
                | EventKind::Marked
                | EventKind::Signal
                | EventKind::Enqueue
                | EventKind::Dequeue
                | EventKind::Skip(_)
                | EventKind::Complete { .. }
                | EventKind::Exited
                | EventKind::Unmap { .. }
                | EventKind::Map { .. }
                | EventKind::SetFlag { was: false }
                | EventKind::ClearFlag { was: true }
        )
    }

    /// The name of the kind of event, as logs print it.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Enter => "enter",
            EventKind::Allocate => "allocate",
            EventKind::Free => "free",
            EventKind::Read => "read",
            EventKind::Write => "write",
            EventKind::Count { .. } => "count",
            EventKind::TestFlag { .. } => "test",
            EventKind::SetFlag { .. } => "set",
            EventKind::ClearFlag { .. } => "clear",
            EventKind::Acquire { .. } => "acquire",
            EventKind::TryFailed { .. } => "try_failed",
            EventKind::Release { .. } => "release",
            EventKind::Sleep => "sleep",
            EventKind::Wake => "wake",
            EventKind::Fault => "fault",
            EventKind::Map { .. } => "map",
            EventKind::Unmap { .. } => "unmap",
            EventKind::Shadow { .. } => "shadow",
            EventKind::Unshadow { .. } => "unshadow",
            EventKind::UserWrite { .. } => "user_write",
            EventKind::UserRead { .. } => "user_read",
            EventKind::UserFault { .. } => "user_fault",
            EventKind::UserDiscard { .. } => "user_discard",
            EventKind::OomRequest { .. } => "oom_request",
            EventKind::AllocateFrames { .. } => "allocate_frames",
            EventKind::FreeFrames { .. } => "free_frames",
            EventKind::Kill => "kill",
            EventKind::Signal => "signal",
            EventKind::OomMm => "oom_mm",
            EventKind::Marked => "marked",
            EventKind::Enqueue => "enqueue",
            EventKind::Dequeue => "dequeue",
            EventKind::Skip(_) => "skip",
            EventKind::Trace(_) => "trace",
            EventKind::Complete { .. } => "complete",
            EventKind::OomPanic => "oom_panic",
            EventKind::Exited => "exited",
            EventKind::Tick { .. } => "tick",
            EventKind::Warning => "warning",
            EventKind::Violation => "violation",
        }
    }
}
