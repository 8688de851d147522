//! `read VMA`: user-mode loads from every page.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::syscall::uaccess::{By, load};

/// `read VMA`.
pub static READ: Kind = Kind::new("read", Who::User, "loads from each page", perform)
    .parameters(&[Parameter::Vma])
    .touches()
    .weights(6, 0);

fn perform(call: &Call<'_>) -> Next {
    let mm = call.mm();
    call.pages().try_for_each(|page| load(mm, page, By::User).map(|_| ())).into()
}
