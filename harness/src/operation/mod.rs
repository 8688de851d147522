//! What threads of a case can do: one file for each operation, and one line in [`OPERATIONS`].
//!
//! A [`Kind`] is all that there is to say about an operation: its word and what follows it, who may do it, what has to
//! come before it, how often it is drawn, and what it does in a run. Whatever else is done with operations (reading,
//! printing, checking, renaming, aiming elsewhere, changing and shrinking numbers) goes by its [`Parameter`]s and its
//! [`Rule`], and knows no kind. [`add`] makes one from outside as good as these.
//!
//! Nothing here knows cases or runs. Names are looked up elsewhere; what they came to is a [`Call`].

mod added;
pub mod alloc;
mod call;
pub mod copy_from_user;
pub mod exit;
pub mod exit_group;
pub mod free;
pub mod get_task_mm;
pub mod guest_read;
pub mod guest_write;
pub mod io_destroy;
pub mod io_submit;
pub mod kill;
mod kind;
pub mod madvise;
pub mod mmap;
pub mod mmput;
pub mod mmput_async;
pub mod mmu_close;
pub mod munmap;
pub mod proc_maps;
pub mod process_vm_readv;
pub mod read;
pub mod set_robust_list;
pub mod set_tid_address;
pub mod sleep;
pub mod sysrq_f;
pub mod unuse_mm;
pub mod use_mm;
mod value;
pub mod vfork;
pub mod wait;
pub mod write;
pub mod write_file;

pub use crate::registry::Refused;
pub use added::add;
pub(crate) use call::own_mm;
pub use call::{Call, Next, Resolved};
pub use kind::{Kind, Parameter, Rule, Who};
pub use value::{Argument, Completion, Operation};

/// Every operation that is part of mmreap, in the order in which the documentation lists them.
pub static OPERATIONS: &[&Kind] = &[
    &write::WRITE,
    &read::READ,
    &write_file::WRITE_FILE,
    &madvise::MADVISE,
    &mmap::MMAP,
    &munmap::MUNMAP,
    &set_robust_list::SET_ROBUST_LIST,
    &set_tid_address::SET_TID_ADDRESS,
    &io_submit::IO_SUBMIT,
    &io_destroy::IO_DESTROY,
    &alloc::ALLOC,
    &free::FREE,
    &sleep::SLEEP,
    &exit::EXIT,
    &exit_group::EXIT_GROUP,
    &kill::KILL,
    &wait::WAIT,
    &vfork::VFORK,
    &get_task_mm::GET_TASK_MM,
    &mmput::MMPUT,
    &mmput_async::MMPUT_ASYNC,
    &proc_maps::PROC_MAPS,
    &process_vm_readv::PROCESS_VM_READV,
    &use_mm::USE_MM,
    &copy_from_user::COPY_FROM_USER,
    &unuse_mm::UNUSE_MM,
    &sysrq_f::SYSRQ_F,
    &guest_read::GUEST_READ,
    &guest_write::GUEST_WRITE,
    &mmu_close::MMU_CLOSE,
];

/// These, and what was added.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    OPERATIONS.iter().copied().chain(added::ADDED.all())
}

/// The operation with the word.
pub fn find(word: &str) -> Option<&'static Kind> {
    all().find(|kind| kind.word == word)
}
