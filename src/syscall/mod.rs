//! What user threads and kernel threads ask of the kernel: the operations of a case.

pub mod guest;
pub mod proc;
pub mod uaccess;
pub mod vfork;
