//! A kernel release as a value: which version of each function runs.
//!
//! A release is written as the one before with some functions replaced (see [`crate::release`]), and so is a patch
//! that somebody wants to try ([`Revision::patched`]). Nothing else in this crate knows the name of a release: there
//! is no `if revision >= …` anywhere.
//!
//! Which functions make a release pass where the one before fails is found by trying: a revision that has some
//! functions of the one and the rest of the other ([`Revision::with`]) is run like any other. Nothing compares
//! function pointers, whose addresses say nothing (the compiler may merge or copy functions).

use crate::aio::Kioctx;
use crate::aio::kill_ioctx::KillIoctx;
use crate::aio::lookup_ioctx::LookupIoctx;
use crate::memory::Handle;
use crate::mm::Mm;
use crate::mm::fault::VmFault;
use crate::mm::finish_fault::FinishFault;
use crate::mm::follow_page::FollowPage;
use crate::mm::handle_mm_fault::HandleMmFault;
use crate::oom::oom_evaluate_task::OomEvaluateTask;
use crate::oom::oom_reap_task_mm::OomReapTaskMm;
use crate::oom::out_of_memory::Request;
use crate::page::{Frame, Watermark};
use crate::release::RELEASES;
use crate::task::{Signal, Task};
use std::fmt;

/// One function of a revision.
#[derive(Clone, Copy)]
pub struct Part {
    /// The kernel's name for it.
    pub name: &'static str,
    /// The field that has it.
    pub field: &'static str,
    take: fn(&mut Revision, &Revision),
}

/// Each function once: the field that has it, its type, and the kernel's name for it.
macro_rules! functions {
    ($($(#[$doc:meta])* $field:ident: $type:ty, $name:literal;)*) => {
        /// One function for each kernel function that changed through history, or that a mutant changes.
        #[derive(Clone, Copy)]
        pub struct Revision {
            /// The name by which cases ask for it, such as `v4.14`.
            pub name: &'static str,
            /// The release whose text it is, or that it is a change to.
            pub release: &'static str,
            /// The commit that made the difference.
            pub commit: &'static str,
            /// What changed, in a sentence.
            pub change: &'static str,
            /// The bugs of the kernel's history that it has, by their numbers in the suite.
            pub bugs: &'static [&'static str],
            $($(#[$doc])* pub $field: $type,)*
        }

        /// A revision with another function in the place of its own, one for each.
        impl Revision {
            $(
                $(#[$doc])*
                pub const fn $field(self, $field: $type) -> Self {
                    Revision { $field, ..self }
                }
            )*
        }

        /// Every function of a revision, in the order of its fields.
        pub static PARTS: [Part; [$($name),*].len()] =
            [$(Part { name: $name, field: stringify!($field), take: |to, from| to.$field = from.$field }),*];
    };
}

functions! {
    /// `__mmput`.
    mmput: fn(Handle<Mm>), "__mmput";
    /// `exit_aio`.
    exit_aio: fn(Handle<Mm>), "exit_aio";
    /// `lookup_ioctx`.
    lookup_ioctx: LookupIoctx, "lookup_ioctx";
    /// `free_ioctx_reqs`.
    free_ioctx_reqs: fn(Handle<Kioctx>), "free_ioctx_reqs";
    /// `kill_ioctx`.
    kill_ioctx: KillIoctx, "kill_ioctx";
    /// `exit_mmap`.
    exit_mmap: fn(Handle<Mm>), "exit_mmap";
    /// `mark_oom_victim`.
    mark_oom_victim: fn(Handle<Task>), "mark_oom_victim";
    /// `exit_oom_victim`.
    exit_oom_victim: fn(Handle<Task>), "exit_oom_victim";
    /// `free_signal_struct`.
    free_signal_struct: fn(Handle<Signal>), "free_signal_struct";
    /// `task_will_free_mem`.
    task_will_free_mem: fn(Handle<Task>) -> bool, "task_will_free_mem";
    /// `oom_badness`.
    oom_badness: fn(Handle<Task>) -> i32, "oom_badness";
    /// `oom_evaluate_task`.
    oom_evaluate_task: OomEvaluateTask, "oom_evaluate_task";
    /// The end of `oom_kill_process`, which v4.19 made a function of its own, `__oom_kill_process`.
    kill_process: fn(Handle<Task>), "__oom_kill_process";
    /// `__alloc_pages_slowpath`.
    alloc_pages_slowpath: fn() -> Option<Frame>, "__alloc_pages_slowpath";
    /// `__gfp_pfmemalloc_flags`: which reserves a task may use.
    reserve: fn(Handle<Task>) -> Watermark, "__gfp_pfmemalloc_flags";
    /// `oom_reap_task`.
    oom_reap_task: fn(Handle<Task>), "oom_reap_task";
    /// `__oom_reap_task_mm`.
    oom_reap_task_mm: OomReapTaskMm, "__oom_reap_task_mm";
    /// `follow_page_mask`, whose part about the middle level is `follow_pmd_mask` since v4.13.
    follow_page: FollowPage, "follow_page_mask";
    /// `handle_mm_fault`.
    handle_mm_fault: HandleMmFault, "handle_mm_fault";
    /// `finish_fault`.
    finish_fault: FinishFault, "finish_fault";
    /// `check_stable_address_space`.
    check_stable: fn(Handle<Mm>) -> Result<(), VmFault>, "check_stable_address_space";
    /// `out_of_memory`.
    out_of_memory: fn(Request) -> bool, "out_of_memory";
    /// `oom_kill_process`.
    oom_kill_process: fn(Handle<Task>), "oom_kill_process";
    /// `pagefault_out_of_memory`.
    pagefault_out_of_memory: fn(), "pagefault_out_of_memory";
}

impl Revision {
    /// A change to this revision, with a name of its own and what it changes in a sentence. The functions are still
    /// the same: each that is changed is given with the method of its name.
    ///
    /// ```
    /// use mmreap::exit::exit_mmap;
    /// use mmreap::prelude::*;
    ///
    /// /// Does not wait for the reaper.
    /// fn careless(mm: Handle<Mm>) {
    ///     let Some(unmapped) = exit_mmap::unmap(mm) else { return };
    ///     exit_mmap::free(mm, unmapped);
    /// }
    ///
    /// static MINE: Revision = V4_15.patched("mine", "exit_mmap does not wait").exit_mmap(careless);
    /// assert_eq!((MINE.name, MINE.release), ("mine", "v4.15"));
    /// ```
    pub const fn patched(self, name: &'static str, change: &'static str) -> Self {
        Revision { name, change, commit: "-", ..self }
    }

    /// This revision with some functions of another one. It stays in memory for ever, as every revision does.
    pub fn with(&self, parts: &[&Part], from: &Revision) -> &'static Revision {
        let mut mixed = *self;
        parts.iter().for_each(|part| (part.take)(&mut mixed, from));
        Box::leak(Box::new(mixed))
    }

    /// The releases in which a failure of this revision may have been repaired, oldest first: those that
    /// came later, or, for a change to a release, that release and those that came later.
    pub fn successors(&self) -> impl Iterator<Item = &'static Revision> {
        let (base, is_changed) = (self.release, self.name != self.release);
        let after = RELEASES.iter().skip_while(move |release| release.name != base);
        after.skip(usize::from(!is_changed)).copied()
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
