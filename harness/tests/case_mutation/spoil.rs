//! Damages a case beyond what any change would, for repair to face.

use mmreap_harness::case::{
    Argument, Case, Completion, Expect, Fault, FaultPoint, Operation, Process, ProcessKind,
    Release, Segment, Stop, VmaKind,
};

use mmreap_harness::operation::{OPERATIONS, Parameter};
use mmreap_harness::schedule::pct::PCT;

use crate::Stream;

/// Names, good and bad.
const WORDS: [&str; 14] = [
    "",
    "p1",
    "p2",
    "p3",
    "k1",
    "v1",
    "c1",
    "t1",
    "init",
    "ksmd",
    "Uppercase",
    "#x",
    "line\nfeed",
    "far_too_long_for_a_name",
];

/// Damages about a third of everything.
pub fn spoil(case: &mut Case, stream: &mut Stream) {
    let mut processes = case.processes.clone();
    processes.extend(case.processes.clone());
    case.processes.extend(processes);
    case.processes.rotate_left(stream.below(3));
    let length = stream.below(case.processes.len() + 1);
    case.processes.truncate(length);
    for process in &mut case.processes {
        spoil_process(process, stream);
    }
    spoil_rest(case, stream);
}

fn bad(stream: &mut Stream) -> bool {
    stream.below(3) == 0
}

fn word(stream: &mut Stream) -> String {
    WORDS[stream.below(WORDS.len())].into()
}

fn spoil_process(process: &mut Process, stream: &mut Stream) {
    if bad(stream) {
        process.name = word(stream);
    }
    if bad(stream) {
        process.kind = ProcessKind::Kernel;
    }
    process.shares = bad(stream).then(|| word(stream));
    process.parent = bad(stream).then(|| word(stream));
    process.adj = stream.next() as i16;
    process.notifiers = stream.next() as u8;
    process.release = Release::ALL[stream.below(3)];
    process.contexts.extend([word(stream), word(stream)]);
    for vma in &mut process.vmas {
        vma.pages = stream.next() as u8;
        (vma.locked, vma.huge, vma.mergeable) = (bad(stream), bad(stream), bad(stream));
        vma.kind = VmaKind::ALL[stream.below(5)];
        if bad(stream) {
            vma.name = word(stream);
        }
    }
    if bad(stream) {
        process.threads.extend(process.threads.clone());
    }
    if stream.below(8) == 0 {
        process.threads.clear();
    }
    for thread in &mut process.threads {
        for _ in 0..stream.below(24) {
            thread.operations.push(any_operation(stream));
        }
    }
}

/// Any operation about any names.
fn any_operation(stream: &mut Stream) -> Operation {
    let (one, two, number) = (word(stream), word(stream), stream.next() as u32);
    let kind = OPERATIONS[stream.below(OPERATIONS.len())];
    let mut names = [one, two].into_iter();
    let mut name = || names.next().expect("no operation names more");
    let argument = |parameter: &Parameter| match parameter {
        Parameter::Vma | Parameter::Unmapped => Argument::Vma(name()),
        Parameter::Context => Argument::Context(name()),
        Parameter::Process | Parameter::Child | Parameter::Host | Parameter::Borrowed => {
            Argument::Process(name())
        }
        Parameter::Pages => Argument::Pages(number as u8 & 3),
        Parameter::Jiffies => Argument::Jiffies(number),
        Parameter::Completion => Argument::Completion(Completion::After(number)),
    };
    kind.of(kind.parameters.iter().map(argument))
}

fn spoil_rest(case: &mut Case, stream: &mut Stream) {
    case.notes.extend([word(stream), word(stream)]);
    if stream.below(8) == 0 {
        case.notes.push("x".repeat(70_000));
    }
    if stream.below(8) == 0 {
        case.kernel = word(stream).repeat(20_000);
    }
    case.machine.frames = stream.next() as u16;
    case.machine.min = stream.next() as u16;
    case.machine.high = stream.next() as u16;
    for _ in 0..stream.below(12) {
        case.faults.push(Fault {
            point: FaultPoint::ALL[stream.below(7)],
            probability: stream.next() as u8,
            interval: stream.below(3) as u32,
            times: bad(stream).then_some(0),
            space: stream.next() as u32,
            fail_nth: bad(stream).then_some(stream.below(3) as u32),
            task_filter: bad(stream).then(|| word(stream)),
        });
    }
    case.schedule.strategy = PCT.of(&[1, u64::from(stream.next() as u8)]);
    for _ in 0..stream.below(90) {
        let until = bad(stream).then(|| Stop { site: word(stream), nth: stream.below(3) as u32 });
        case.schedule.segments.push(Segment { task: word(stream), until });
    }
    case.others = vec![(word(stream), Expect::Pass), (case.kernel.clone(), Expect::Pass)];
}
