//! Cases with next to nothing in them, so that all of their schedules can be tried: a process that does one
//! thing, and one or two others that have to do with it.

use crate::common;
use mmreap_harness::case::Case;
use mmreap_harness::kernel;
use mmreap_harness::schedule::derive_seed;

/// Mutants that show in little cases, so that some of them fail.
const WRONG: [&str; 5] = ["v4.15+M04", "v4.15+M09", "v4.15+M12", "v4.15+M14", "v4.15+M15"];

const MACHINES: [&str; 7] = [
    "",
    "",
    "machine frames 16 min 1 high 2",
    "machine frames 8 min 1 high 2",
    "machine frames 8 min 1 high 2 time any",
    "machine time any",
    "machine tlb lazy",
];

const MAPPINGS: [&str; 7] = [
    "",
    "vma v anon 1 page",
    "vma v anon 1 page",
    "vma v anon 1 page locked",
    "vma v anon 1 page mergeable",
    "vma v anon 4 pages huge",
    "vma v file 1 page",
];

/// What the process does; without a mapping, the first few.
const OPERATIONS: [&str; 12] = [
    "",
    "exit",
    "exit_group",
    "sleep 1",
    "alloc 1",
    "alloc 8",
    "read v",
    "write v",
    "write v; read v",
    "madvise v",
    "munmap v",
    "sleep 1; write v",
];
const WITHOUT_MAPPING: usize = 6;

const REQUESTS: [&str; 8] = [
    "",
    "",
    "",
    "",
    "io_submit c after 0; ",
    "io_submit c after_alloc; ",
    "io_submit c after 0; io_destroy c; ",
    "io_destroy c; ",
];

const SECOND_THREADS: [&str; 6] = ["", "", "", "", "thread t2: exit", "thread t2: exit_group"];

/// Who else is there; without a mapping, all but the last two.
const OTHERS: [&str; 20] = [
    "process NAME adj -1000\n  thread t: get_task_mm p; mmput",
    "process NAME adj -1000\n  thread t: get_task_mm p; mmput_async",
    "process NAME adj -1000\n  thread t: proc_maps p",
    "process NAME\n  thread t: kill p",
    "process NAME\n  thread t: alloc 1",
    "process NAME shares p\n  thread t: exit",
    "process NAME parent p\n  thread t: exit",
    "kthread NAME\n  thread t: sysrq_f",
    "kthread NAME\n  thread t: sysrq_f",
    "kthread NAME\n  thread t: sysrq_f",
    "kthread NAME\n  thread t: sysrq_f",
    "kthread NAME\n  thread t: sysrq_f",
    "kthread NAME\n  thread t: get_task_mm p; sysrq_f",
    "kthread NAME\n  thread t: get_task_mm p; sysrq_f",
    "kthread NAME\n  thread t: get_task_mm p; sysrq_f",
    "kthread NAME\n  thread t: get_task_mm p; sysrq_f; mmput",
    "kthread NAME\n  thread t: use_mm p; unuse_mm",
    "kthread NAME\n  thread t: kill p",
    "process NAME\n  thread t: process_vm_readv p v",
    "kthread NAME\n  thread t: use_mm p; copy_from_user p v",
];

const FAULTS: [&str; 8] = [
    "",
    "",
    "",
    "",
    "fault fail_trylock fail-nth 1",
    "fault fail_page_alloc fail-nth 1",
    "fault fail_trylock probability 50",
    "fault fail_page_alloc probability 50",
];

/// The case of a number.
pub fn case(number: u64) -> Case {
    let mut draws = 0;
    let mut draw = |below: usize| {
        draws += 1;
        (derive_seed(number, draws) % below as u64) as usize
    };
    let kernels: Vec<_> = kernel::all().map(|revision| revision.name).collect();
    let kernel = if draw(2) == 0 { WRONG[draw(WRONG.len())] } else { kernels[draw(kernels.len())] };
    let machine = MACHINES[draw(MACHINES.len())];
    let mapping = MAPPINGS[draw(MAPPINGS.len())];
    let request = REQUESTS[draw(REQUESTS.len())];
    let context = if request.is_empty() { "" } else { "aio c" };
    let known = if mapping.is_empty() { WITHOUT_MAPPING } else { OPERATIONS.len() };
    let operation = OPERATIONS[draw(known)];
    let second = SECOND_THREADS[draw(SECOND_THREADS.len())];
    let known = if mapping.is_empty() { OTHERS.len() - 2 } else { OTHERS.len() };
    let other = OTHERS[draw(known)].replace("NAME", "o");
    let third = if draw(6) == 0 { OTHERS[draw(known)].replace("NAME", "q") } else { String::new() };
    let fault = FAULTS[draw(FAULTS.len())];
    let thread = format!("thread m: {request}{operation}");
    let thread = thread.trim_end_matches("; ");
    let process = ["process p", mapping, context, thread, second];
    let head = format!("kernel {kernel}\n{machine}");
    let lines = [&*head].into_iter().chain(process).chain([&*other, &*third, fault]);
    common::case(&lines.collect::<Vec<_>>().join("\n"))
}
