//! One process of two: not a change that a fuzzer makes, but one that a minimiser tries.

use crate::case::Case;
use crate::case::generate::scope::user;
use crate::case::mutate::names::{fresh, replace};

/// Makes the threads of a process that shares another's address space threads of that other process. Does
/// nothing if it shares none.
pub fn merge_sharer(case: &mut Case, sharer: usize) {
    let owner = case.processes[sharer].shares.as_deref().and_then(|name| user(case, name));
    let Some(owner) = owner.filter(|&owner| owner < sharer) else { return };
    let moved = case.processes.remove(sharer);
    for (number, mut thread) in moved.threads.iter().cloned().enumerate() {
        let threads = &mut case.processes[owner].threads;
        let old = moved.task_name(number);
        thread.name = fresh("t", |name| threads.iter().any(|thread| thread.name == name));
        threads.push(thread);
        let new = case.processes[owner].task_name(case.processes[owner].threads.len() - 1);
        rename_task(case, &old, &new);
    }
    let name = case.processes[owner].name.clone();
    replace(case, &moved.name, &name);
}

fn rename_task(case: &mut Case, old: &str, new: &str) {
    let filters = case.faults.iter_mut().filter_map(|fault| fault.task_filter.as_mut());
    let segments = case.schedule.segments.iter_mut().map(|segment| &mut segment.task);
    filters.chain(segments).filter(|task| *task == old).for_each(|task| *task = new.to_string());
}
