//! `write VMA`: user-mode stores to every page.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::syscall::uaccess::user_store;

/// `write VMA`.
pub static WRITE: Kind = Kind::new("write", Who::User, "stores to each page", perform)
    .parameters(&[Parameter::Vma])
    .touches()
    .weights(24, 0);

fn perform(call: &Call<'_>) -> Next {
    let (mm, content) = (call.mm(), call.content());
    call.pages().try_for_each(|page| user_store(mm, page, content + page)).into()
}
