//! `__mmput` since v4.14 (212925802454): `exit_mmap` has said that the OOM killer need not wait.
//!
//! Source: kernel/fork.c of v4.14 and v4.15.

use super::{MMPUT_FINAL, mm_put_huge_zero_page, module_put, set_mm_exe_file};
use crate::aio::exit_aio::exit_aio;
use crate::exit::exit_mmap::exit_mmap;
use crate::khugepaged::khugepaged_exit;
use crate::ksm::ksm_exit;
use crate::memory::{Assertion, Handle, bug_on};
use crate::mm::{Mm, mmdrop};
use crate::trace::noun::MM_USERS;
use crate::trace::protocol;

/// `__mmput`.
pub fn mmput_final(mm: Handle<Mm>) {
    let _call = protocol(MMPUT_FINAL, mm.object());
    bug_on(mm.peek_at(MM_USERS, |mm| mm.users != 0), Assertion::MM_USERS, mm.object());
    exit_aio(mm);
    ksm_exit(mm);
    khugepaged_exit(mm);
    exit_mmap(mm);
    mm_put_huge_zero_page(mm);
    set_mm_exe_file(mm);
    module_put(mm);
    mmdrop(mm);
}
