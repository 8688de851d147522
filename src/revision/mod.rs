//! The table of releases: which version of each function runs. Reads like a changelog.
//!
//! A release is written as the one before with some functions replaced, and so is a patch that somebody
//! wants to try (see [`mutant`]). Nothing else in this crate knows the name of a release: there is no
//! `if revision >= …` anywhere.

pub mod mutant;
pub mod part;

use crate::aio::{self, KillIoctx, Kioctx, LookupIoctx};
use crate::exit::{exit_mmap, fork};
use crate::memory::Handle;
use crate::mm::Mm;
use crate::mm::fault::{self, HandleMmFault, VmFault};
use crate::mm::file_fault::{self, FinishFault};
use crate::mm::gup::{self, FollowPage};
use crate::oom::reaper::{self, OomReapTaskMm};
use crate::oom::select::{self, OomEvaluateTask};
use crate::oom::{kill, victim};
use crate::page::{Frame, Watermark};
use crate::page_alloc;
use crate::task::{self, Signal, Task};
use std::fmt;

/// One function for each kernel function that changed through history, or that a mutant changes.
pub struct Revision {
    /// The name by which cases ask for it, such as `v4.14`.
    pub name: &'static str,
    /// The commit that made the difference.
    pub commit: &'static str,
    /// What changed, in a sentence.
    pub change: &'static str,
    /// `__mmput`.
    pub mmput: fn(Handle<Mm>),
    /// `exit_aio`.
    pub exit_aio: fn(Handle<Mm>),
    /// `lookup_ioctx`.
    pub lookup_ioctx: LookupIoctx,
    /// `free_ioctx_reqs`.
    pub free_ioctx_reqs: fn(Handle<Kioctx>),
    /// `kill_ioctx`.
    pub kill_ioctx: KillIoctx,
    /// `exit_mmap`.
    pub exit_mmap: fn(Handle<Mm>),
    /// `mark_oom_victim`.
    pub mark_oom_victim: fn(Handle<Task>),
    /// `exit_oom_victim`.
    pub exit_oom_victim: fn(Handle<Task>),
    /// `free_signal_struct`.
    pub free_signal_struct: fn(Handle<Signal>),
    /// `task_will_free_mem`.
    pub task_will_free_mem: fn(Handle<Task>) -> bool,
    /// `oom_badness`.
    pub oom_badness: fn(Handle<Task>) -> i32,
    /// `oom_evaluate_task`.
    pub oom_evaluate_task: OomEvaluateTask,
    /// The end of `oom_kill_process`, which v4.19 made a function of its own, `__oom_kill_process`.
    pub kill_process: fn(Handle<Task>),
    /// `__alloc_pages_slowpath`.
    pub alloc_pages_slowpath: fn() -> Option<Frame>,
    /// Which reserves the running task may use.
    pub reserve: fn(Handle<Task>) -> Watermark,
    /// `oom_reap_task`.
    pub oom_reap_task: fn(Handle<Task>),
    /// `__oom_reap_task_mm`.
    pub oom_reap_task_mm: OomReapTaskMm,
    /// `follow_page_mask`, whose part about the middle level is `follow_pmd_mask` since v4.13.
    pub follow_page: FollowPage,
    /// `handle_mm_fault`.
    pub handle_mm_fault: HandleMmFault,
    /// `finish_fault`.
    pub finish_fault: FinishFault,
    /// `check_stable_address_space`.
    pub check_stable: fn(Handle<Mm>) -> Result<(), VmFault>,
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// v4.9: the process remembers the address space it was killed with, and the reaper works with it.
pub const V4_9: Revision = Revision {
    name: "v4.9",
    commit: "26db62f179d1",
    change: "the victim's address space is remembered (oom_mm) and given up on with MMF_OOM_SKIP",
    mmput: fork::mmput_v4_9,
    exit_aio: aio::exit_aio_v4_9,
    lookup_ioctx: aio::lookup_ioctx_v4_9,
    free_ioctx_reqs: aio::free_ioctx_reqs_v4_9,
    kill_ioctx: aio::kill_ioctx_v4_9,
    exit_mmap: exit_mmap::v4_9,
    mark_oom_victim: victim::mark_v4_9,
    exit_oom_victim: victim::exit_oom_victim_v4_9,
    free_signal_struct: task::free_signal_v4_9,
    task_will_free_mem: select::will_free_v4_9,
    oom_badness: select::badness_v4_9,
    oom_evaluate_task: select::evaluate_v4_9,
    kill_process: kill::kill_v4_9,
    alloc_pages_slowpath: page_alloc::slowpath_v4_9,
    reserve: victim::reserve_v4_9,
    oom_reap_task: reaper::oom_reap_task_v4_9,
    oom_reap_task_mm: reaper::reap_v4_9,
    follow_page: gup::follow_page_v4_9,
    handle_mm_fault: fault::handle_mm_fault_v4_9,
    finish_fault: file_fault::finish_fault_v4_9,
    check_stable: fault::check_stable_v4_9,
};

/// v4.13: nobody gets a fresh page where the reaper took one away.
pub const V4_13: Revision = Revision {
    name: "v4.13",
    commit: "6b31d5955cb2",
    change: "MMF_UNSTABLE is tested where a fault installs a page, for every task",
    alloc_pages_slowpath: page_alloc::slowpath_v4_13,
    oom_reap_task_mm: reaper::reap_v4_13,
    handle_mm_fault: fault::handle_mm_fault_v4_13,
    finish_fault: file_fault::finish_fault_v4_13,
    check_stable: fault::check_stable_v4_13,
    ..V4_9
};

/// v4.14: the reaper and `exit_mmap` may run at the same time.
pub const V4_14: Revision = Revision {
    name: "v4.14",
    commit: "212925802454",
    change: "the reaper needs no users; exit_mmap waits for it if the current task is a victim",
    mmput: fork::mmput_v4_14,
    exit_mmap: exit_mmap::v4_14,
    alloc_pages_slowpath: page_alloc::slowpath_v4_14,
    reserve: victim::reserve_v4_14,
    oom_reap_task_mm: reaper::reap_v4_14,
    follow_page: gup::follow_page_v4_14,
    ..V4_13
};

/// v4.15: whether to wait is a property of the address space.
pub const V4_15: Revision = Revision {
    name: "v4.15",
    commit: "4837fe37adff",
    change: "exit_mmap waits for the reaper if the address space is a victim's (MMF_OOM_VICTIM)",
    exit_mmap: exit_mmap::v4_15,
    mark_oom_victim: victim::mark_v4_15,
    oom_reap_task_mm: reaper::reap_v4_15,
    ..V4_14
};

/// The releases, oldest first.
pub static RELEASES: [&Revision; 4] = [&V4_9, &V4_13, &V4_14, &V4_15];

/// The newest release.
pub static NEWEST: &Revision = &V4_15;

/// The release or mutant with the name.
pub fn find(name: &str) -> Option<&'static Revision> {
    all().find(|revision| revision.name == name)
}

/// Releases, then mutants.
pub fn all() -> impl Iterator<Item = &'static Revision> {
    RELEASES.into_iter().chain(mutant::MUTANTS)
}
