//! Changing mappings of a living address space: `mmap`, `munmap`, `MADV_DONTNEED`.
//!
//! Source: mm/mmap.c and mm/madvise.c of v4.9 to v4.15, without splitting and merging: a mapping comes
//! and goes as a whole.

use super::gather::{tlb_finish_mmu, tlb_gather_mmu};
use super::memory::zap_page_range;
use super::munlock::munlock_vma_pages_all;
use super::vma::{VmFlag, Vma, find_vma};
use super::{Mm, free_pgtables::free_pgtables, mmap_sem};
use crate::inject::{FaultPoint, strikes};
use crate::memory::{Handle, allocate, free, write};
use crate::page::free_pages;
use crate::page_alloc::alloc_page;
use crate::sync::lock::might_sleep;
use crate::sync::rwsem::{down_read, down_write_killable, up_read, up_write};
use crate::trace::{EventKind, enter, record};
use std::rc::Rc;

/// What a mapping is to be.
#[derive(Clone, Debug)]
pub struct VmaPlan {
    /// Its name.
    pub name: Rc<str>,
    /// Its first page.
    pub start: u32,
    /// Its length in pages.
    pub pages: u32,
    /// `vm_flags`.
    pub flags: u32,
    /// Whether a file backs its private pages.
    pub file: bool,
}

/// Links a new mapping into the list, in address order. The caller has the address space for itself.
pub fn insert_vma(mm: Handle<Mm>, plan: &VmaPlan) -> Handle<Vma> {
    let (mut before, mut after) = (None, mm.peek_at("mmap", |mm| mm.mmap));
    while let Some(vma) = after
        && vma.peek(|vma| vma.start) < plan.start
    {
        before = Some(vma);
        after = vma.peek_at("vm_next", |vma| vma.next);
    }
    let vma = allocate(Vma {
        name: plan.name.clone(),
        mm,
        start: plan.start,
        end: plan.start + plan.pages,
        flags: plan.flags,
        file: plan.file,
        backing: Vec::new(),
        next: after,
    });
    link(mm, before, Some(vma));
    if plan.flags & VmFlag::Locked.mask() != 0 {
        mm.poke_at("locked_vm", |mm| mm.locked_vm += plan.pages as i32);
    }
    vma
}

fn link(mm: Handle<Mm>, before: Option<Handle<Vma>>, vma: Option<Handle<Vma>>) {
    match before {
        Some(before) => write(before, "vm_next", |before| before.next = vma),
        None => write(mm, "mmap", |mm| mm.mmap = vma),
    }
}

/// `mmap(2)`. Allocating the structures happens with `mmap_sem` held for writing, and may invoke the
/// OOM killer there.
pub fn sys_mmap(mm: Handle<Mm>, plan: &VmaPlan) {
    let _call = enter("vm_mmap_pgoff");
    if down_write_killable(mmap_sem(mm)).is_err() {
        return;
    }
    let slab_page = if strikes(FaultPoint::SLAB) { None } else { alloc_page() };
    if let Some(slab_page) = slab_page {
        if find_vma(mm, plan.start).is_none() {
            contains_what_is_mapped(insert_vma(mm, plan));
        }
        free_pages(&[slab_page]);
    }
    up_write(mmap_sem(mm));
}

/// `munmap(2)` of a whole mapping.
pub fn sys_munmap(mm: Handle<Mm>, start: u32) {
    let _call = enter("do_munmap");
    if down_write_killable(mmap_sem(mm)).is_err() {
        return;
    }
    if let Some(vma) = find_vma(mm, start) {
        unmap_region(mm, vma);
    }
    up_write(mmap_sem(mm));
}

fn unmap_region(mm: Handle<Mm>, vma: Handle<Vma>) {
    let (start, end, next) = vma.peek_at("vm_next", |vma| (vma.start, vma.end, vma.next));
    if vma.peek_at("vm_flags", |vma| vma.has(VmFlag::Locked)) {
        mm.poke_at("locked_vm", |mm| mm.locked_vm -= (end - start) as i32);
        munlock_vma_pages_all(vma);
    }
    let before = neighbour_below(mm, vma);
    link(mm, before, next);
    write(vma, "vm_next", |vma| vma.next = None);
    let gather = tlb_gather_mmu(mm, false);
    discard(vma, false);
    zap_page_range(gather, vma);
    let floor = before.map_or(0, |before| before.peek(|before| before.end));
    let ceiling = next.map_or(u32::MAX, |next| next.peek(|next| next.start));
    free_pgtables(mm, Some(vma), floor, ceiling);
    tlb_finish_mmu(gather);
    discard(vma, true);
    remove_vma(vma);
}

fn neighbour_below(mm: Handle<Mm>, vma: Handle<Vma>) -> Option<Handle<Vma>> {
    let (mut before, mut next) = (None, mm.peek_at("mmap", |mm| mm.mmap));
    while let Some(other) = next
        && other != vma
    {
        before = Some(other);
        next = other.peek_at("vm_next", |other| other.next);
    }
    before
}

/// `madvise(MADV_DONTNEED)` of a whole mapping.
pub fn sys_madvise(mm: Handle<Mm>, start: u32) {
    let _call = enter("madvise_dontneed");
    down_read(mmap_sem(mm));
    if let Some(vma) = find_vma(mm, start)
        && can_madv_dontneed_vma(vma)
    {
        let gather = tlb_gather_mmu(mm, false);
        discard(vma, false);
        zap_page_range(gather, vma);
        tlb_finish_mmu(gather);
        discard(vma, true);
    }
    up_read(mmap_sem(mm));
}

/// `can_madv_dontneed_vma`: neither locked, nor hugetlb, nor a device's.
pub fn can_madv_dontneed_vma(vma: Handle<Vma>) -> bool {
    let excluded = VmFlag::Locked.mask() | VmFlag::Hugetlb.mask() | VmFlag::Pfnmap.mask();
    crate::memory::read(vma, "vm_flags", |vma| vma.flags & excluded == 0)
}

/// What a new mapping contains before anybody stores to it.
fn contains_what_is_mapped(vma: Handle<Vma>) {
    let (mm, pages) = vma.peek(|vma| (vma.mm, vma.start..vma.end));
    for page in pages {
        let content = vma.peek(|vma| vma.pristine(page));
        record(mm.object(), EventKind::UserWrite { page, content });
    }
}

/// The owner gives up what it stored; what it reads next comes from the file or is zero.
fn discard(vma: Handle<Vma>, done: bool) {
    let (mm, pages) = vma.peek(|vma| (vma.mm, vma.start..vma.end));
    if vma.peek_at("vm_flags", |vma| vma.has(VmFlag::Shared)) {
        return;
    }
    for page in pages {
        let content = vma.peek(|vma| vma.pristine(page));
        record(mm.object(), EventKind::UserDiscard { page, content, done });
    }
}

/// `remove_vma`: closes the file and frees the structure.
pub fn remove_vma(vma: Handle<Vma>) {
    let _call = enter("remove_vma");
    might_sleep(vma.object());
    let backing = vma.poke_at("backing", |vma| std::mem::take(&mut vma.backing));
    free_pages(&backing);
    free(vma);
}
