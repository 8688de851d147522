//! `set_robust_list VMA`: the thread's list of robust futexes begins in its first page.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::exit::mm_release;

/// `set_robust_list VMA`.
pub static SET_ROBUST_LIST: Kind = Kind::new(
    "set_robust_list",
    Who::User,
    "what the kernel reads when the thread exits is in its first page",
    perform,
)
.parameters(&[Parameter::Vma]);

fn perform(call: &Call<'_>) -> Next {
    mm_release::set_robust_list(call.pages().start);
    Next::Operation
}
