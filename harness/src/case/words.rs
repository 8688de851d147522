//! The words of the format: how kinds, fault points and operations are spelled.
//!
//! The printer, the parser's choices and the checker's messages all take the spelling from here, so
//! that no word is written down in two ways. What the words mean is said at the tree's own items;
//! which of them may stand where is decided in [`super::parse`] and [`super::check`].

use super::{Completion, EmptyPmd, FaultPoint, Operation, Release, Time, Tlb, VmaKind};

impl VmaKind {
    /// Every kind, in the order in which the documentation lists them.
    pub const ALL: [VmaKind; 5] =
        [VmaKind::Anon, VmaKind::File, VmaKind::Shared, VmaKind::Hugetlb, VmaKind::Pfnmap];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            VmaKind::Anon => "anon",
            VmaKind::File => "file",
            VmaKind::Shared => "shared",
            VmaKind::Hugetlb => "hugetlb",
            VmaKind::Pfnmap => "pfnmap",
        }
    }
}

impl FaultPoint {
    /// Every point, in the order in which the documentation lists them.
    pub const ALL: [FaultPoint; 7] = [
        FaultPoint::PageAlloc,
        FaultPoint::Slab,
        FaultPoint::Trylock,
        FaultPoint::Notifier,
        FaultPoint::Aio,
        FaultPoint::Usercopy,
        FaultPoint::ReaperDelay,
    ];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            FaultPoint::PageAlloc => "fail_page_alloc",
            FaultPoint::Slab => "failslab",
            FaultPoint::Trylock => "fail_trylock",
            FaultPoint::Notifier => "fail_notifier",
            FaultPoint::Aio => "fail_aio",
            FaultPoint::Usercopy => "fail_usercopy",
            FaultPoint::ReaperDelay => "reaper_delay",
        }
    }
}

impl Time {
    /// Both choices.
    pub const ALL: [Time; 2] = [Time::Fair, Time::Any];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            Time::Fair => "fair",
            Time::Any => "any",
        }
    }
}

impl Tlb {
    /// Both choices.
    pub const ALL: [Tlb; 2] = [Tlb::Eager, Tlb::Lazy];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            Tlb::Eager => "eager",
            Tlb::Lazy => "lazy",
        }
    }
}

impl Release {
    /// All choices.
    pub const ALL: [Release; 3] = [Release::Plain, Release::Lock, Release::FlushWork];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            Release::Plain => "plain",
            Release::Lock => "lock",
            Release::FlushWork => "flush_work",
        }
    }
}

impl EmptyPmd {
    /// Both choices.
    pub const ALL: [EmptyPmd; 2] = [EmptyPmd::Bad, EmptyPmd::Good];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            EmptyPmd::Bad => "bad",
            EmptyPmd::Good => "good",
        }
    }
}

/// What follows the word of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument<'a> {
    /// A VMA: of the process named before it, or else of the thread's own address space.
    Vma(&'a str),
    /// An AIO context of the thread's own address space.
    Context(&'a str),
    /// A user process.
    Process(&'a str),
    /// Pages of kernel memory.
    Pages(u8),
    /// A time to wait.
    Jiffies(u32),
    /// When an AIO request completes.
    Completion(Completion),
}

impl Argument<'_> {
    /// What the grammar calls it.
    pub fn key(self) -> &'static str {
        match self {
            Argument::Vma(_) => "VMA",
            Argument::Context(_) => "CONTEXT",
            Argument::Process(_) => "PROCESS",
            Argument::Pages(_) | Argument::Jiffies(_) => "N",
            Argument::Completion(_) => "COMPLETION",
        }
    }
}

impl Operation {
    /// The word in the text.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Write(_) => "write",
            Operation::Read(_) => "read",
            Operation::WriteFile(_) => "write_file",
            Operation::Madvise(_) => "madvise",
            Operation::Mmap(_) => "mmap",
            Operation::Munmap(_) => "munmap",
            Operation::SetRobustList(_) => "set_robust_list",
            Operation::SetTidAddress(_) => "set_tid_address",
            Operation::IoSubmit(..) => "io_submit",
            Operation::IoDestroy(_) => "io_destroy",
            Operation::Alloc(_) => "alloc",
            Operation::Free => "free",
            Operation::Sleep(_) => "sleep",
            Operation::Exit => "exit",
            Operation::ExitGroup => "exit_group",
            Operation::Kill(_) => "kill",
            Operation::Wait(_) => "wait",
            Operation::Vfork(_) => "vfork",
            Operation::GetTaskMm(_) => "get_task_mm",
            Operation::Mmput => "mmput",
            Operation::MmputAsync => "mmput_async",
            Operation::ProcMaps(_) => "proc_maps",
            Operation::ProcessVmReadv(..) => "process_vm_readv",
            Operation::UseMm(_) => "use_mm",
            Operation::CopyFromUser(..) => "copy_from_user",
            Operation::UnuseMm => "unuse_mm",
            Operation::SysrqF => "sysrq_f",
            Operation::GuestRead(..) => "guest_read",
            Operation::GuestWrite(..) => "guest_write",
            Operation::MmuClose => "mmu_close",
        }
    }

    /// Its arguments, in the order of the text.
    pub fn arguments(&self) -> impl Iterator<Item = Argument<'_>> {
        self.first_argument().into_iter().chain(self.second_argument())
    }

    fn first_argument(&self) -> Option<Argument<'_>> {
        Some(match self {
            Operation::Write(vma)
            | Operation::Read(vma)
            | Operation::WriteFile(vma)
            | Operation::Madvise(vma)
            | Operation::Mmap(vma)
            | Operation::Munmap(vma)
            | Operation::SetRobustList(vma)
            | Operation::SetTidAddress(vma) => Argument::Vma(vma),
            Operation::IoSubmit(context, _) | Operation::IoDestroy(context) => {
                Argument::Context(context)
            }
            Operation::Alloc(pages) => Argument::Pages(*pages),
            Operation::Sleep(jiffies) => Argument::Jiffies(*jiffies),
            Operation::Kill(process)
            | Operation::Wait(process)
            | Operation::Vfork(process)
            | Operation::GetTaskMm(process)
            | Operation::ProcMaps(process)
            | Operation::UseMm(process)
            | Operation::ProcessVmReadv(process, _)
            | Operation::CopyFromUser(process, _)
            | Operation::GuestRead(process, _)
            | Operation::GuestWrite(process, _) => Argument::Process(process),
            Operation::Free
            | Operation::Exit
            | Operation::ExitGroup
            | Operation::Mmput
            | Operation::MmputAsync
            | Operation::UnuseMm
            | Operation::SysrqF
            | Operation::MmuClose => return None,
        })
    }

    fn second_argument(&self) -> Option<Argument<'_>> {
        match self {
            Operation::IoSubmit(_, completion) => Some(Argument::Completion(*completion)),
            Operation::ProcessVmReadv(_, vma)
            | Operation::CopyFromUser(_, vma)
            | Operation::GuestRead(_, vma)
            | Operation::GuestWrite(_, vma) => Some(Argument::Vma(vma)),
            _ => None,
        }
    }
}
