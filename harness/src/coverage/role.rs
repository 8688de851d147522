//! Roles: what kind of task a thread of a run was. Names would make the same race of `p1` and of `p2` two.

use crate::daemon::reserved;
use mmreap::sync::bits::Flag;
use mmreap::task::{Task, TaskFlag};
use mmreap::world::World;

/// The most threads that a run of a case can have, and more.
pub(super) const THREADS: usize = 256;

/// A thread of a process that the OOM killer chose, whenever it did.
const VICTIM: u8 = 1;
/// A thread of another process.
const USER: u8 = 2;
/// A kernel thread of the case.
const KERNEL: u8 = 3;
/// An AIO request.
const DEVICE: u8 = 4;
/// From here on: the machine's own tasks, in the order of [`reserved`].
const MACHINE: u8 = 8;

/// The role of each thread of the run in the world, by number.
pub(super) fn roles(w: &World, roles: &mut [u8; THREADS]) {
    let reserved = reserved();
    for (role, thread) in roles.iter_mut().zip(w.threads()) {
        *role = by_name(&thread.name, &reserved);
    }
    for (_, task) in w.tasks.all() {
        if let Some(thread) = task.thread
            && roles[thread.index()] == USER
        {
            roles[thread.index()] = of_task(w, task);
        }
    }
}

fn by_name(name: &str, reserved: &[&str]) -> u8 {
    match reserved.iter().position(|reserved| *reserved == name) {
        Some(place) => MACHINE + place as u8,
        None if name.contains('#') => DEVICE,
        None => USER,
    }
}

fn of_task(w: &World, task: &Task) -> u8 {
    let mut processes = w.signals.all();
    let process = processes.find(|(handle, _)| *handle == task.signal);
    let is_victim = process.is_some_and(|(_, process)| process.oom_mm.is_some());
    match (task.flags >> TaskFlag::Kthread.bit() & 1, is_victim) {
        (1, _) => KERNEL,
        (_, true) => VICTIM,
        (_, false) => USER,
    }
}
