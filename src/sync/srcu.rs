//! SRCU: read sections in which one may sleep, and a wait until those that are being executed are over.
//!
//! There is one domain, that of the MMU notifiers (mm/mmu_notifier.c). `synchronize_srcu` waits for the
//! sections that had begun when it was called, not for later ones.

use crate::sync::point::Access;
use crate::sync::primitive::Primitive;
use crate::sync::wait::{wait_event, wake_up};
use crate::trace::{Kind, ObjectRef};
use crate::world::world;

/// Sections that begin or end do not see each other; who waits for them looks at all.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "srcu",
    accesses: &[Access::Add, Access::Read],
    commute: &[(&[Access::Add], &[Access::Add]), (&[Access::Read], &[Access::Read])],
    ..Primitive::BARE
};

/// The domain, as an object of events.
pub const SRCU: ObjectRef = ObjectRef::sole(Kind::Srcu);

/// What is waited for.
const SECTIONS: &str = "sections";

/// Read sections by their numbers.
#[derive(Debug, Default)]
pub struct Srcu {
    /// Those that are being executed.
    open: Vec<u32>,
    /// How many have begun.
    begun: u32,
}

impl Srcu {
    /// Forgets all sections.
    pub fn reset(&mut self) {
        let Srcu { open, begun } = self;
        open.clear();
        *begun = 0;
    }
}

/// A read section, from `srcu_read_lock` to `srcu_read_unlock`.
pub fn srcu_read<R>(section: impl FnOnce() -> R) -> R {
    let number = world(|w| {
        w.footprint.touch(SRCU, SECTIONS, Access::Add);
        w.srcu.begun += 1;
        w.srcu.open.push(w.srcu.begun);
        w.srcu.begun
    });
    let result = section();
    let awaited = world(|w| {
        w.footprint.touch(SRCU, SECTIONS, Access::Add);
        w.srcu.open.retain(|&open| open != number);
        w.is_awaited(SRCU, SECTIONS)
    });
    if awaited {
        wake_up(SRCU, SECTIONS);
    }
    result
}

/// `synchronize_srcu`.
pub fn synchronize_srcu() {
    let begun = world(|w| {
        w.footprint.touch(SRCU, SECTIONS, Access::Read);
        w.srcu.begun
    });
    wait_event(SRCU, SECTIONS, || {
        world(|w| {
            w.footprint.touch(SRCU, SECTIONS, Access::Read);
            w.srcu.open.iter().all(|&open| open > begun)
        })
    });
}
