//! What a primitive declares to commute does, in programs of its own.
//!
//! `commute.rs` exchanges neighbours of random runs of whole cases. Here each primitive of the list has small programs,
//! whose neighbouring steps are exchanged one pair after the other. What is declared to commute must be the same either
//! way: the same events for each thread, the same values, the same end. What is not declared mostly makes a difference.
//! What makes none is in `primitives/exceptions.txt`, and a proof has both orders of it for nothing; so is what is
//! declared and cannot be exchanged alone. `MMREAP_BLESS=1 cargo test -p mmreap-harness --test primitives` writes that
//! file anew.

mod common;
#[path = "primitives/programs.rs"]
mod programs;

use common::lives::{Lives, difference, events};
use common::recorder::{Recorder, record_machine};
use mmreap::release::V4_15;
use mmreap::sync::footprint::Touch;
use mmreap::sync::point::Access;
use mmreap::sync::primitive::{PRIMITIVES, Primitive, commute};
use mmreap_harness::prove::trace::Step;
use mmreap_harness::schedule::conflict;
use mmreap_harness::schedule::pos::Pos;
use programs::{PROGRAMS, Program};
use std::collections::{BTreeMap, BTreeSet};

/// Random orders of each program.
const ORDERS: u64 = 100;

/// What became of exchanging two accesses.
#[derive(Default)]
struct Exchanged {
    /// They were in conflict, and it made a difference.
    differs: bool,
    /// They were in steps that are not in conflict, and it made none.
    commutes: bool,
}

/// By the names of both.
type Seen = BTreeMap<[String; 2], Exchanged>;

fn run(program: &Program, recorder: Recorder) -> (Recorder, Lives) {
    programs::load(program);
    let (recorder, world) = record_machine(&V4_15, programs::main, recorder);
    let outcome = programs::outcome(&world);
    (recorder, (events(&world), outcome))
}

fn pair(a: Access, b: Access) -> [String; 2] {
    let mut pair = [a, b].map(|access| format!("{access:?}"));
    pair.sort();
    pair
}

/// What the step announces and touches of what the program is about.
fn touches(program: &Program, recorder: &Recorder, i: usize) -> [Vec<Touch>; 2] {
    let op = recorder.announced[i];
    let announced = Touch { object: op.object, noun: op.site.noun(), access: op.access };
    [vec![announced], recorder.steps[i].touches.clone()].map(|mut touches| {
        touches.retain(|touch| (program.about)(touch.object.kind, touch.noun));
        touches
    })
}

/// The accesses of the two steps that are of one thing.
fn pairs(program: &Program, recorder: &Recorder, i: usize) -> BTreeSet<(bool, [String; 2])> {
    let [first, second] = [i, i + 1].map(|i| touches(program, recorder, i));
    let meet = |a: &Touch, b: &Touch| {
        let frees = [a.access, b.access].contains(&Access::Free);
        a.object == b.object && (a.noun == b.noun || frees)
    };
    let both = first.iter().zip(&second).flat_map(|(first, second)| {
        first.iter().flat_map(move |a| second.iter().map(move |b| (*a, *b)))
    });
    let both = both.filter(|(a, b)| meet(a, b));
    both.map(|(a, b)| (conflict(&a, &b), pair(a.access, b.access))).collect()
}

fn in_conflict(a: &Step, b: &Step) -> bool {
    a.touches.iter().any(|a| b.touches.iter().any(|b| conflict(a, b)))
}

/// Exchanges all neighbours of a random run of the program.
fn exchange(program: &Program, seed: u64, seen: &mut Seen, made: &mut BTreeSet<Access>) {
    let (recorder, before) = run(program, Recorder::under(Box::new(Pos::new(seed))));
    let order = recorder.order();
    for i in 0..order.len() {
        made.extend(touches(program, &recorder, i).concat().iter().map(|touch| touch.access));
    }
    for i in (0..order.len() - 1).filter(|&i| recorder.may_swap(i)) {
        let pairs = pairs(program, &recorder, i);
        let mut other = order.clone();
        other.swap(i, i + 1);
        let (replay, after) = run(program, Recorder::along(other));
        let differs = replay.stuck.is_some() || difference(&before, &after).is_some();
        let (name, a, b) = (program.primitive, &recorder.steps[i], &recorder.steps[i + 1]);
        let commutes = !in_conflict(a, b);
        assert!(!(commutes && differs), "{name}: {a:?}\n{b:?}\ndo not commute");
        for (conflict, pair) in pairs {
            let exchanged = seen.entry(pair).or_default();
            exchanged.differs |= conflict && differs;
            exchanged.commutes |= commutes;
        }
    }
}

/// What there is to say of the primitive besides what it declares.
fn exceptions(primitive: &Primitive) -> String {
    let (mut seen, mut made) = (Seen::new(), BTreeSet::new());
    let own = PROGRAMS.iter().filter(|program| program.primitive == primitive.name);
    let with: Vec<_> = own.clone().flat_map(|program| program.with).collect();
    assert!(own.clone().count() > 0, "{} has no program", primitive.name);
    for program in own {
        (0..ORDERS).for_each(|seed| exchange(program, seed, &mut seen, &mut made));
    }
    let others = PRIMITIVES.iter().filter(|other| with.contains(&&other.name));
    let known: Vec<_> = others.chain([primitive]).flat_map(|it| it.accesses).copied().collect();
    let name = primitive.name;
    assert!(made.iter().all(|access| known.contains(access)), "{name} does not declare {made:?}");
    let never = primitive.accesses.iter().find(|access| !made.contains(access));
    assert_eq!(never, None, "{name} has no program that does this");
    let mut text = String::new();
    for (n, &a) in primitive.accesses.iter().enumerate() {
        for &b in &primitive.accesses[n..] {
            let seen = seen.get(&pair(a, b));
            let why = match declared(primitive, a, b) {
                true if seen.is_none_or(|it| !it.commutes) => "commute, but never meet alone",
                false if seen.is_some_and(|it| !it.differs) => "are in conflict for nothing",
                _ => continue,
            };
            text += &format!("{name}: {a:?} and {b:?} {why}\n");
        }
    }
    text
}

fn declared(primitive: &Primitive, a: Access, b: Access) -> bool {
    let says = |&(left, right): &(&[Access], &[Access])| {
        left.contains(&a) && right.contains(&b) || left.contains(&b) && right.contains(&a)
    };
    primitive.commute.iter().any(says)
}

#[test]
fn primitives_do_what_they_declare() {
    let found: String = PRIMITIVES.iter().map(exceptions).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/primitives/exceptions.txt");
    if std::env::var_os("MMREAP_BLESS").is_some() {
        std::fs::write(path, &found).expect("the file can be written");
    }
    assert_eq!(std::fs::read_to_string(path).expect("it is there"), found);
}

/// The table answers as the primitives declare.
#[test]
fn the_table_is_what_is_declared() {
    for primitive in PRIMITIVES {
        for &a in primitive.accesses {
            for &b in primitive.accesses {
                assert_eq!(commute(a, b), declared(primitive, a, b), "{}", primitive.name);
            }
        }
    }
}
