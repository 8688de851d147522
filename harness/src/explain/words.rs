//! Events in kernel words: `down_write(mmap_sem)`, `mm_users 2 -> 1`, `SIGKILL -> victim`.
//!
//! What belongs to the only address space of a diagram goes by its field's name alone; everything else
//! says whose it is.

use super::names::{name, owner};
use mmreap::sync::atomic::ATOMIC_INC_NOT_ZERO;
use mmreap::sync::bits::TEST_AND_SET_BIT;
use mmreap::trace::noun::{MM, OOM_MM};
use mmreap::trace::{Event, Kind, ObjectRef, Site, What};
use mmreap::world::World;

/// Spells events of a run.
pub(super) struct Words<'a> {
    /// The run.
    pub world: &'a World,
    /// The address spaces of the diagram.
    pub spaces: &'a [ObjectRef],
}

impl Words<'_> {
    /// The event in words.
    pub(super) fn event(&self, index: u32) -> String {
        let event = &self.world.log[index as usize];
        self.access(index, event)
            .or_else(|| self.lock(event))
            .or_else(|| self.oom(event))
            .or_else(|| memory(event))
            .unwrap_or_else(|| event.what.name().to_string())
    }

    /// A field of an object.
    fn field(&self, event: &Event) -> String {
        let (object, noun) = (event.object, event.site.noun());
        let plain = self.spaces == [object] || matches!(object.kind, Kind::OomKiller | Kind::Clock);
        if plain { noun.to_string() } else { format!("{}->{noun}", name(self.world, object)) }
    }

    fn access(&self, index: u32, event: &Event) -> Option<String> {
        let (verb, noun) = (event.site.verb(), event.site.noun());
        Some(match event.what {
            What::Enter => format!("{}()", event.site.function()),
            What::Allocate => format!("allocate {}", event.object),
            What::Free => format!("free({})", event.object),
            What::Read if noun == OOM_MM => {
                format!("{} = {}", self.field(event), self.oom_mm(index, event.object))
            }
            What::Read | What::Write if noun.is_empty() => format!("{verb}({})", event.object),
            What::Read | What::Write => format!("{verb} {}", self.field(event)),
            What::Count { old: 0, new: 0 } if verb == ATOMIC_INC_NOT_ZERO => {
                format!("{verb}({}) = 0", self.field(event))
            }
            What::Count { .. } => format!("{} {}", self.field(event), event.what),
            What::TestFlag { set } if noun == OOM_MM => {
                format!("{verb}(current) = {}", u8::from(set))
            }
            What::TestFlag { set } => format!("{verb}({}) = {}", self.field(event), u8::from(set)),
            What::SetFlag { was } | What::ClearFlag { was } if verb == TEST_AND_SET_BIT => {
                format!("{verb}({}) = {}", self.field(event), u8::from(was))
            }
            What::SetFlag { .. } | What::ClearFlag { .. } => {
                format!("{verb}({})", self.field(event))
            }
            What::Violation | What::Warning => operation(event.site),
            What::Fault => format!("{}: injected fault", operation(event.site)),
            _ => return None,
        })
    }

    /// What a process's `oom_mm` was at an event.
    fn oom_mm(&self, index: u32, process: ObjectRef) -> &'static str {
        let mut before = self.world.log[..index as usize].iter();
        let written = |event: &Event| {
            event.object == process && event.site.noun() == OOM_MM && event.what == What::Write
        };
        if before.any(written) { MM } else { "NULL" }
    }

    fn lock(&self, event: &Event) -> Option<String> {
        let verb = event.site.verb();
        Some(match event.what {
            What::Acquire { trylock: true, .. } => format!("{verb}({}) = 1", self.field(event)),
            What::TryFailed { .. } => format!("{verb}({}) = 0", self.field(event)),
            What::Acquire { .. } | What::Release { .. } => format!("{verb}({})", self.field(event)),
            What::Sleep if event.object.kind == Kind::Clock => "schedule_timeout()".to_string(),
            What::Sleep => format!("{} sleeps", operation(event.site)),
            What::Wake => format!("{} goes on", operation(event.site)),
            _ => return None,
        })
    }

    fn oom(&self, event: &Event) -> Option<String> {
        let object = || name(self.world, event.object);
        Some(match event.what {
            What::OomRequest { forced: true, .. } => "sysrq-f".to_string(),
            What::OomRequest { .. } => "out of memory".to_string(),
            What::OomPanic => "panic: no killable processes".to_string(),
            What::Kill => format!("oom kill -> {}", owner(self.world, event.object)),
            What::Signal => format!("SIGKILL -> {}", object()),
            What::Marked => format!("mark_oom_victim({})", object()),
            What::Enqueue => format!("enqueue({})", object()),
            What::OomMm => format!("oom_mm := {}", event.object),
            What::Dequeue => format!("dequeue({})", object()),
            What::Skip(reason) => format!("gives up: {}", reason.name()),
            What::Trace(tracepoint) => tracepoint.name().to_string(),
            What::Complete { ok: true } => format!("aio_complete({})", object()),
            What::Complete { ok: false } => format!("aio_complete({}): error", object()),
            What::Exited => "exits".to_string(),
            _ => return None,
        })
    }
}

/// What is done at a site.
pub(super) fn operation(site: Site) -> String {
    match (site.verb(), site.noun()) {
        (verb, "") => verb.to_string(),
        (verb, noun) => format!("{verb}({noun})"),
    }
}

fn memory(event: &Event) -> Option<String> {
    Some(match event.what {
        What::Map { frame, page } => format!("map page {page} -> frame {frame}"),
        What::Unmap { frame, page } => format!("unmap page {page} (frame {frame})"),
        What::Shadow { frame, page } => format!("guest maps page {page} -> frame {frame}"),
        What::Unshadow { frame, page } => format!("guest loses page {page} (frame {frame})"),
        What::UserWrite { page, content } => format!("page {page} := {content}"),
        What::UserRead { page, content, .. } => format!("page {page} reads as {content}"),
        What::UserFault { page } => format!("page {page} faults for good"),
        What::UserDiscard { page, .. } => format!("page {page} discarded"),
        What::AllocateFrames { .. } => format!("allocate {}", event.object),
        What::FreeFrames { frames } => format!("free {frames} frames"),
        What::Tick { jiffies } => format!("jiffies = {jiffies}"),
        _ => return None,
    })
}
