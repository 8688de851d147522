//! The address space: `mm_struct`, its two counts, its flags, and what hangs below it.
//!
//! Whoever holds `mm_users` may use VMAs and page tables; whoever holds only `mm_count` may look at the
//! flags and take `mmap_sem`, and must not assume that anything below still exists. Source: mm_types.h
//! and kernel/fork.c of v4.9 to v4.15.

pub mod check_stable;
pub mod fault;
pub mod file_fault;
pub mod finish_fault;
pub mod follow_page;
pub mod free_pgtables;
pub mod gather;
pub mod handle_mm_fault;
pub mod huge_memory;
pub mod memory;
pub mod mmap;
pub mod mmu_notifier;
pub mod munlock;
pub mod pgtable;
pub mod secondary;
pub mod tlb;
pub mod vma;

use crate::aio::Kioctx;
use crate::memory::{Handle, allocate, free};
use crate::sync::atomic::{atomic_dec_and_test, atomic_inc, atomic_inc_not_zero};
use crate::sync::bits::Flag;
use crate::sync::rwsem::RwSem;
use crate::sync::spinlock::SpinLock;
use crate::trace::noun::{MM_COUNT, MM_USERS, MMF_OOM_SKIP, MMF_OOM_VICTIM, MMF_UNSTABLE};
use crate::world::world;
use pgtable::{Level, PageTable};
use secondary::SecondaryMmu;
use vma::Vma;

/// Slots of an address space's table of AIO contexts.
pub const IOCTX_SLOTS: usize = 4;

/// `mm_struct`.
#[derive(Debug)]
pub struct Mm {
    /// `mm_users`: users of VMAs and page tables.
    pub users: i32,
    /// `mm_count`: holders of the structure; all users together count one.
    pub count: i32,
    /// The flag word.
    pub flags: u32,
    /// `mmap_sem`.
    pub mmap_sem: RwSem,
    /// `mmap`: the list of VMAs in address order.
    pub mmap: Option<Handle<Vma>>,
    /// The top-level page table.
    pub pgd: Handle<PageTable>,
    /// Resident pages.
    pub rss: i32,
    /// `nr_ptes`: page tables of the lowest level, and those that lie deposited behind huge pages.
    pub nr_ptes: i32,
    /// `nr_pmds`: page tables of the middle level.
    pub nr_pmds: i32,
    /// Pages of VMAs that are `VM_LOCKED`.
    pub locked_vm: i32,
    /// `mmu_notifier_mm->list`: the first registered MMU notifier.
    pub notifiers: Option<Handle<SecondaryMmu>>,
    /// Whether there is a `mmu_notifier_mm`, with or without notifiers.
    pub mmu_notifier_mm: bool,
    /// AIO contexts.
    pub ioctx_table: [Option<Handle<Kioctx>>; IOCTX_SLOTS],
    /// Protects the table of contexts.
    pub ioctx_lock: SpinLock,
    /// Whether the executable is still referenced.
    pub exe_file: bool,
    /// Whether the module of the binary format is still referenced.
    pub binfmt: bool,
}

/// Flags of an address space. None of them is ever cleared in the flags that the OOM code uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MmFlag {
    /// `MMF_VM_MERGEABLE`: registered with ksmd.
    VmMergeable,
    /// `MMF_VM_HUGEPAGE`: registered with khugepaged.
    VmHugepage,
    /// `MMF_OOM_SKIP`: the OOM killer no longer waits for this address space.
    OomSkip,
    /// `MMF_UNSTABLE`: the reaper has begun to take pages away.
    Unstable,
    /// `MMF_HUGE_ZERO_PAGE`: holds a reference on the huge zero page.
    HugeZeroPage,
    /// `MMF_OOM_VICTIM` (v4.15 to v6.0): the address space of an OOM victim.
    OomVictim,
}

impl MmFlag {
    /// All of them.
    pub const ALL: [MmFlag; 6] = [
        MmFlag::VmMergeable,
        MmFlag::VmHugepage,
        MmFlag::OomSkip,
        MmFlag::Unstable,
        MmFlag::HugeZeroPage,
        MmFlag::OomVictim,
    ];
}

impl Flag for MmFlag {
    type Holder = Mm;

    fn name(self) -> &'static str {
        match self {
            MmFlag::VmMergeable => "MMF_VM_MERGEABLE",
            MmFlag::VmHugepage => "MMF_VM_HUGEPAGE",
            MmFlag::OomSkip => MMF_OOM_SKIP,
            MmFlag::Unstable => MMF_UNSTABLE,
            MmFlag::HugeZeroPage => "MMF_HUGE_ZERO_PAGE",
            MmFlag::OomVictim => MMF_OOM_VICTIM,
        }
    }

    fn bit(self) -> u32 {
        match self {
            MmFlag::VmMergeable => 16,
            MmFlag::VmHugepage => 17,
            MmFlag::OomSkip => 21,
            MmFlag::Unstable => 22,
            MmFlag::HugeZeroPage => 23,
            MmFlag::OomVictim => 25,
        }
    }

    fn word(mm: &mut Mm) -> &mut u32 {
        &mut mm.flags
    }
}

/// `mm_alloc`: an address space without users or mappings, held once by its future users.
pub fn mm_alloc() -> Handle<Mm> {
    let (mmap_sem, ioctx_lock) = (RwSem::new("mmap_sem"), SpinLock::new("ioctx_lock"));
    let pgd = pgtable::alloc(Level::Pgd);
    let mm = allocate(Mm {
        users: 0,
        count: 1,
        flags: 0,
        mmap_sem,
        mmap: None,
        pgd,
        rss: 0,
        nr_ptes: 0,
        nr_pmds: 0,
        locked_vm: 0,
        notifiers: None,
        mmu_notifier_mm: false,
        ioctx_table: [None; IOCTX_SLOTS],
        ioctx_lock,
        exe_file: true,
        binfmt: true,
    });
    world(|w| {
        w.locks.own(mmap_sem, mm.object());
        w.locks.own(ioctx_lock, mm.object());
    });
    mm
}

/// `mmget_not_zero`: a user reference, unless there are no users any more.
pub fn mmget_not_zero(mm: Handle<Mm>) -> bool {
    atomic_inc_not_zero(mm, MM_USERS, |mm| &mut mm.users)
}

/// `mmget`: one more user, by somebody who knows that there is one.
pub fn mmget(mm: Handle<Mm>) {
    atomic_inc(mm, MM_USERS, |mm| &mut mm.users);
}

/// `mmgrab`: keeps the structure, not what is below it.
pub fn mmgrab(mm: Handle<Mm>) {
    atomic_inc(mm, MM_COUNT, |mm| &mut mm.count);
}

/// `mmdrop`: the last one frees the structure and the top-level table.
pub fn mmdrop(mm: Handle<Mm>) {
    if atomic_dec_and_test(mm, MM_COUNT, |mm| &mut mm.count) {
        mmdrop_final(mm);
    }
}

/// `__mmdrop`: nobody holds the structure any more.
pub fn mmdrop_final(mm: Handle<Mm>) {
    let _call = crate::trace::enter("__mmdrop");
    free(mm.peek(|mm| mm.pgd));
    mmu_notifier::mmu_notifier_mm_destroy(mm);
    free(mm);
}

/// The lock of the address space; touching it needs the structure to exist.
pub fn mmap_sem(mm: Handle<Mm>) -> RwSem {
    mm.peek(|mm| mm.mmap_sem)
}
