//! O-DATA: a reader got content that nobody stored there, and was told that all is well; or a process that
//! nobody killed lost its memory to the reaper.
//!
//! Promise: every successful read of private memory, by a user thread or by the kernel, returns the last
//! content stored to that page (at boot: the content of its mapping); and no user-mode access fails where
//! the reaper took a page away, unless SIGKILL is pending anyway. Tolerance: while the owner gives a page up
//! (`MADV_DONTNEED`, `munmap`), and from then to the next store, everything that was stored meanwhile and
//! the pristine content are fine, because stores and reads race with it. Other reads that fail are not judged.

use super::{Failure, event_site, signature};
use crate::case::Signature;
use mmreap::trace::{Event, Kind, What};
use mmreap::world::World;
use std::collections::BTreeMap;

/// What may be read from a page, and who touched its mapping last.
#[derive(Default)]
struct Page {
    allowed: Vec<u32>,
    discards: u32,
    unmapped: Option<usize>,
    mapped: Option<usize>,
}

/// Finds the first wrong read.
pub fn judge(world: &World) -> Option<Failure> {
    let mut pages: BTreeMap<(u32, u32), Page> = BTreeMap::new();
    for (index, event) in world.log.iter().enumerate() {
        let Some(number) = page_of(event.what) else { continue };
        let page = pages.entry((event.object.serial, number)).or_default();
        if matches!(event.what, What::UserFault { .. })
            && let Some(unmapped) = page.unmapped.filter(|&unmapped| was_reaped(world, unmapped))
        {
            return Some(describe_loss(world, index, number, unmapped));
        }
        if let Some(content) = wrong_read(page, event.what) {
            return Some(describe(world, index, number, content, page));
        }
        update(page, index, event.what);
    }
    None
}

fn page_of(what: What) -> Option<u32> {
    match what {
        What::UserWrite { page, .. }
        | What::UserRead { page, .. }
        | What::UserDiscard { page, .. }
        | What::UserFault { page }
        | What::Map { page, .. }
        | What::Unmap { page, .. } => Some(page),
        _ => None,
    }
}

fn wrong_read(page: &Page, what: What) -> Option<u32> {
    match what {
        What::UserRead { content, .. } if !page.allowed.is_empty() => {
            (!page.allowed.contains(&content)).then_some(content)
        }
        _ => None,
    }
}

fn update(page: &mut Page, index: usize, what: What) {
    match what {
        What::UserWrite { content, .. } if page.discards > 0 => page.allowed.push(content),
        What::UserWrite { content, .. } => page.allowed = vec![content],
        What::UserDiscard { content, done, .. } => {
            if done {
                page.discards -= 1
            } else {
                page.discards += 1
            }
            if !page.allowed.is_empty() {
                page.allowed.push(content);
            }
        }
        What::Unmap { .. } => page.unmapped = Some(index),
        What::Map { .. } => page.mapped = Some(index),
        _ => {}
    }
}

/// Whether it was the reaper who unmapped a page.
fn was_reaped(world: &World, unmapped: usize) -> bool {
    event_site(world, unmapped).protocol() == "__oom_reap_task_mm"
}

fn describe_loss(world: &World, fault: usize, number: u32, unmapped: usize) -> Failure {
    let event: &Event = &world.log[fault];
    let sites = [event_site(world, fault), event_site(world, unmapped)];
    let loser = &world.threads()[event.thread.index()].name;
    Failure {
        signature: signature("O-DATA", Kind::Page, &sites),
        title: "lost content",
        object: event.object,
        events: vec![unmapped as u32, fault as u32],
        details: vec![format!("{loser} lost page {number}, and no SIGKILL was pending")],
    }
}

fn describe(world: &World, read: usize, number: u32, content: u32, page: &Page) -> Failure {
    let event: &Event = &world.log[read];
    let installed = page.mapped.filter(|mapped| Some(*mapped) > page.unmapped).unwrap_or(read);
    let mut events: Vec<u32> =
        page.unmapped.into_iter().chain([installed, read]).map(|index| index as u32).collect();
    events.dedup();
    let sites = [Some(installed), page.unmapped].into_iter().flatten();
    let sites: Vec<_> = sites.map(|index| event_site(world, index)).collect();
    let reader = &world.threads()[event.thread.index()].name;
    let expected = page.allowed[0];
    Failure {
        signature: Signature { object: "page".into(), ..signature("O-DATA", Kind::Page, &sites) },
        title: "wrong content",
        object: event.object,
        events,
        details: vec![format!(
            "{reader} read page {number} and got {content}; the last store left {expected}"
        )],
    }
}
