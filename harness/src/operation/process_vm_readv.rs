//! `process_vm_readv PROCESS VMA`: read its memory from outside.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::syscall::proc;

/// `process_vm_readv PROCESS VMA`.
pub static PROCESS_VM_READV: Kind =
    Kind::new("process_vm_readv", Who::User, "read its memory", perform)
        .parameters(&[Parameter::Process, Parameter::Vma])
        .weights(4, 0);

fn perform(call: &Call<'_>) -> Next {
    proc::process_vm_readv(call.process(), call.pages());
    Next::Operation
}
