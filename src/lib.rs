//! Linux address-space teardown and the OOM reaper, in which a kernel release is a value.
//!
//! When a process dies under memory pressure, two parties take its address space apart at the same time:
//! the exit path ([`exit`]) and the OOM reaper ([`oom::reaper`]). This crate is that machinery: tasks,
//! address spaces, page tables over simulated frames, AIO that blocks, the allocator's way into the OOM
//! killer. It runs on simulated threads whose every step is chosen by a scheduler, and its memory is
//! checked, so that a race of the protocol becomes a report. Which version of each kernel function runs
//! is a value, [`revision::Revision`]; whoever writes a function of their own begins with [`prelude`].
//!
//! Floors, each standing on the ones below:
//!
//! | floor | modules |
//! |---|---|
//! | 7 the doors | [`boot`], [`prelude`] |
//! | 6 the releases | [`release`], [`revision`], [`source`] |
//! | 5 who asks | [`syscall`] |
//! | 4 the protocol | [`exit`], [`oom`] |
//! | 3 who holds, blocks, scans | [`task`], [`aio`], [`scan_list`], [`ksm`], [`khugepaged`], [`workqueue`] |
//! | 2 the address space | [`mm`] |
//! | 1 frames | [`page`], [`page_alloc`] |
//! | 0 what can be observed | [`sync`], [`memory`], [`trace`], [`inject`], [`world`] |
//!
//! It knows nothing of fuzzing: cases, schedules, oracles and reports are in the harness.

#![forbid(unsafe_code)]

pub mod aio;
pub mod boot;
pub mod exit;
pub mod inject;
pub mod khugepaged;
pub mod ksm;
pub mod memory;
pub mod mm;
pub mod oom;
pub mod page;
pub mod page_alloc;
pub mod prelude;
pub mod release;
pub mod revision;
pub mod scan_list;
pub mod source;
pub mod sync;
pub mod syscall;
pub mod task;
pub mod trace;
pub mod workqueue;
pub mod world;
