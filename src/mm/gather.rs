//! `mmu_gather`: pages that were unmapped wait here until the TLBs are flushed, then they are freed.
//!
//! Source: mm/memory.c and asm-generic/tlb.h of v4.9 to v4.15. The batch is small, so that a case of a
//! few pages fills it.

use super::Mm;
use super::tlb::flush_tlb_mm;
use crate::memory::{Handle, allocate, free};
use crate::page::{Frame, free_pages};
use crate::trace::enter;
use crate::world::world;

/// Pages that a batch holds before it has to be flushed (the kernel: about 500).
pub const BATCH: usize = 8;

/// `mmu_gather`.
#[derive(Debug)]
pub struct Gather {
    /// The address space.
    pub mm: Handle<Mm>,
    fullmm: bool,
    need_flush: bool,
    batch: Vec<Frame>,
}

/// `tlb_gather_mmu`; `fullmm` promises that the whole address space goes.
pub fn tlb_gather_mmu(mm: Handle<Mm>, fullmm: bool) -> Handle<Gather> {
    allocate(Gather { mm, fullmm, need_flush: false, batch: Vec::new() })
}

/// `__tlb_remove_page`: whether the batch is full now.
pub fn tlb_remove_page(gather: Handle<Gather>, frame: Frame) -> bool {
    gather.poke(|gather| {
        gather.need_flush = true;
        gather.batch.push(frame);
        gather.batch.len() >= BATCH
    })
}

/// Notes that an entry without a page was cleared.
pub fn tlb_remove_entry(gather: Handle<Gather>) {
    gather.poke(|gather| gather.need_flush = true);
}

/// `tlb_flush_mmu`: flush the TLBs, then free the batch.
pub fn tlb_flush_mmu(gather: Handle<Gather>) {
    let (mm, fullmm, need_flush) = gather.peek(|g| {
        debug_assert!(g.need_flush || g.batch.is_empty(), "a page in a batch asks for a flush");
        (g.mm, g.fullmm, g.need_flush)
    });
    if !need_flush {
        return;
    }
    let _call = enter("tlb_flush_mmu");
    if !(fullmm && world(|w| w.tlbs.lazy)) {
        flush_tlb_mm(mm);
    }
    let batch = gather.poke(|gather| {
        gather.need_flush = false;
        std::mem::take(&mut gather.batch)
    });
    free_pages(&batch);
}

/// `tlb_finish_mmu`.
pub fn tlb_finish_mmu(gather: Handle<Gather>) {
    tlb_flush_mmu(gather);
    free(gather);
}
