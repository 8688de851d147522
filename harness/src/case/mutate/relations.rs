//! Changes who shares an address space, who is whose child, and who is vforked.
//!
//! Each change toggles: a relation that is there is dissolved, one that is not is made. What the
//! two processes then must not have any more, they lose here and not by repair, which would rather
//! drop the relation than the mappings.

use crate::case::generate::draw::Draw;
use crate::case::generate::scope::{is_vforked, users};
use crate::case::mutate::repair::dispossess;
use crate::case::{Argument, Case, Operation};
use crate::operation::{vfork::VFORK, wait::WAIT};

/// Two different user processes, the earlier first.
fn any_pair(case: &Case, draw: &mut Draw) -> Option<(usize, usize)> {
    let mut users = users(case);
    let late = draw.between(1..=users.len().max(2) - 1);
    users.truncate(late + 1);
    let late = users.pop()?;
    draw.pick(&users).map(|&early| (early, late))
}

/// Makes a process use another's address space, or have its own.
pub(super) fn share(case: &mut Case, draw: &mut Draw) -> bool {
    let Some((owner, sharer)) = any_pair(case, draw) else { return false };
    if case.processes[sharer].shares.take().is_some() {
        return true;
    }
    let lender = &case.processes[owner];
    let fit = lender.shares.is_none() && !is_vforked(case, &lender.name);
    if fit {
        case.processes[sharer].shares = Some(lender.name.clone());
        dispossess(&mut case.processes[sharer]);
    }
    fit
}

/// Makes a process the child of another, with or without a `wait`, or of nobody.
pub(super) fn adopt(case: &mut Case, draw: &mut Draw) -> bool {
    let Some((parent, child)) = any_pair(case, draw) else { return false };
    if case.processes[child].parent.take().is_some() {
        return true;
    }
    case.processes[child].parent = Some(case.processes[parent].name.clone());
    if draw.chance(50) {
        let wait = WAIT.of([Argument::process(&*case.processes[child].name)]);
        insert(case, parent, wait, draw);
    }
    true
}

/// Makes a process the vforked child of another, or an independent one if it is that already.
pub(super) fn vfork(case: &mut Case, draw: &mut Draw) -> bool {
    let Some((parent, child)) = any_pair(case, draw) else { return false };
    let name = case.processes[child].name.clone();
    if is_vforked(case, &name) {
        case.processes[child].parent = None;
        return true;
    }
    case.processes[child].parent = Some(case.processes[parent].name.clone());
    case.processes[child].shares = None;
    dispossess(&mut case.processes[child]);
    insert(case, parent, VFORK.of([Argument::Process(name)]), draw);
    true
}

/// Puts an operation somewhere before the end of one of the process's threads.
fn insert(case: &mut Case, process: usize, operation: Operation, draw: &mut Draw) {
    let threads = &mut case.processes[process].threads;
    let thread = draw.below(threads.len());
    let operations = &mut threads[thread].operations;
    operations.insert(draw.below(operations.len()), operation);
}
