//! `munmap VMA`: unmap it.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::mm::mmap::sys_munmap;

/// `munmap VMA`.
pub static MUNMAP: Kind =
    Kind::new("munmap", Who::User, "unmap it", perform).parameters(&[Parameter::Vma]).weights(5, 0);

fn perform(call: &Call<'_>) -> Next {
    sys_munmap(call.mm(), call.pages().start);
    Next::Operation
}
