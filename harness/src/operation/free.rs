//! `free`: free what `alloc` allocated.

use super::{Call, Kind, Next, Who};
use mmreap::page::free_pages;
use mmreap::task::current;
use mmreap::trace::noun::FRAMES;
use std::mem::take;

/// `free`.
pub static FREE: Kind =
    Kind::new("free", Who::Both, "free what `alloc` allocated", perform).weights(4, 5);

fn perform(_: &Call<'_>) -> Next {
    let frames = current().poke_at(FRAMES, |task| take(&mut task.frames));
    free_pages(&frames);
    Next::Operation
}
