//! O-DATA: a reader got content that nobody stored there, and was told that all is well; or a process that
//! nobody killed lost its memory to the reaper.
//!
//! Promise: every successful read of user memory, by a user thread or by the kernel, returns the last
//! content stored to that page, or what its mapping contained when it was made, at boot or by `mmap`; and no
//! user-mode access fails because the reaper takes pages away, unless SIGKILL is pending anyway. Tolerance:
//! while the owner gives a page up (`MADV_DONTNEED`, `munmap`), and from then to the next store, everything
//! that was stored meanwhile and the pristine content are fine, because stores and reads race with it. Other
//! reads that fail are not judged.

use super::obligations::STABILITY;
use super::{Deed, Failure, Oracle, Rule, signature};
use crate::case::Signature;
use mmreap::syscall::uaccess::DO_PAGE_FAULT;
use mmreap::trace::noun::MMF_UNSTABLE;
use mmreap::trace::{Event, EventKind, Kind, ObjectRef};
use mmreap::world::World;
use std::collections::BTreeMap;

/// Judges what is read.
pub struct Data;

impl Oracle for Data {
    /// Finds the first wrong read.
    fn judge(&self, world: &World) -> Option<Failure> {
        let mut pages = Pages::default();
        for (index, event) in world.log.iter().enumerate() {
            let object = event.object;
            match event.kind {
                EventKind::UserWrite { page, content } => pages.at(object, page).store(content),
                EventKind::UserDiscard { page, content, done } => {
                    pages.at(object, page).discard(content, done);
                }
                EventKind::UserRead { frame, page, content } => {
                    if let Some(expected) = pages.at(object, page).expected_instead_of(content) {
                        let said = format!("got {content}; the last store left {expected}");
                        return Some(describe(world, index, (object, page, frame), &said));
                    }
                }
                EventKind::UserFault { page } => {
                    if let Some(lost) = where_it_was_lost(&world.log, index) {
                        return Some(describe_loss(world, index, page, lost));
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn concerns(&self, event: &Event) -> bool {
        matches!(event.kind, EventKind::UserRead { .. } | EventKind::UserFault { .. })
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == "O-DATA" { vec![&STABILITY] } else { Vec::new() }
    }
}

/// What may be read from a page, and how many are giving it up; nothing, if it is not known.
#[derive(Default)]
struct Page {
    allowed: Vec<u32>,
    discards: u32,
}

/// The pages of all address spaces.
#[derive(Default)]
struct Pages(BTreeMap<(ObjectRef, u32), Page>);

/// A page that was read: the address space, its number there, and the frame.
type Read = (ObjectRef, u32, u32);

impl Pages {
    fn at(&mut self, space: ObjectRef, number: u32) -> &mut Page {
        self.0.entry((space, number)).or_default()
    }
}

impl Page {
    fn store(&mut self, content: u32) {
        if self.discards == 0 {
            self.allowed.clear();
        }
        self.allowed.push(content);
    }

    fn discard(&mut self, pristine: u32, done: bool) {
        self.allowed.push(pristine);
        self.discards = if done { self.discards - 1 } else { self.discards + 1 };
    }

    fn expected_instead_of(&self, content: u32) -> Option<u32> {
        self.allowed.first().copied().filter(|_| !self.allowed.contains(&content))
    }
}

/// Where the reaper began to take pages away, if that is why the access failed: the thread that fails has
/// seen it.
fn where_it_was_lost(log: &[Event], fault: usize) -> Option<usize> {
    let Event { thread, object, .. } = log[fault];
    let own = log[..fault].iter().rev().filter(|event| event.thread == thread);
    let in_fault = |event: &&Event| {
        event.kind != EventKind::Enter || event.site.function() != DO_PAGE_FAULT.name()
    };
    let unstable = |event: &Event| event.site.noun() == MMF_UNSTABLE && event.object == object;
    let mut own = own.take_while(in_fault);
    own.find(|event| unstable(event) && event.kind == EventKind::TestFlag { set: true })?;
    log.iter().position(|event| unstable(event) && event.kind == EventKind::SetFlag { was: false })
}

fn describe_loss(world: &World, fault: usize, number: u32, lost: usize) -> Failure {
    let event: &Event = &world.log[fault];
    let sites = [Deed::at(world, fault), Deed::at(world, lost)];
    let loser = &world.threads()[event.thread.index()].name;
    Failure {
        signature: signature("O-DATA", Kind::Page, &sites),
        title: "lost content",
        object: event.object,
        events: vec![lost as u32, fault as u32],
        details: vec![format!("{loser} lost page {number}, and no SIGKILL was pending")],
    }
}

/// What is in conflict: who mapped the page whose content was read, and who had unmapped what was there before.
fn describe(world: &World, read: usize, page: Read, said: &str) -> Failure {
    let (installed, unmapped) = origin(&world.log[..read], page);
    let sites = [installed.or(Some(read)), unmapped].into_iter().flatten();
    let sites: Vec<_> = sites.map(|index| Deed::at(world, index)).collect();
    let events = [unmapped, installed, Some(read)].into_iter().flatten();
    let reader = &world.threads()[world.log[read].thread.index()].name;
    Failure {
        signature: signature("O-DATA", Kind::Page, &sites),
        title: "wrong content",
        object: page.0,
        events: events.map(|index| index as u32).collect(),
        details: vec![format!("{reader} read page {} and {said}", page.1)],
    }
}

/// Where the content was mapped, and where was unmapped what was there before. Who copies a page on a store gives
/// what it found a new frame: not that, but where it comes from is the origin.
fn origin(log: &[Event], (object, number, frame): Read) -> (Option<usize>, Option<usize>) {
    let Some(mapped) = installed(log, (object, number, frame)) else { return (None, None) };
    let Some(before) = unmapped(&log[..mapped], (object, number, frame)) else {
        return (Some(mapped), None);
    };
    if let EventKind::Unmap { frame, .. } = log[before].kind
        && is_copy(log, before, mapped)
        && let (Some(mapped), unmapped) = origin(&log[..before], (object, number, frame))
    {
        return (Some(mapped), unmapped);
    }
    (Some(mapped), Some(before))
}

/// Whether one call unmapped the one page and mapped the other.
fn is_copy(log: &[Event], unmapped: usize, mapped: usize) -> bool {
    let (from, to) = (&log[unmapped], &log[mapped]);
    from.thread == to.thread && from.site.protocol() == to.site.protocol()
}

/// Where the frame was mapped last.
fn installed(log: &[Event], (object, number, read): Read) -> Option<usize> {
    let maps =
        |what| matches!(what, EventKind::Map { frame, page } if (frame, page) == (read, number));
    log.iter().rposition(|event| event.object == object && maps(event.kind))
}

/// Where the page was unmapped last.
fn unmapped(log: &[Event], (object, number, _): Read) -> Option<usize> {
    let unmaps = |what| matches!(what, EventKind::Unmap { page, .. } if page == number);
    log.iter().rposition(|event| event.object == object && unmaps(event.kind))
}
