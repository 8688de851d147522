//! O-LEAK: what is left when nothing can happen any more must have a holder.
//!
//! Promise: the counts of every address space, and the references of every page frame, are exactly those
//! of the holders that exist; an address space without holders waits for the worker to free it, and one that is
//! gone counts neither pages nor page tables any more; no gather and no dead task remains, every page table and
//! mapping belongs to an address space that exists, and every secondary MMU to a process that has it open.
//! Tolerance: judged only if the run came to rest with no thread stuck in the middle of something, because a
//! stuck thread holds things that no table lists.

use super::obligations::REFERENCE;
use super::{Failure, Oracle, Rule, signature};
use crate::case::Signature;
use mmreap::memory::Handle;
use mmreap::mm::Mm;
use mmreap::page::Frame;
use mmreap::task::TaskFlag;
use mmreap::trace::ObjectRef;
use mmreap::trace::noun::{MM_COUNT, MM_USERS};
use mmreap::workqueue::Work;
use mmreap::world::{End, World};
use std::collections::{BTreeMap, BTreeSet};

/// Judges what is left.
pub struct Leak;

impl Oracle for Leak {
    /// Audits the world.
    fn judge(&self, world: &World) -> Option<Failure> {
        if world.end != Some(End::Quiescent) || !world.stuck.is_empty() {
            return None;
        }
        audit_address_spaces(world)
            .or_else(|| audit_counters(world))
            .or_else(|| audit_gathers(world))
            .or_else(|| audit_tables(world))
            .or_else(|| audit_mappings(world))
            .or_else(|| audit_mmus(world))
            .or_else(|| audit_tasks(world))
            .or_else(|| audit_frames(world))
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == "O-LEAK" { vec![&REFERENCE] } else { Vec::new() }
    }
}

fn audit_address_spaces(world: &World) -> Option<Failure> {
    world.mms.live().find_map(|(mm, state)| {
        let (users, count) = (users(world, mm), holders(world, mm));
        let count = count + i32::from(users > 0);
        let queued = world.workqueue.waiting().any(|&work| work == Work::Mmdrop(mm));
        if state.users != users {
            return Some(describe(mm.object(), MM_USERS, state.users, users));
        }
        if state.count != count {
            return Some(describe(mm.object(), MM_COUNT, state.count, count));
        }
        (count == 0 && !queued).then(|| describe(mm.object(), "mm_struct", 1, 0))
    })
}

/// Those who hold `mm_users`.
fn users(world: &World, mm: Handle<Mm>) -> i32 {
    let tasks = world.tasks.live().map(|(_, task)| {
        let own = task.mm == Some(mm) && task.flags & kthread() == 0;
        let pins = task.pins.iter().chain(&task.borrowed).filter(|&&pin| pin == mm);
        pins.count() as i32 + i32::from(own)
    });
    tasks.sum()
}

fn kthread() -> u32 {
    1 << TaskFlag::Kthread as u32
}

/// Those who hold `mm_count`, apart from the users.
fn holders(world: &World, mm: Handle<Mm>) -> i32 {
    let borrowed = world.tasks.live().filter(|(_, t)| t.mm == Some(mm) && t.flags & kthread() != 0);
    let victims = world.signals.live().filter(|(_, signal)| signal.oom_mm == Some(mm));
    let lists = world.ksm.registered().iter().chain(world.khugepaged.registered());
    let listed = lists.filter(|&&other| other == mm).count();
    let notifiers = world.mmus.live().filter(|(_, mmu)| mmu.mm == mm);
    (borrowed.count() + victims.count() + listed + notifiers.count()) as i32
}

/// `check_mm`: an address space that is gone has given back what it counted.
fn audit_counters(world: &World) -> Option<Failure> {
    let live: BTreeSet<u32> = world.mms.live().map(|(mm, _)| mm.serial()).collect();
    let mut gone = world.mms.all().filter(|(mm, _)| !live.contains(&mm.serial()));
    gone.find_map(|(mm, state)| {
        let counters = [("rss", state.rss), ("nr_ptes", state.nr_ptes), ("nr_pmds", state.nr_pmds)];
        let (counter, left) = counters.into_iter().find(|&(_, left)| left != 0)?;
        Some(describe(mm.object(), counter, left, 0))
    })
}

fn audit_gathers(world: &World) -> Option<Failure> {
    let (gather, _) = world.gathers.live().next()?;
    Some(describe(gather.object(), "mmu_gather", 1, 0))
}

/// A page table must be found from the top level of an address space.
fn audit_tables(world: &World) -> Option<Failure> {
    let mut reached: BTreeSet<u32> =
        world.mms.live().map(|(_, state)| state.pgd.serial()).collect();
    // There are two levels below the top.
    for _ in 0..2 {
        let live = world.page_tables.live().filter(|(table, _)| reached.contains(&table.serial()));
        let below: Vec<u32> =
            live.flat_map(|(_, state)| state.below()).map(|table| table.serial()).collect();
        reached.extend(below);
    }
    let mut lost = world.page_tables.live().filter(|(table, _)| !reached.contains(&table.serial()));
    lost.next().map(|(table, _)| describe(table.object(), "page_table", 1, 0))
}

fn audit_mappings(world: &World) -> Option<Failure> {
    let mut lost =
        world.vmas.live().filter(|(_, vma)| world.mms.live().all(|(mm, _)| mm != vma.mm));
    lost.next().map(|(vma, _)| describe(vma.object(), "vm_area_struct", 1, 0))
}

/// Nobody uses one when nothing happens any more.
fn audit_mmus(world: &World) -> Option<Failure> {
    let open = || world.signals.live().flat_map(|(_, signal)| &signal.files);
    let mut lost = world.mmus.live().filter(|(mmu, _)| !open().any(|file| file == mmu));
    lost.next().map(|(mmu, state)| describe(mmu.object(), "users", state.users, 0))
}

/// A task whose thread has ended may only be a zombie that its parent has not waited for.
fn audit_tasks(world: &World) -> Option<Failure> {
    let mut tasks = world.tasks.live();
    tasks.find_map(|(handle, task)| {
        let thread = task.thread?;
        let listed = world.signals.live().any(|(_, signal)| signal.threads.contains(&handle));
        let leaked = world.threads()[thread.index()].ended && !listed;
        leaked.then(|| describe(handle.object(), "usage", task.usage, 0))
    })
}

fn audit_frames(world: &World) -> Option<Failure> {
    let mut held: BTreeMap<Frame, i32> = BTreeMap::new();
    let tasks = world.tasks.live().flat_map(|(_, task)| task.frames.iter());
    let backing = world.vmas.live().flat_map(|(_, vma)| vma.backing.iter());
    for &frame in tasks.chain(backing) {
        *held.entry(frame).or_default() += 1;
    }
    world.zone.allocated().find_map(|(frame, state)| {
        let expected = held.get(&frame).copied().unwrap_or(0) + i32::from(state.mapcount);
        let actual = i32::from(state.refcount);
        (actual != expected).then(|| describe(frame.object(), "refcount", actual, expected))
    })
}

fn describe(object: ObjectRef, counter: &'static str, actual: i32, expected: i32) -> Failure {
    let mut signature = signature("O-LEAK", object.kind, &[]);
    signature.sites.push(counter.to_string());
    Failure {
        signature,
        title: "leak",
        object,
        events: Vec::new(),
        details: vec![format!("{counter} of {object} is {actual}; holders account for {expected}")],
    }
}
