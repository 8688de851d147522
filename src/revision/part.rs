//! Parts of a revision: its functions, one by one, so that a revision can be made of two.
//!
//! Which functions make a release pass where the one before fails is found by trying: a revision that has
//! some functions of the one and the rest of the other is run like any other. Nothing compares function
//! pointers, whose addresses say nothing (the compiler may merge or copy functions).

use super::{RELEASES, Revision};

/// One function of a revision.
#[derive(Clone, Copy)]
pub struct Part {
    /// The kernel's name for it.
    pub name: &'static str,
    take: fn(&mut Revision, &Revision),
}

macro_rules! parts {
    ($($field:ident $name:literal,)*) => {
        /// Every function of a revision, in the order of its fields.
        pub static PARTS: [Part; [$($name),*].len()] =
            [$(Part { name: $name, take: |to, from| to.$field = from.$field }),*];

        /// Does not compile if a function is no part.
        const _: fn(&Revision) =
            |Revision { name: _, commit: _, change: _, $($field: _),* }| ();
    };
}

parts! {
    mmput "__mmput",
    exit_aio "exit_aio",
    lookup_ioctx "lookup_ioctx",
    free_ioctx_reqs "free_ioctx_reqs",
    kill_ioctx "kill_ioctx",
    exit_mmap "exit_mmap",
    mark_oom_victim "mark_oom_victim",
    exit_oom_victim "exit_oom_victim",
    free_signal_struct "free_signal_struct",
    task_will_free_mem "task_will_free_mem",
    oom_badness "oom_badness",
    oom_evaluate_task "oom_evaluate_task",
    kill_process "oom_kill_process",
    alloc_pages_slowpath "__alloc_pages_slowpath",
    reserve "__gfp_pfmemalloc_flags",
    oom_reap_task "oom_reap_task",
    oom_reap_task_mm "__oom_reap_task_mm",
    follow_page "follow_page_mask",
    handle_mm_fault "handle_mm_fault",
    finish_fault "finish_fault",
    check_stable "check_stable_address_space",
}

impl Revision {
    /// This revision with some functions of another one. It stays in memory for ever, as every revision does.
    pub fn with(&self, parts: &[&Part], from: &Revision) -> &'static Revision {
        let mut mixed = Revision { ..*self };
        parts.iter().for_each(|part| (part.take)(&mut mixed, from));
        Box::leak(Box::new(mixed))
    }

    /// The releases in which a failure of this revision may have been repaired, oldest first: those that
    /// came later, or, for a change to a release (`RELEASE+NAME`), that release and those that came later.
    pub fn successors(&self) -> impl Iterator<Item = &'static Revision> {
        let (base, is_changed) = match self.name.split_once('+') {
            Some((base, _)) => (base, true),
            None => (self.name, false),
        };
        let after = RELEASES.iter().skip_while(move |release| release.name != base);
        after.skip(usize::from(!is_changed)).copied()
    }
}
