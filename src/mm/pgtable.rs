//! Page tables: three levels of tables over simulated frames.
//!
//! A page-table page of the lowest level maps 4 pages, one of the middle level 4 of these, the top level
//! 8 of those: 128 pages of address space. Small tables make small cases cross their borders. The
//! split page-table lock lives in the table that it protects, as in the kernel, so locking it in a
//! freed table is a use after free.

use super::Mm;
use crate::memory::{Handle, Place, Violation, allocate, free, read, report};
use crate::page::Frame;
use crate::sync::point::{Access, point};
use crate::sync::spinlock::{SpinLock, spin_lock, spin_unlock};
use crate::trace::{EventKind, record};
use crate::world::world;

/// Entries of a middle or lowest table, and so pages of a huge page.
pub const PTRS: u32 = 4;
/// Entries of the top-level table.
pub const PTRS_PER_PGD: u32 = 8;
/// Pages below one entry of the top level.
pub const PGDIR_PAGES: u32 = PTRS * PTRS;

/// A level of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The top.
    Pgd,
    /// The middle, whose entries may map huge pages.
    Pmd,
    /// The bottom.
    Pte,
}

impl Level {
    /// The name of an entry.
    pub const fn noun(self) -> &'static str {
        match self {
            Level::Pgd => "pgd",
            Level::Pmd => "pmd",
            Level::Pte => "pte",
        }
    }
}

/// An entry of a page table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    #[default]
    None,
    /// A table of the next level.
    Table(Handle<PageTable>),
    /// A page frame.
    Page {
        /// The frame.
        frame: Frame,
        /// Whether stores are allowed.
        writable: bool,
    },
    /// The zero page, read-only.
    Zero,
    /// A huge page of [`PTRS`] frames.
    Huge([Frame; PTRS as usize]),
    /// Device memory without a `struct page`.
    Pfn,
}

/// A page of page-table entries.
#[derive(Debug)]
pub struct PageTable {
    /// Its level.
    pub level: Level,
    /// `ptl`, the lock of its entries.
    pub ptl: SpinLock,
    entries: [Entry; PTRS_PER_PGD as usize],
    cleared: [Place; PTRS_PER_PGD as usize],
}

impl PageTable {
    /// The tables that its entries lead to. For audits after a run, not for kernel code.
    pub fn below(&self) -> impl Iterator<Item = Handle<PageTable>> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Table(table) => Some(*table),
            _ => None,
        })
    }
}

/// An entry's place: a table and an index in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The table.
    pub table: Handle<PageTable>,
    /// The index.
    pub index: usize,
}

impl Slot {
    fn noun(self) -> &'static str {
        self.table.peek(|table| table.level).noun()
    }

    /// The entry. The caller holds the table's lock, or may live with a stale answer.
    pub fn peek(self) -> Entry {
        self.table.peek_at(self.noun(), |table| table.entries[self.index])
    }

    /// Replaces the entry. The caller holds the table's lock, or nobody else knows the table.
    pub fn set(self, entry: Entry) {
        let here = world(|w| w.here());
        self.table.poke_at(self.noun(), |table| {
            table.entries[self.index] = entry;
            if entry == Entry::None {
                table.cleared[self.index] = here;
            }
        });
    }
}

/// A new, empty table.
pub fn alloc(level: Level) -> Handle<PageTable> {
    let ptl = SpinLock::new("ptl");
    let table = allocate(PageTable {
        level,
        ptl,
        entries: Default::default(),
        cleared: Default::default(),
    });
    world(|w| w.locks.own(ptl, table.object()));
    table
}

/// `pgd_offset`: the slot of a page in the top level.
pub fn pgd_offset(mm: Handle<Mm>, page: u32) -> Slot {
    Slot { table: mm.peek(|mm| mm.pgd), index: (page / PGDIR_PAGES) as usize }
}

/// The index of a page in a middle-level table.
pub fn pmd_index(page: u32) -> usize {
    (page / PTRS % PTRS) as usize
}

/// The index of a page in a lowest-level table.
pub fn pte_index(page: u32) -> usize {
    (page % PTRS) as usize
}

/// `pmd_offset`: the slot of a page in the middle level, if the top level has a table there.
pub fn pmd_offset(pgd: Slot, page: u32) -> Option<Slot> {
    match read(pgd.table, "pgd", |table| table.entries[pgd.index]) {
        Entry::Table(table) => Some(Slot { table, index: pmd_index(page) }),
        _ => None,
    }
}

/// Reads a middle-level entry without its lock.
pub fn read_pmd(pmd: Slot) -> Entry {
    read(pmd.table, "pmd", |table| table.entries[pmd.index])
}

/// Reads a lowest-level entry without its lock.
pub fn read_pte(pte: Slot) -> Entry {
    read(pte.table, "pte", |table| table.entries[pte.index])
}

/// `pmd_bad`: whether an entry leads to no table. Of an empty one the machine decides.
pub fn pmd_bad(entry: Entry) -> bool {
    match entry {
        Entry::Table(_) => false,
        Entry::None => world(|w| w.empty_pmd_is_bad),
        _ => true,
    }
}

/// `pmd_lock`: locks the middle-level table.
pub fn pmd_lock(pmd: Slot) -> SpinLock {
    let ptl = pmd.table.peek(|table| table.ptl);
    spin_lock(ptl);
    pmd.table.peek(|_| ());
    ptl
}

/// `pte_offset_map_lock`: finds the lowest table below a middle-level entry, and locks it.
///
/// Like the kernel's, it trusts the caller that there is a table: the entry is read again to find the
/// lock. If it was cleared in the meantime, there is no lock to take, and the run ends.
pub fn pte_offset_map_lock(pmd: Slot) -> (Handle<PageTable>, SpinLock) {
    point(pmd.table.object(), Access::Read, "pte_offset_map_lock", "pmd");
    let Entry::Table(table) = pmd.peek() else { entry_vanished(pmd) };
    record(pmd.table.object(), EventKind::Read);
    let ptl = table.peek(|table| table.ptl);
    spin_lock(ptl);
    table.peek(|_| ());
    (table, ptl)
}

fn entry_vanished(slot: Slot) -> ! {
    let cleared = slot.table.peek_at(slot.noun(), |table| table.cleared[slot.index]);
    let used = world(|w| w.here());
    report(Violation::EntryVanished { object: slot.table.object(), cleared, used })
}

/// The slots of a lowest table that belong to the pages `from..to`, which it covers.
pub fn slots(table: Handle<PageTable>, from: u32, to: u32) -> impl Iterator<Item = (u32, Slot)> {
    (from..to).map(move |page| (page, Slot { table, index: pte_index(page) }))
}

/// `pte_alloc`: makes sure that there is a lowest table below a middle-level entry; `false` if a huge page is
/// in the way, as `pmd_trans_unstable` finds. Tables appear one at a time under the upper one's lock.
pub fn pte_alloc(mm: Handle<Mm>, pmd: Slot) -> bool {
    table_below(mm, pmd, Level::Pte).is_some()
}

/// `pmd_alloc`: the slot of a page in the middle level, made if it is missing.
pub fn pmd_alloc(mm: Handle<Mm>, page: u32) -> Slot {
    let below = table_below(mm, pgd_offset(mm, page), Level::Pmd);
    let table = below.expect("the top level maps no huge pages");
    Slot { table, index: pmd_index(page) }
}

/// The table below a slot, made under the upper table's lock if the slot is empty.
fn table_below(mm: Handle<Mm>, upper: Slot, level: Level) -> Option<Handle<PageTable>> {
    match read(upper.table, upper.noun(), |table| table.entries[upper.index]) {
        Entry::Table(table) => Some(table),
        Entry::None => populate(mm, upper, level),
        _ => None,
    }
}

fn populate(mm: Handle<Mm>, upper: Slot, level: Level) -> Option<Handle<PageTable>> {
    let fresh = alloc(level);
    let ptl = pmd_lock(upper);
    let found = upper.peek();
    if found == Entry::None {
        count_table(mm, level, 1);
        upper.set(Entry::Table(fresh));
    }
    spin_unlock(ptl);
    if found == Entry::None {
        return Some(fresh);
    }
    free(fresh);
    if let Entry::Table(table) = found { Some(table) } else { None }
}

/// `mm_inc_nr_ptes`, `mm_inc_nr_pmds` and their opposites: what tables an address space has. v4.15 keeps
/// the sum, `pgtables_bytes`, which comes to the same here, where a table is a page.
pub fn count_table(mm: Handle<Mm>, level: Level, change: i32) {
    match level {
        Level::Pgd => {}
        Level::Pmd => mm.access("nr_pmds", Access::Add, |mm| mm.nr_pmds += change),
        Level::Pte => mm.access("nr_ptes", Access::Add, |mm| mm.nr_ptes += change),
    }
}

/// What the hardware finds for a page when it walks the tables.
pub fn hardware_walk(mm: Handle<Mm>, page: u32) -> Entry {
    let Entry::Table(pmd) = pgd_offset(mm, page).peek() else { return Entry::None };
    match (Slot { table: pmd, index: pmd_index(page) }).peek() {
        Entry::Table(pte) => Slot { table: pte, index: pte_index(page) }.peek(),
        other => other,
    }
}
