//! Assertions: what the kernel itself says must never be, by `BUG_ON`, `VM_BUG_ON`, `WARN_ON` and their kin.
//!
//! The model is a debug kernel (`CONFIG_DEBUG_VM`). Who asserts looks at what the kernel looks at: by an operation
//! where others may change it meanwhile, and without one where nobody can. A `BUG_ON` ends the run, a `WARN_ON` is an
//! event, and the run goes on. Either has the place `FUNCTION/MACRO(CONDITION)`, and by that they are told apart. What
//! the model promises itself is a `debug_assert!` and does not belong here, nor does what [`super::report`] has a more
//! exact word for, such as a page that is freed twice, or a count below zero.

use super::report::{Violation, report};
use crate::trace::{EventKind, Frame, ObjectRef, enter, record};
use crate::world::world;

/// An assertion of a kernel function: one of those that are modelled, or a patch's own.
///
/// ```
/// use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap};
/// use mmreap::prelude::*;
///
/// const LOCKED: Assertion =
///     Assertion { function: EXIT_MMAP.name(), verb: "WARN_ON", condition: "mm->locked_vm" };
///
/// fn exit_mmap(mm: Handle<Mm>) {
///     let _call = protocol(EXIT_MMAP, mm.object());
///     warn_on(mm.peek(|mm| mm.locked_vm != 0), LOCKED, mm.object());
///     let Some(unmapped) = unmap(mm) else { return };
///     free(mm, unmapped);
/// }
/// static MINE: Revision = V4_15.patched("mine", "locked memory is noticed").exit_mmap(exit_mmap);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The function.
    pub function: &'static str,
    /// The macro.
    pub verb: &'static str,
    /// What must not be, without blanks.
    pub condition: &'static str,
}

/// Each assertion that is modelled, once.
macro_rules! assertions {
    ($($(#[$doc:meta])* $name:ident: $function:literal, $verb:literal, $condition:literal;)*) => {
        impl Assertion {
            $(
                $(#[$doc])*
                pub const $name: Assertion =
                    Assertion { function: $function, verb: $verb, condition: $condition };
            )*

            /// All of them.
            pub const ALL: [Assertion; [$($function),*].len()] = [$(Assertion::$name),*];
        }
    };
}

assertions! {
    /// Who takes an address space down is its last user.
    MM_USERS: "__mmput", "VM_BUG_ON", "atomic_read(&mm->mm_users)";
    /// A thread lets go of the address space that its CPU has.
    ACTIVE_MM: "exit_mm", "BUG_ON", "mm!=tsk->active_mm";
    /// Only a leader whose other threads are gone is told of.
    NOTIFY_PARENT: "do_notify_parent", "BUG_ON",
        "!tsk->ptrace&&(tsk->group_leader!=tsk||!thread_group_empty(tsk))";
    /// A task that nobody holds has died.
    EXIT_STATE: "__put_task_struct", "WARN_ON", "!tsk->exit_state";
    /// A context is killed where the table has it.
    IOCTX_TABLE: "kill_ioctx", "WARN_ON", "ctx!=table->table[ctx->id]";
    /// An address space that goes has no notifiers.
    NOTIFIERS: "__mmu_notifier_mm_destroy", "BUG_ON", "!hlist_empty(&mm->mmu_notifier_mm->list)";
    /// Who unregisters a notifier holds the address space.
    MM_COUNT: "mmu_notifier_unregister", "BUG_ON", "atomic_read(&mm->mm_count)<=0";
    /// There is something to unmap.
    RANGE: "unmap_page_range", "BUG_ON", "addr>=end";
    /// A new page is mapped inside of its mapping.
    ADDRESS: "page_add_new_anon_rmap", "VM_BUG_ON_VMA", "address<vma->vm_start||address>=vma->vm_end";
    /// Only khugepaged moves on in its list.
    MM_SLOT: "khugepaged_scan_mm_slot", "VM_BUG_ON", "khugepaged_scan.mm_slot!=mm_slot";
    /// What was a table a moment ago, with everybody kept out, is no huge page.
    COLLAPSE_FLUSH: "pmdp_collapse_flush", "VM_BUG_ON", "pmd_trans_huge(*pmdp)";
    /// What khugepaged has emptied stays empty until it puts something there.
    PMD_NONE: "collapse_huge_page", "BUG_ON", "!pmd_none(*pmd)";
    /// A page that is copied is mapped where it was found, and nowhere else.
    COPY_MAPCOUNT: "__collapse_huge_page_copy", "VM_BUG_ON_PAGE", "page_mapcount(src_page)!=1";
}

/// `BUG_ON` and its kin, about the object: if the condition holds, that is the end of the run.
pub fn bug_on(condition: bool, assertion: Assertion, object: ObjectRef) {
    if condition {
        let _call = assertion.speaks();
        let used = world(|w| w.here());
        report(Violation::Bug { object, used });
    }
}

/// `WARN_ON` and its kin, about the object: if the condition holds, there is an event of it, and the run goes on.
pub fn warn_on(condition: bool, assertion: Assertion, object: ObjectRef) {
    if condition {
        let before = world(|w| w.running().operation);
        let call = assertion.speaks();
        record(object, EventKind::Warning);
        drop(call);
        world(|w| w.running().operation = before);
    }
}

impl Assertion {
    /// The running thread is at the assertion as long as the call lasts.
    #[cold]
    fn speaks(self) -> Option<Frame> {
        let is_inside = world(|w| w.here().site.function() == self.function);
        let call = (!is_inside).then(|| enter(self.function));
        world(|w| w.at(self.verb, self.condition));
        call
    }
}
