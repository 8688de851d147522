//! `alloc N`: allocate N pages of kernel memory, kept until `free` or exit.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::page_alloc::alloc_page;
use mmreap::task::current;
use mmreap::trace::noun::FRAMES;

/// `alloc N`.
pub static ALLOC: Kind =
    Kind::new("alloc", Who::Both, "N pages of kernel memory, kept until `free` or exit", perform)
        .parameters(&[Parameter::Pages])
        .weights(14, 14);

fn perform(call: &Call<'_>) -> Next {
    for _ in 0..call.number() {
        let Some(frame) = alloc_page() else { break };
        current().poke_at(FRAMES, |task| task.frames.push(frame));
    }
    Next::Operation
}
