//! The exit path: `do_exit`, `exit_mm`, `mmput`, `exit_mmap`.

pub mod do_exit;
pub mod exit_mmap;
pub mod exit_notify;
pub mod fork;
pub mod mm_release;
pub mod mmput_final;
