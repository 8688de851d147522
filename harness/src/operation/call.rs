//! An operation that is performed: what its arguments came to in the run.

use mmreap::aio::Kiocb;
use mmreap::memory::Handle;
use mmreap::mm::Mm;
use mmreap::mm::mmap::VmaPlan;
use mmreap::syscall::uaccess::{AccessError, By, load};
use mmreap::task::{Signal, current};
use mmreap::trace::noun::MM;
use std::ops::Range;

/// What the arguments of an operation mean, whatever run it is in.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// The mapping.
    pub vma: Option<VmaPlan>,
    /// The process, by its place in the case: of a guest's host, the one that has the secondary MMU open.
    pub process: Option<usize>,
    /// The number of the AIO context in its address space.
    pub context: Option<usize>,
    /// The number of the AIO request in the case.
    pub request: Option<usize>,
    /// Pages, or jiffies.
    pub number: u32,
    /// What a store leaves behind: different for each operation of the case.
    pub content: u32,
}

/// What an operation is performed on.
///
/// Each part panics if the operation has no parameter for it, or if a kernel thread is asked for an address space: that is
/// a mistake in its [`Kind`](super::Kind).
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The address space of a user thread.
    pub(crate) mm: Option<Handle<Mm>>,
    pub(crate) process: Option<Handle<Signal>>,
    pub(crate) request: Option<Handle<Kiocb>>,
    pub(crate) resolved: &'a Resolved,
}

/// How a thread goes on after an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// With the next one.
    Operation,
    /// It exits.
    Exit,
    /// Its whole process exits.
    ExitGroup,
}

impl Call<'_> {
    /// The address space of the thread, which is one of a user process.
    pub fn mm(&self) -> Handle<Mm> {
        self.mm.expect("a user thread has an address space")
    }

    /// The process.
    pub fn process(&self) -> Handle<Signal> {
        self.process.expect("the operation names a process")
    }

    /// The VMA.
    pub fn vma(&self) -> &VmaPlan {
        self.resolved.vma.as_ref().expect("the operation names a VMA")
    }

    /// The pages of the VMA.
    pub fn pages(&self) -> Range<u32> {
        let vma = self.vma();
        vma.start..vma.start + vma.pages
    }

    /// The number of the AIO context in its address space.
    pub fn context(&self) -> usize {
        self.resolved.context.expect("the operation names an AIO context")
    }

    /// The AIO request.
    pub fn request(&self) -> Handle<Kiocb> {
        self.request.expect("the operation submits a request")
    }

    /// Pages of kernel memory, or jiffies.
    pub fn number(&self) -> u32 {
        self.resolved.number
    }

    /// What a store leaves behind: different for each operation, and for what is there at boot.
    pub fn content(&self) -> u32 {
        self.resolved.content
    }
}

/// A user-mode access that faults for good ends the process, as SIGBUS and SIGSEGV do.
impl From<Result<(), AccessError>> for Next {
    fn from(result: Result<(), AccessError>) -> Self {
        match result {
            Ok(()) => Next::Operation,
            Err(AccessError::Killed) => Next::Exit,
            Err(AccessError::Fault) => Next::ExitGroup,
        }
    }
}

/// The address space that the running thread has, or borrows.
pub(crate) fn own_mm() -> Option<Handle<Mm>> {
    current().peek_at(MM, |task| task.mm)
}

/// Copies pages for a system call, up to the first that faults.
pub(super) fn copy(mm: Handle<Mm>, mut pages: Range<u32>) {
    let _short = pages.try_for_each(|page| load(mm, page, By::Kernel).map(|_| ()));
}
