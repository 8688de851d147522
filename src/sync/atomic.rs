//! `atomic_t`: counters inside of objects, named by their field. All of them count references.

use crate::memory::{Handle, Object, Violation, report};
use crate::sync::point::{Access, point};
use crate::sync::primitive::Primitive;
use crate::trace::{EventKind, ObjectRef, record};
use crate::world::world;

/// Changes that do not look (`atomic_inc`) commute; whoever looks (`atomic_dec_and_test`, `atomic_inc_not_zero`) is in
/// conflict with them. References that are dropped commute, except the last, whose dropper has the object to itself.
/// The counters of page frames keep to it, too.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "atomic",
    accesses: &[
        Access::Read,
        Access::Add,
        Access::Update,
        Access::Put,
        Access::PutSome,
        Access::PutOne,
        Access::PutLast,
    ],
    commute: &[
        (&[Access::Read], &[Access::Read]),
        (&[Access::Add], &[Access::Add]),
        (LEAVE_SOME, LEAVE_SOME),
    ],
    agree: &VERBS,
    ..Primitive::BARE
};

const LEAVE_SOME: &[Access] = &[Access::PutSome, Access::PutOne];

/// The way from an object to one of its counters.
pub type Counter<T> = fn(&mut T) -> &mut i32;

const ATOMIC_READ: &str = "atomic_read";
/// For counters that are in no object of their own.
pub(crate) const ATOMIC_INC: &str = "atomic_inc";
/// The same.
pub(crate) const ATOMIC_DEC: &str = "atomic_dec";
const ATOMIC_DEC_AND_TEST: &str = "atomic_dec_and_test";
const ATOMIC_SUB_AND_TEST: &str = "atomic_sub_and_test";
/// In traces, what takes no reference from an object that has none left.
pub const ATOMIC_INC_NOT_ZERO: &str = "atomic_inc_not_zero";

const VERBS: [&str; 6] = [
    ATOMIC_READ,
    ATOMIC_INC,
    ATOMIC_DEC,
    ATOMIC_DEC_AND_TEST,
    ATOMIC_SUB_AND_TEST,
    ATOMIC_INC_NOT_ZERO,
];

/// `atomic_read`.
pub fn atomic_read<T: Object>(object: Handle<T>, field: &'static str, counter: Counter<T>) -> i32 {
    point(object.object(), Access::Read, ATOMIC_READ, field);
    let value = object.access(field, Access::Read, |o| *counter(o));
    record(object.object(), EventKind::Count { old: value, new: value });
    value
}

/// `atomic_inc`.
pub fn atomic_inc<T: Object>(object: Handle<T>, field: &'static str, counter: Counter<T>) {
    point(object.object(), Access::Add, ATOMIC_INC, field);
    add(object, field, Access::Add, counter, 1);
}

/// `atomic_dec_and_test`: whether the counter became zero.
pub fn atomic_dec_and_test<T: Object>(
    object: Handle<T>,
    field: &'static str,
    counter: Counter<T>,
) -> bool {
    point(object.object(), Access::Put, ATOMIC_DEC_AND_TEST, field);
    let access = Access::put(object.look(|o| *counter(o)) - 1);
    add(object, field, access, counter, -1) == 0
}

/// `atomic_sub_and_test`: whether the counter became zero, or was and nothing was taken.
pub fn atomic_sub_and_test<T: Object>(
    delta: i32,
    object: Handle<T>,
    field: &'static str,
    counter: Counter<T>,
) -> bool {
    point(object.object(), Access::Update, ATOMIC_SUB_AND_TEST, field);
    let old = object.access(field, Access::Update, |o| *counter(o));
    let new = old - delta;
    object.access(field, Access::Update, |o| *counter(o) = new);
    record(object.object(), EventKind::Count { old, new });
    new == 0
}

/// `atomic_inc_not_zero`: whether the counter was not zero, and was incremented.
pub fn atomic_inc_not_zero<T: Object>(
    object: Handle<T>,
    field: &'static str,
    counter: Counter<T>,
) -> bool {
    point(object.object(), Access::Update, ATOMIC_INC_NOT_ZERO, field);
    let old = object.access(field, Access::Update, |o| *counter(o));
    if old == 0 {
        record(object.object(), EventKind::Count { old, new: old });
        return false;
    }
    add(object, field, Access::Update, counter, 1);
    true
}

fn add<T: Object>(
    object: Handle<T>,
    field: &'static str,
    access: Access,
    counter: Counter<T>,
    delta: i32,
) -> i32 {
    let old = object.access(field, access, |o| *counter(o));
    let new = old + delta;
    check(object.object(), old, new);
    object.access(field, access, |o| *counter(o) = new);
    record(object.object(), EventKind::Count { old, new });
    new
}

/// Nobody drops a reference that is not there, and nobody takes one from an object that has none left.
fn check(object: ObjectRef, old: i32, new: i32) {
    let here = || world(|w| w.here());
    if new < 0 {
        report(Violation::Underflow { object, used: here() });
    }
    if old == 0 {
        report(Violation::TakenFromZero { object, used: here() });
    }
}
