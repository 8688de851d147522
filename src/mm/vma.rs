//! Mappings: `vm_area_struct`, kept in a list in address order as before v6.1.

use super::Mm;
use crate::memory::{Handle, read};
use crate::page::Frame;
use crate::sync::bits::Flag;
use std::rc::Rc;

/// The first content of files; larger than any content that a case stores.
const FILE_CONTENT: u32 = 1_000_000;

/// `vm_area_struct`.
#[derive(Debug)]
pub struct Vma {
    /// Its name in the case.
    pub name: Rc<str>,
    /// The address space.
    pub mm: Handle<Mm>,
    /// Its first page.
    pub start: u32,
    /// The page after its last.
    pub end: u32,
    /// `vm_flags`.
    pub flags: u32,
    /// Whether private pages come from a file.
    pub file: bool,
    /// The frames of a shared or hugetlb mapping, which unmapping does not free.
    pub backing: Vec<Frame>,
    /// `vm_next`.
    pub next: Option<Handle<Vma>>,
}

/// Flags of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmFlag {
    /// `VM_SHARED`.
    Shared,
    /// `VM_PFNMAP`: page-table entries without `struct page`.
    Pfnmap,
    /// `VM_LOCKED`: mlocked.
    Locked,
    /// `VM_HUGETLB`.
    Hugetlb,
    /// `VM_HUGEPAGE`: huge pages wanted.
    Hugepage,
    /// `VM_MERGEABLE`.
    Mergeable,
}

impl VmFlag {
    /// The flag as a mask.
    pub fn mask(self) -> u32 {
        1 << self.bit()
    }
}

impl Flag for VmFlag {
    type Holder = Vma;

    fn name(self) -> &'static str {
        match self {
            VmFlag::Shared => "VM_SHARED",
            VmFlag::Pfnmap => "VM_PFNMAP",
            VmFlag::Locked => "VM_LOCKED",
            VmFlag::Hugetlb => "VM_HUGETLB",
            VmFlag::Hugepage => "VM_HUGEPAGE",
            VmFlag::Mergeable => "VM_MERGEABLE",
        }
    }

    fn bit(self) -> u32 {
        match self {
            VmFlag::Shared => 3,
            VmFlag::Pfnmap => 10,
            VmFlag::Locked => 13,
            VmFlag::Hugetlb => 22,
            VmFlag::Hugepage => 29,
            VmFlag::Mergeable => 31,
        }
    }

    fn word(vma: &mut Vma) -> &mut u32 {
        &mut vma.flags
    }
}

impl Vma {
    /// Whether the flag is set.
    pub fn has(&self, flag: VmFlag) -> bool {
        self.flags & flag.mask() != 0
    }

    /// Whether its pages stay when they are unmapped.
    pub fn has_backing(&self) -> bool {
        self.has(VmFlag::Shared) || self.has(VmFlag::Hugetlb)
    }

    /// What a page contains before anybody stores to it.
    pub fn pristine(&self, page: u32) -> u32 {
        if self.file { FILE_CONTENT + page } else { 0 }
    }

    /// `vma_is_anonymous`: private memory that no file backs.
    pub fn is_anonymous(&self) -> bool {
        !self.file && !self.has_backing() && !self.has(VmFlag::Pfnmap)
    }
}

/// `find_vma` as scanners use it: the first mapping that ends after a page. The caller holds `mmap_sem`.
pub fn find_vma_from(mm: Handle<Mm>, page: u32) -> Option<Handle<Vma>> {
    let mut next = read(mm, "mmap", |mm| mm.mmap);
    while let Some(vma) = next
        && vma.peek(|vma| vma.end) <= page
    {
        next = read(vma, "vm_next", |vma| vma.next);
    }
    next
}

/// `find_vma`: the mapping of a page. The caller holds `mmap_sem`.
pub fn find_vma(mm: Handle<Mm>, page: u32) -> Option<Handle<Vma>> {
    let mut next = mm.peek_at("mmap", |mm| mm.mmap);
    while let Some(vma) = next {
        if vma.peek(|vma| (vma.start..vma.end).contains(&page)) {
            return Some(vma);
        }
        next = vma.peek_at("vm_next", |vma| vma.next);
    }
    None
}
