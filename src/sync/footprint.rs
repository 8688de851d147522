//! Footprints: everything that one step of a thread touches, for whoever has to know which steps commute.
//!
//! A step goes from one scheduling point to the thread's next. The operation that was announced is its
//! first touch; what the step looks at or changes besides, without another point, is recorded here. Two
//! steps of different threads commute if no touch of one is in conflict with a touch of the other; what is
//! in conflict with what is not decided here.
//!
//! Every look at an object through its handle counts, so that nothing is forgotten by default: a field
//! that nobody names belongs to the object as a whole. Recording is off unless somebody asks for it.

use crate::sync::point::Access;
use crate::sync::thread::Tid;
use crate::trace::ObjectRef;

/// One thing that a step touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Touch {
    /// The object.
    pub object: ObjectRef,
    /// The field, flag, lock or condition; empty for all that has no name of its own.
    pub noun: &'static str,
    /// How.
    pub access: Access,
}

/// What the step at hand has touched so far.
#[derive(Debug, Default)]
pub struct Footprint {
    /// Whether anybody wants to know.
    pub recording: bool,
    /// Its touches, some of them more than once.
    pub touches: Vec<Touch>,
    /// The threads that it woke.
    pub woken: Vec<Tid>,
}

impl Footprint {
    /// Forgets what was recorded: the next step begins.
    pub fn clear(&mut self) {
        let Footprint { recording: _, touches, woken } = self;
        touches.clear();
        woken.clear();
    }

    /// Stops recording.
    pub fn reset(&mut self) {
        self.clear();
        self.recording = false;
    }

    /// Adds a touch.
    #[inline]
    pub fn touch(&mut self, object: ObjectRef, noun: &'static str, access: Access) {
        if self.recording {
            self.touches.push(Touch { object, noun, access });
        }
    }

    /// Adds a thread that was woken.
    pub fn wake(&mut self, thread: Tid) {
        if self.recording {
            self.woken.push(thread);
        }
    }
}
