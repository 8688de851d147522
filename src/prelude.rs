//! What a kernel function is made of: `use mmreap::prelude::*` in a file with one of your own.
//!
//! Types of the protocol, and the kernel's primitives by their names. Every one of them is a scheduling point, unless
//! its name begins with `peek` or `poke`.

pub use crate::inject::{FaultPoint, strikes};
pub use crate::memory::{
    Assertion, Handle, allocate, bug_on, dereference, free, read, warn_on, write,
};
pub use crate::mm::vma::{VmFlag, Vma};
pub use crate::mm::{Mm, MmFlag, mmap_sem, mmdrop, mmget, mmget_not_zero, mmgrab};
pub use crate::release::{V4_9, V4_13, V4_14, V4_15};
pub use crate::revision::Revision;
pub use crate::sync::atomic::{
    atomic_dec_and_test, atomic_inc, atomic_inc_not_zero, atomic_read, atomic_sub_and_test,
};
pub use crate::sync::bits::{clear_bit, peek_bit, set_bit, test_and_set_bit, test_bit};
pub use crate::sync::daemon::Daemon;
pub use crate::sync::mutex::{mutex_lock, mutex_trylock, mutex_unlock};
pub use crate::sync::rwsem::{
    down_read, down_read_trylock, down_write, down_write_killable, down_write_trylock, up_read,
    up_write,
};
pub use crate::sync::spinlock::{spin_lock, spin_unlock};
pub use crate::sync::time::{HZ, schedule_timeout_idle};
pub use crate::task::{Task, TaskFlag, current, tsk_is_oom_victim};
pub use crate::trace::{
    EventKind, Function, Role, SkipReason, Tracepoint, enter, protocol, record,
};
pub use crate::world::world;
