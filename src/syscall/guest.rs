//! Guests: code that reaches the memory of a process through a secondary MMU.
//!
//! Source: virt/kvm/kvm_main.c (`hva_to_pfn`), arch/x86/kvm/mmu.c (`tdp_page_fault`) and mm/gup.c of v4.9 to v4.15. A
//! thread that runs a guest in its own address space is a virtual CPU, and leaves the guest when it is to die.
//! Anybody else stands for a device: it needs users of the address space to resolve a fault, as drivers do,
//! and none for what it has mapped already.

use super::uaccess::{AccessError, By, page_fault};
use crate::exit::fork::mmput;
use crate::memory::Handle;
use crate::mm::pgtable::{Entry, PTRS, hardware_walk};
use crate::mm::secondary::{self, SPTE, SecondaryMmu, read_seq, set_spte, with_driver_lock};
use crate::mm::{Mm, mmget_not_zero};
use crate::page::{Frame, content, free_pages, get_page, store};
use crate::sync::point::{Access, point};
use crate::task::{Signal, current, fatal_signal_pending, find_task_by_vpid, rcu_read};
use crate::trace::noun::MM;
use crate::trace::{EventKind, enter, record};
use std::ops::Range;

/// The secondary MMU that a process has open, with a reference, if it still has one.
pub fn fget(process: Handle<Signal>) -> Option<Handle<SecondaryMmu>> {
    rcu_read(|| {
        point(process.object(), Access::Read, "fget", "files");
        let open = find_task_by_vpid(process).is_some()
            && process.peek_at("files", |signal| !signal.files.is_empty());
        let mmu = open.then(|| process.peek_at("files", |signal| signal.files[0]))?;
        mmu.access("users", Access::Add, |mmu| mmu.users += 1);
        Some(mmu)
    })
}

/// The running thread closes a secondary MMU of its process.
pub fn close() {
    let process = current().peek(|task| task.signal);
    point(process.object(), Access::Update, "close", "files");
    let closed = process.poke_at("files", |signal| signal.files.pop());
    closed.into_iter().for_each(secondary::put);
}

/// A guest loads from each of the pages.
pub fn guest_read(process: Handle<Signal>, pages: Range<u32>) -> Result<(), AccessError> {
    run(process, pages, |mmu, page| {
        let frame = access(mmu, page, false)?;
        let content = frame.map_or(0, content);
        let frame = frame.map_or(0, |frame| u32::from(frame.0));
        record(mmu.peek(|mmu| mmu.mm).object(), EventKind::UserRead { frame, page, content });
        Ok(())
    })
}

/// A guest stores to each of the pages.
pub fn guest_write(
    process: Handle<Signal>,
    pages: Range<u32>,
    content: u32,
) -> Result<(), AccessError> {
    run(process, pages, |mmu, page| {
        if let Some(frame) = access(mmu, page, true)? {
            store(frame, content + page);
        }
        let content = content + page;
        record(mmu.peek(|mmu| mmu.mm).object(), EventKind::UserWrite { page, content });
        Ok(())
    })
}

fn run(
    process: Handle<Signal>,
    mut pages: Range<u32>,
    action: impl Fn(Handle<SecondaryMmu>, u32) -> Result<(), AccessError>,
) -> Result<(), AccessError> {
    let Some(mmu) = fget(process) else { return Ok(()) };
    let call = enter("guest_mode");
    let result = pages.try_for_each(|page| action(mmu, page));
    drop(call);
    secondary::put(mmu);
    result
}

/// The frame that a guest reaches, as of the same step; `None` is the zero page.
fn access(mmu: Handle<SecondaryMmu>, page: u32, write: bool) -> Result<Option<Frame>, AccessError> {
    loop {
        if fatal_signal_pending() {
            return Err(AccessError::Killed);
        }
        let access = if write { Access::Update } else { Access::Read };
        point(mmu.object(), access, if write { "guest_store" } else { "guest_load" }, SPTE);
        let spte = mmu.peek_at(SPTE, |mmu| mmu.spte(page));
        if let Some(spte) = spte.filter(|spte| spte.writable || !write) {
            return Ok(spte.frame);
        }
        tdp_page_fault(mmu, page, write)?;
    }
}

/// `tdp_page_fault`: after it the entry is there, or the guest has to try again.
fn tdp_page_fault(mmu: Handle<SecondaryMmu>, page: u32, write: bool) -> Result<(), AccessError> {
    let _call = enter("tdp_page_fault");
    let mm = mmu.peek(|mmu| mmu.mm);
    if current().peek_at(MM, |task| task.mm) == Some(mm) {
        return with_driver_lock(mmu, || map(mmu, mm, page, write));
    }
    if !mmget_not_zero(mm) {
        return Err(AccessError::Fault);
    }
    let result = with_driver_lock(mmu, || map(mmu, mm, page, write));
    mmput(mm);
    result
}

/// Copies the entry of the page tables.
fn map(
    mmu: Handle<SecondaryMmu>,
    mm: Handle<Mm>,
    page: u32,
    write: bool,
) -> Result<(), AccessError> {
    let seq = read_seq(mmu).ok_or(AccessError::Killed)?;
    let (frame, writable) = get_user_page(mm, page, write)?;
    set_spte(mmu, seq, page, frame, writable);
    frame.into_iter().for_each(|frame| free_pages(&[frame]));
    Ok(())
}

/// `get_user_pages_fast` of one page, with a reference, and whether stores are allowed.
fn get_user_page(
    mm: Handle<Mm>,
    page: u32,
    write: bool,
) -> Result<(Option<Frame>, bool), AccessError> {
    let _call = enter("get_user_pages_fast");
    loop {
        point(mm.object(), Access::Read, "gup_pte_range", "page_tables");
        match hardware_walk(mm, page) {
            Entry::Page { frame, writable } if writable || !write => {
                get_page(frame);
                return Ok((Some(frame), writable));
            }
            Entry::Huge(frames) => {
                let frame = frames[(page % PTRS) as usize];
                get_page(frame);
                return Ok((Some(frame), true));
            }
            Entry::Zero if !write => return Ok((None, false)),
            Entry::Pfn => return Err(AccessError::Fault),
            _ => page_fault(mm, page, write, By::Kernel)?,
        }
    }
}
