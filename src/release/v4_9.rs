//! v4.9: the process remembers the address space it was killed with, and the reaper works with it.

use crate::aio::{exit_aio, free_ioctx_reqs, kill_ioctx, lookup_ioctx};
use crate::exit::{exit_mmap, mmput_final};
use crate::mm::{check_stable, finish_fault, follow_page, handle_mm_fault};
use crate::oom::{
    exit_oom_victim, kill_process, mark_oom_victim, oom_badness, oom_evaluate_task,
    oom_kill_process, oom_reap_task, oom_reap_task_mm, out_of_memory, pagefault_out_of_memory,
    task_will_free_mem,
};
use crate::page_alloc::{reserve, slowpath};
use crate::revision::Revision;
use crate::task::free_signal_struct;

/// v4.9.
pub const V4_9: Revision = Revision {
    name: "v4.9",
    release: "v4.9",
    commit: "26db62f179d1",
    change: "the victim's address space is remembered (oom_mm) and given up on with MMF_OOM_SKIP",
    bugs: &["B02", "B06", "B20", "B55"],
    mmput: mmput_final::v4_9,
    exit_aio: exit_aio::v4_9,
    lookup_ioctx: lookup_ioctx::v4_9,
    free_ioctx_reqs: free_ioctx_reqs::v4_9,
    kill_ioctx: kill_ioctx::v4_9,
    exit_mmap: exit_mmap::v4_9,
    mark_oom_victim: mark_oom_victim::v4_9,
    exit_oom_victim: exit_oom_victim::v4_9,
    free_signal_struct: free_signal_struct::v4_9,
    task_will_free_mem: task_will_free_mem::v4_9,
    oom_badness: oom_badness::v4_9,
    oom_evaluate_task: oom_evaluate_task::v4_9,
    kill_process: kill_process::v4_9,
    alloc_pages_slowpath: slowpath::v4_9,
    reserve: reserve::v4_9,
    oom_reap_task: oom_reap_task::v4_9,
    oom_reap_task_mm: oom_reap_task_mm::v4_9,
    follow_page: follow_page::v4_9,
    handle_mm_fault: handle_mm_fault::v4_9,
    finish_fault: finish_fault::v4_9,
    check_stable: check_stable::v4_9,
    out_of_memory: out_of_memory::v4_9,
    oom_kill_process: oom_kill_process::v4_9,
    pagefault_out_of_memory: pagefault_out_of_memory::v4_9,
};
