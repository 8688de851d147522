//! Access to user memory: by user-mode instructions, and by the kernel on behalf of a task.
//!
//! Source: arch/x86/mm/fault.c (`__do_page_fault`, `mm_fault_error`) and `copy_from_user` of v4.9 to v4.15. A user-mode
//! thread notices a fatal signal at its next instruction; the kernel in the middle of a system call does
//! not, which is why it may read memory that the reaper has taken away.

use crate::inject::{FaultPoint, strikes};
use crate::memory::Handle;
use crate::mm::fault::VmFault;
use crate::mm::handle_mm_fault::handle_mm_fault;
use crate::mm::pgtable::{Entry, PTRS, hardware_walk};
use crate::mm::tlb::Translation;
use crate::mm::vma::find_vma;
use crate::mm::{Mm, mmap_sem};
use crate::oom::pagefault_out_of_memory::pagefault_out_of_memory;
use crate::page::{Frame, content, store};
use crate::sync::point::{Access, point};
use crate::sync::rwsem::{down_read, up_read};
use crate::sync::thread::Tid;
use crate::sync::time::memory_nap;
use crate::task::{current, fatal_signal_pending};
use crate::trace::noun::MM;
use crate::trace::{EventKind, Function, enter, record};
use crate::world::world;

/// Who accesses user memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A user-mode instruction.
    User,
    /// The kernel, in the middle of a system call.
    Kernel,
}

/// Why an access failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessError {
    /// A fatal signal ends the task first.
    Killed,
    /// SIGBUS, SIGSEGV, or a short copy.
    Fault,
}

/// Reads a page.
pub fn load(mm: Handle<Mm>, page: u32, by: By) -> Result<u32, AccessError> {
    let _call = enter(match by {
        By::User => "user_mode",
        By::Kernel => "copy_from_user",
    });
    read(mm, page, by)
}

/// `get_user`: the kernel reads a word.
pub fn get_user(mm: Handle<Mm>, page: u32) -> Result<u32, AccessError> {
    let _call = enter("get_user");
    read(mm, page, By::Kernel)
}

fn read(mm: Handle<Mm>, page: u32, by: By) -> Result<u32, AccessError> {
    let frame = access(mm, page, false, by)?;
    let content = frame.map_or(0, content);
    let frame = frame.map_or(0, |frame| u32::from(frame.0));
    record(mm.object(), EventKind::UserRead { frame, page, content });
    Ok(content)
}

/// Stores to a page in user mode.
pub fn user_store(mm: Handle<Mm>, page: u32, content: u32) -> Result<(), AccessError> {
    let _call = enter("user_mode");
    write(mm, page, content, By::User)
}

/// `put_user`: the kernel stores a word.
pub fn put_user(mm: Handle<Mm>, page: u32, content: u32) -> Result<(), AccessError> {
    let _call = enter("put_user");
    write(mm, page, content, By::Kernel)
}

fn write(mm: Handle<Mm>, page: u32, content: u32, by: By) -> Result<(), AccessError> {
    if let Some(frame) = access(mm, page, true, by)? {
        store(frame, content);
    }
    record(mm.object(), EventKind::UserWrite { page, content });
    Ok(())
}

/// The frame that an access reaches; `None` is the zero page.
fn access(mm: Handle<Mm>, page: u32, write: bool, by: By) -> Result<Option<Frame>, AccessError> {
    if by == By::Kernel && strikes(FaultPoint::USERCOPY) {
        return Err(AccessError::Fault);
    }
    loop {
        if by == By::User && fatal_signal_pending() {
            return Err(AccessError::Killed);
        }
        let access = if write { Access::Update } else { Access::Read };
        point(mm.object(), access, if write { "store" } else { "load" }, "user_memory");
        if let Some(frame) = translate(mm, page, write) {
            return Ok(frame);
        }
        let fault = page_fault(mm, page, write, by);
        if fault.is_err() && by == By::User && !fatal_signal_pending() {
            record(mm.object(), EventKind::UserFault { page });
        }
        fault?;
    }
}

/// What the TLB or the tables say; `None` is a page fault. Only the thread's own address space is cached.
fn translate(mm: Handle<Mm>, page: u32, write: bool) -> Option<Option<Frame>> {
    let me = world(|w| w.running_tid());
    if let Some(hit) = cached(me, mm, page)
        && (hit.writable || !write)
    {
        return Some(Some(hit.frame));
    }
    let (frame, writable) = match hardware_walk(mm, page) {
        Entry::Page { frame, writable } => (frame, writable),
        Entry::Huge(frames) => (frames[(page % PTRS) as usize], true),
        Entry::Zero if !write => return Some(None),
        _ => return None,
    };
    if write && !writable {
        return None;
    }
    if current().peek_at(MM, |task| task.mm) == Some(mm) {
        world(|w| {
            let cached = w.here();
            w.footprint.touch(mm.object(), "tlb", Access::Add);
            w.footprint.touch(frame.object(), "tlb", Access::Add);
            w.tlbs.fill(Translation { thread: me, mm, page, frame, writable, cached });
        });
    }
    Some(Some(frame))
}

fn cached(cpu: Tid, mm: Handle<Mm>, page: u32) -> Option<Translation> {
    world(|w| {
        w.footprint.touch(mm.object(), "tlb", Access::Read);
        w.tlbs.lookup(cpu, mm, page)
    })
}

/// `__do_page_fault`, in traces.
pub const DO_PAGE_FAULT: Function = Function::new("__do_page_fault");

/// `__do_page_fault`.
pub(super) fn page_fault(
    mm: Handle<Mm>,
    page: u32,
    write: bool,
    by: By,
) -> Result<(), AccessError> {
    let _call = enter(DO_PAGE_FAULT);
    down_read(mmap_sem(mm));
    let fault = find_vma(mm, page).map(|vma| handle_mm_fault(vma, page, write));
    up_read(mmap_sem(mm));
    match fault {
        Some(Ok(())) => Ok(()),
        Some(Err(fault)) => mm_fault_error(fault, by),
        None => Err(AccessError::Fault),
    }
}

/// `mm_fault_error`: the kernel's own access ends short, whatever the reason; who runs in user mode returns
/// there, to die or to try again.
fn mm_fault_error(fault: VmFault, by: By) -> Result<(), AccessError> {
    let _call = enter("mm_fault_error");
    if by == By::Kernel || fault == VmFault::Sigbus {
        return Err(AccessError::Fault);
    }
    pagefault_out_of_memory();
    if !fatal_signal_pending() {
        // In the place of a CPU that faults again and again.
        memory_nap(1);
    }
    Ok(())
}
