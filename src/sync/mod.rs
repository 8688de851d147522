//! The facade over shuttle: everything that threads can observe of each other goes through here, or
//! through [`crate::memory`].
//!
//! Each operation does four things in this order: it announces itself (object, kind of access,
//! site), gives the scheduler the choice, passes the fault point if it has one, then acts and
//! records an event. The semantics are the kernel's, not `std`'s: a queued writer stops later
//! readers, a trylock never waits, killable sleeps end on SIGKILL.

pub mod atomic;
pub mod bits;
pub mod daemon;
pub mod engine;
pub mod footprint;
pub mod lock;
pub mod mutex;
pub mod point;
pub mod primitive;
pub(crate) mod ready;
pub mod rwlock;
pub mod rwsem;
pub mod spinlock;
pub mod srcu;
pub mod thread;
pub mod time;
pub mod wait;
