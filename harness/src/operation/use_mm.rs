//! `use_mm PROCESS`: a kernel thread borrows the address space.

use super::{Call, Kind, Next, Parameter, Rule, Who};
use mmreap::exit::fork;
use mmreap::syscall::proc::pin;

/// `use_mm PROCESS`.
pub static USE_MM: Kind =
    Kind::new("use_mm", Who::Kernel, "borrow its address space, until `unuse_mm`", perform)
        .parameters(&[Parameter::Process])
        .rule(Rule::Borrow)
        .weights(0, 10);

fn perform(call: &Call<'_>) -> Next {
    if let Some(mm) = pin(call.process()) {
        fork::use_mm(mm);
    }
    Next::Operation
}
