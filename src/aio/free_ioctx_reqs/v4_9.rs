//! `free_ioctx_reqs` of v4.9 to v4.15: a worker frees the context, whoever reads the table meanwhile (until
//! a6d7cff472ee, v4.16).
//!
//! Source: fs/aio.c of v4.9 to v4.15.

use super::complete_waiter;
use crate::aio::Kioctx;
use crate::memory::Handle;
use crate::trace::enter;
use crate::workqueue::{Work, schedule_work};

/// `free_ioctx_reqs`.
pub fn free_ioctx_reqs(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx_reqs");
    complete_waiter(ctx);
    schedule_work(Work::FreeIoctx(ctx));
}
