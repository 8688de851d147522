//! Events in kernel words: `down_write(mmap_sem)`, `mm_users 2 -> 1`, `SIGKILL -> victim`.
//!
//! What belongs to the only address space of a diagram goes by its field's name alone; everything else
//! says whose it is.

use super::names::{name, owner};
use mmreap::sync::atomic::ATOMIC_INC_NOT_ZERO;
use mmreap::sync::bits::TEST_AND_SET_BIT;
use mmreap::trace::noun::{MM, OOM_MM};
use mmreap::trace::{Event, EventKind, Kind, ObjectRef, Site};
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
            .unwrap_or_else(|| event.kind.name().to_string())
    }

    /// A field of an object.
    fn field(&self, event: &Event) -> String {
        let (object, noun) = (event.object, event.site.noun());
        let plain = self.spaces == [object] || matches!(object.kind, Kind::OomKiller | Kind::Clock);
        if plain { noun.to_string() } else { format!("{}->{noun}", name(self.world, object)) }
    }

    fn access(&self, index: u32, event: &Event) -> Option<String> {
        let (verb, noun) = (event.site.verb(), event.site.noun());
        Some(match event.kind {
            EventKind::Enter => format!("{}()", event.site.function()),
            EventKind::Allocate => format!("allocate {}", event.object),
            EventKind::Free => format!("free({})", event.object),
            EventKind::Read if noun == OOM_MM => {
                format!("{} = {}", self.field(event), self.oom_mm(index, event.object))
            }
            EventKind::Read | EventKind::Write if noun.is_empty() => {
                format!("{verb}({})", event.object)
            }
            EventKind::Read | EventKind::Write => format!("{verb} {}", self.field(event)),
            EventKind::Count { old: 0, new: 0 } if verb == ATOMIC_INC_NOT_ZERO => {
                format!("{verb}({}) = 0", self.field(event))
            }
            EventKind::Count { .. } => format!("{} {}", self.field(event), event.kind),
            EventKind::TestFlag { set } if noun == OOM_MM => {
                format!("{verb}(current) = {}", u8::from(set))
            }
            EventKind::TestFlag { set } => {
                format!("{verb}({}) = {}", self.field(event), u8::from(set))
            }
            EventKind::SetFlag { was } | EventKind::ClearFlag { was }
                if verb == TEST_AND_SET_BIT =>
            {
                format!("{verb}({}) = {}", self.field(event), u8::from(was))
            }
            EventKind::SetFlag { .. } | EventKind::ClearFlag { .. } => {
                format!("{verb}({})", self.field(event))
            }
            EventKind::Violation | EventKind::Warning => operation(event.site),
            EventKind::Fault => format!("{}: injected fault", operation(event.site)),
            _ => return None,
        })
    }

    /// What a process's `oom_mm` was at an event.
    fn oom_mm(&self, index: u32, process: ObjectRef) -> &'static str {
        let mut before = self.world.log[..index as usize].iter();
        let written = |event: &Event| {
            event.object == process && event.site.noun() == OOM_MM && event.kind == EventKind::Write
        };
        if before.any(written) { MM } else { "NULL" }
    }

    fn lock(&self, event: &Event) -> Option<String> {
        let verb = event.site.verb();
        Some(match event.kind {
            EventKind::Acquire { trylock: true, .. } => {
                format!("{verb}({}) = 1", self.field(event))
            }
            EventKind::TryFailed { .. } => format!("{verb}({}) = 0", self.field(event)),
            EventKind::Acquire { .. } | EventKind::Release { .. } => {
                format!("{verb}({})", self.field(event))
            }
            EventKind::Sleep if event.object.kind == Kind::Clock => {
                "schedule_timeout()".to_string()
            }
            EventKind::Sleep => format!("{} sleeps", operation(event.site)),
            EventKind::Wake => format!("{} goes on", operation(event.site)),
            _ => return None,
        })
    }

    fn oom(&self, event: &Event) -> Option<String> {
        let object = || name(self.world, event.object);
        Some(match event.kind {
            EventKind::OomRequest { forced: true, .. } => "sysrq-f".to_string(),
            EventKind::OomRequest { .. } => "out of memory".to_string(),
            EventKind::OomPanic => "panic: no killable processes".to_string(),
            EventKind::Kill => format!("oom kill -> {}", owner(self.world, event.object)),
            EventKind::Signal => format!("SIGKILL -> {}", object()),
            EventKind::Marked => format!("mark_oom_victim({})", object()),
            EventKind::Enqueue => format!("enqueue({})", object()),
            EventKind::OomMm => format!("oom_mm := {}", event.object),
            EventKind::Dequeue => format!("dequeue({})", object()),
            EventKind::Skip(reason) => format!("gives up: {}", reason.name()),
            EventKind::Trace(tracepoint) => tracepoint.name().to_string(),
            EventKind::Complete { ok: true } => format!("aio_complete({})", object()),
            EventKind::Complete { ok: false } => format!("aio_complete({}): error", object()),
            EventKind::Exited => "exits".to_string(),
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
    Some(match event.kind {
        EventKind::Map { frame, page } => format!("map page {page} -> frame {frame}"),
        EventKind::Unmap { frame, page } => format!("unmap page {page} (frame {frame})"),
        EventKind::Shadow { frame, page } => format!("guest maps page {page} -> frame {frame}"),
        EventKind::Unshadow { frame, page } => format!("guest loses page {page} (frame {frame})"),
        EventKind::UserWrite { page, content } => format!("page {page} := {content}"),
        EventKind::UserRead { page, content, .. } => format!("page {page} reads as {content}"),
        EventKind::UserFault { page } => format!("page {page} faults for good"),
        EventKind::UserDiscard { page, .. } => format!("page {page} discarded"),
        EventKind::AllocateFrames { .. } => format!("allocate {}", event.object),
        EventKind::FreeFrames { frames } => format!("free {frames} frames"),
        EventKind::Tick { jiffies } => format!("jiffies = {jiffies}"),
        _ => return None,
    })
}
