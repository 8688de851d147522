//! Flag words: `test_bit`, `set_bit` and their kin on a word inside of an object.

use crate::memory::{Handle, Object};
use crate::sync::point::{Access, point};
use crate::sync::primitive::Primitive;
use crate::trace::{EventKind, record};

/// Who tests a flag changes nothing. Who sets one looks, because oracles ask who was the first. Different bits of one
/// word have nouns of their own.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "bits",
    accesses: &[Access::Read, Access::Write, Access::Update],
    commute: &[(&[Access::Read], &[Access::Read])],
    ..Primitive::BARE
};

/// A flag of a flag word.
pub trait Flag: Copy {
    /// The object that holds the word.
    type Holder: Object;
    /// The kernel's name.
    fn name(self) -> &'static str;
    /// The bit's number.
    fn bit(self) -> u32;
    /// The word.
    fn word(holder: &mut Self::Holder) -> &mut u32;
}

fn exchange<F: Flag>(holder: Handle<F::Holder>, flag: F, access: Access, set: bool) -> bool {
    holder.access(flag.name(), access, |holder| {
        let word = F::word(holder);
        let was = *word >> flag.bit() & 1 == 1;
        *word = *word & !(1 << flag.bit()) | u32::from(set) << flag.bit();
        was
    })
}

/// `test_bit`.
pub fn test_bit<F: Flag>(holder: Handle<F::Holder>, flag: F) -> bool {
    point(holder.object(), Access::Read, "test_bit", flag.name());
    let set = peek_bit(holder, flag);
    record(holder.object(), EventKind::TestFlag { set });
    set
}

/// The flag without a scheduling point, for flags that the caller's lock protects.
pub fn peek_bit<F: Flag>(holder: Handle<F::Holder>, flag: F) -> bool {
    holder.access(flag.name(), Access::Read, |holder| *F::word(holder) >> flag.bit() & 1 == 1)
}

/// `set_bit`. Of several threads that set a flag, who was the first is part of what happened.
pub fn set_bit<F: Flag>(holder: Handle<F::Holder>, flag: F) {
    point(holder.object(), Access::Update, "set_bit", flag.name());
    let was = exchange(holder, flag, Access::Update, true);
    record(holder.object(), EventKind::SetFlag { was });
}

/// `clear_bit`.
pub fn clear_bit<F: Flag>(holder: Handle<F::Holder>, flag: F) {
    point(holder.object(), Access::Write, "clear_bit", flag.name());
    let was = exchange(holder, flag, Access::Write, false);
    record(holder.object(), EventKind::ClearFlag { was });
}

/// `test_and_set_bit`, in traces.
pub const TEST_AND_SET_BIT: &str = "test_and_set_bit";

/// `test_and_set_bit`: whether the flag had been set before.
pub fn test_and_set_bit<F: Flag>(holder: Handle<F::Holder>, flag: F) -> bool {
    point(holder.object(), Access::Update, TEST_AND_SET_BIT, flag.name());
    let was = exchange(holder, flag, Access::Update, true);
    record(holder.object(), EventKind::SetFlag { was });
    was
}
