//! MMU notifiers: those who keep translations of their own hear of what happens to an address space.
//!
//! Source: mm/mmu_notifier.c of v4.9 to v4.15, for notifiers that are registered before anybody else knows the
//! address space. Callbacks run in SRCU read sections, so that whoever waits for those knows that none runs
//! any more. Not here: `invalidate_range` and `change_pte`, which secondary MMUs as these need not register, and
//! what asks whether a page was used lately.

use super::secondary::{self, SecondaryMmu};
use super::{Mm, mmdrop, mmgrab};
use crate::memory::{Assertion, Handle, bug_on, read};
use crate::sync::atomic::atomic_read;
use crate::sync::point::{Access, point};
use crate::sync::srcu::{srcu_read, synchronize_srcu};
use crate::trace::enter;
use crate::trace::noun::MM_COUNT;
use std::ops::Range;

/// The list of an address space, and that an MMU is on it.
const HLIST: &str = "hlist";

/// `mmu_notifier_register`, at boot: the structure stays until the notifier is unregistered.
pub fn mmu_notifier_register(mmu: Handle<SecondaryMmu>, mm: Handle<Mm>) {
    let first = mm.peek_at(HLIST, |mm| mm.notifiers);
    mmu.poke_at(HLIST, |mmu| (mmu.next, mmu.hashed) = (first, true));
    mm.poke_at(HLIST, |mm| (mm.notifiers, mm.mmu_notifier_mm) = (Some(mmu), true));
    mmgrab(mm);
}

/// `mm_has_notifiers`: whether any was ever registered, for what they hang on goes with the structure only
/// (`mmu_notifier_mm_destroy`). So it never changes here.
pub fn mm_has_notifiers(mm: Handle<Mm>) -> bool {
    mm.peek_at("mmu_notifier_mm", |mm| mm.mmu_notifier_mm)
}

/// `mmu_notifier_release`: when it returns, nobody uses the address space through another MMU any more.
pub fn mmu_notifier_release(mm: Handle<Mm>) {
    if !mm_has_notifiers(mm) {
        return;
    }
    let _call = enter("__mmu_notifier_release");
    srcu_read(|| {
        for_each(mm, secondary::release);
        unlink(mm, |_| true);
    });
    synchronize_srcu();
}

/// `mmu_notifier_invalidate_range_start`: these pages are about to be taken away.
pub fn mmu_notifier_invalidate_range_start(mm: Handle<Mm>, pages: &Range<u32>) {
    if mm_has_notifiers(mm) {
        let _call = enter("__mmu_notifier_invalidate_range_start");
        srcu_read(|| for_each(mm, |mmu| secondary::invalidate_range_start(mmu, pages)));
    }
}

/// `mmu_notifier_invalidate_range_end`: what is found from now on is up to date.
pub fn mmu_notifier_invalidate_range_end(mm: Handle<Mm>) {
    if mm_has_notifiers(mm) {
        let _call = enter("__mmu_notifier_invalidate_range_end");
        srcu_read(|| for_each(mm, secondary::invalidate_range_end));
    }
}

/// `mmu_notifier_unregister`: calls `release` unless that has been done, and waits until nobody calls anything.
pub fn mmu_notifier_unregister(mmu: Handle<SecondaryMmu>, mm: Handle<Mm>) {
    let _call = enter("mmu_notifier_unregister");
    held(mm);
    if read(mmu, HLIST, |mmu| mmu.hashed) {
        srcu_read(|| secondary::release(mmu));
        unlink(mm, |listed| listed == mmu);
    }
    synchronize_srcu();
    held(mm);
    mmdrop(mm);
}

/// Who unregisters a notifier holds the structure by it.
fn held(mm: Handle<Mm>) {
    let count = atomic_read(mm, MM_COUNT, |mm| &mut mm.count);
    bug_on(count <= 0, Assertion::MM_COUNT, mm.object());
}

/// `mmu_notifier_mm_destroy`: the structure goes, and what notifiers hang on with it.
pub fn mmu_notifier_mm_destroy(mm: Handle<Mm>) {
    if mm_has_notifiers(mm) {
        let listed = mm.peek_at(HLIST, |mm| mm.notifiers.is_some());
        bug_on(listed, Assertion::NOTIFIERS, mm.object());
    }
}

/// `hlist_for_each_entry_rcu`: entries may leave the list meanwhile.
fn for_each(mm: Handle<Mm>, call: impl Fn(Handle<SecondaryMmu>)) {
    let mut next = read(mm, HLIST, |mm| mm.notifiers);
    while let Some(mmu) = next {
        call(mmu);
        next = read(mmu, HLIST, |mmu| mmu.next);
    }
}

/// `hlist_del_init_rcu` of those that are still there, in one step as the list's lock makes it. Who stands on an
/// entry finds its way from there.
fn unlink(mm: Handle<Mm>, leaves: impl Fn(Handle<SecondaryMmu>) -> bool) {
    point(mm.object(), Access::Update, "hlist_del_init_rcu", HLIST);
    let (mut before, mut next) = (None, mm.peek_at(HLIST, |mm| mm.notifiers));
    while let Some(mmu) = next {
        next = mmu.peek_at(HLIST, |mmu| mmu.next);
        if leaves(mmu) {
            mmu.poke_at(HLIST, |mmu| mmu.hashed = false);
            link(mm, before, next);
        } else {
            before = Some(mmu);
        }
    }
}

fn link(mm: Handle<Mm>, before: Option<Handle<SecondaryMmu>>, next: Option<Handle<SecondaryMmu>>) {
    match before {
        Some(before) => before.poke_at(HLIST, |before| before.next = next),
        None => mm.poke_at(HLIST, |mm| mm.notifiers = next),
    }
}
