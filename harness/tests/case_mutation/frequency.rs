//! How often things are drawn, on a fixed stream of bytes: these tests pass or fail for good. The
//! probability that an unlucky stream fails a correct generator is written beside each.

use std::collections::HashSet;
use std::mem::{Discriminant, discriminant};

use arbitrary::Unstructured;
use mmreap_harness::case::{
    Argument, Case, Completion, EmptyPmd, FaultPoint, Operation, Time, Tlb, VmaKind, mutate,
    mutate::Sites,
};
use mmreap_harness::operation::{OPERATIONS, Rule, sysrq_f::SYSRQ_F, write::WRITE};

use crate::{Stream, generated, operations};

/// The first `count` cases of the fixed stream.
fn sample(count: usize) -> impl Iterator<Item = Case> {
    let mut stream = Stream(1);
    (0..count).map(move |_| generated(&stream.bytes()))
}

/// Each word of the format that stands for an operation, a kind of VMA or a fault point. None of
/// these 40 is spelled like another.
fn words(case: &Case) -> impl Iterator<Item = &'static str> {
    let kinds = case.processes.iter().flat_map(|process| &process.vmas).map(|vma| vma.kind.name());
    let points = case.faults.iter().map(|fault| fault.point.name());
    operations(case).map(Operation::name).chain(kinds).chain(points)
}

fn completions(case: &Case) -> impl Iterator<Item = Discriminant<Completion>> {
    operations(case).filter_map(Operation::submits).map(|request| discriminant(&request.1))
}

/// What occurred in the cases so far.
#[derive(Default)]
struct Seen {
    words: HashSet<&'static str>,
    completions: HashSet<Discriminant<Completion>>,
    strategies: HashSet<&'static str>,
    shares: bool,
    segments: bool,
}

impl Seen {
    fn add(&mut self, case: &Case) {
        self.words.extend(words(case));
        self.completions.extend(completions(case));
        self.strategies.insert(case.schedule.strategy.kind().word);
        self.shares |= case.processes.iter().any(|process| process.shares.is_some());
        self.segments |= !case.schedule.segments.is_empty();
    }

    #[track_caller]
    fn assert_all_words(&self) {
        let drawn = OPERATIONS
            .iter()
            .filter(|kind| kind.weights != [0, 0] || matches!(kind.rule, Rule::Start | Rule::End));
        let all = drawn.count() + VmaKind::ALL.len() + FaultPoint::ALL.len();
        assert_eq!(self.words.len(), all, "{:?}", self.words);
        assert_eq!(self.completions.len(), 4);
        assert!(self.shares);
    }
}

/// The rarest word (`guest_read`) is in 3 % of the cases: 1000 cases without it have the
/// probability 0.97^1000 < 1e-13, and all words together less than 1e-11.
#[test]
fn the_generator_reaches_everything() {
    let mut seen = Seen::default();
    sample(1000).for_each(|case| seen.add(&case));
    seen.assert_all_words();
}

/// From the smallest case, by mutation only, so that no stored corpus can keep anything out of
/// reach. The two rarest words (`copy_from_user` and `mmap`) occur in 45 % of the walks of 1000
/// steps, so that forty walks miss one with a probability of 2 * 0.55^40 < 1e-10.
#[test]
fn mutation_reaches_everything() {
    let mut stream = Stream(2);
    let mut seen = Seen::default();
    for _ in 0..40 {
        let mut case = generated(&[]);
        for _ in 0..1000 {
            mutate::mutate(&mut case, &mut Unstructured::new(&stream.bytes()), &Sites::default());
            seen.add(&case);
        }
    }
    seen.assert_all_words();
    assert_eq!(seen.strategies.len(), 7);
    assert!(seen.segments);
}

/// Growth and shrinking are in balance: a long walk neither fills the bounds nor dries up. Walks of
/// 500 steps have 4.2 processes (standard deviation 1.35) and 12.8 operations (5.0) on average.
/// The mean of twenty deviates by the root of 20 less, so that all limits are six deviations away:
/// less than 1e-8.
#[test]
fn mutation_does_not_drift() {
    let mut stream = Stream(3);
    let (mut processes, mut count) = (0, 0);
    for _ in 0..20 {
        let mut case = generated(&stream.bytes());
        for _ in 0..500 {
            mutate::mutate(&mut case, &mut Unstructured::new(&stream.bytes()), &Sites::default());
            processes += case.processes.len();
            count += operations(&case).count();
        }
    }
    let [processes, count] = [processes, count].map(|sum| sum as f64 / 10_000.0);
    assert!((2.0..6.5).contains(&processes), "{processes} processes on average");
    assert!((6.0..20.0).contains(&count), "{count} operations on average");
}

/// One mutation in 10,000 leaves its case as it was, so that 20 of 2000 do so with a probability
/// below 1e-30.
#[test]
fn a_mutation_changes_something() {
    let mut stream = Stream(4);
    let unchanged = |case: &Case| {
        let mut mutant = case.clone();
        mutate::mutate(&mut mutant, &mut Unstructured::new(&stream.bytes()), &Sites::default());
        mutant == *case
    };
    let count = sample(2000).collect::<Vec<_>>().iter().map(unchanged).filter(|same| *same).count();
    assert!(count < 20, "{count} of 2000 mutations changed nothing");
}

/// Percent of the cases with a property.
fn percent(cases: &[Case], property: impl Fn(&Case) -> bool) -> f64 {
    cases.iter().filter(|case| property(case)).count() as f64 * 100.0 / cases.len() as f64
}

/// Whether the frames are at most what a tight machine has; a roomy one has twice the pages.
fn is_tight(case: &Case) -> bool {
    let written = |name: &str| operations(case).any(|it| *it == WRITE.of([Argument::vma(name)]));
    let mapped = case.processes.iter().flat_map(|process| &process.vmas);
    let mapped = mapped.filter(|vma| written(&vma.name)).map(|vma| usize::from(vma.pages));
    let allocated = operations(case).map(|operation| usize::from(operation.pages()));
    usize::from(case.machine.frames) < 3 * mapped.chain(allocated).sum::<usize>() / 2 + 4
}

/// A share of 4000 cases has a standard deviation of 0.8 points at most, so that one of these lies
/// 5 points off with a probability below 1e-8.
#[test]
fn the_generator_keeps_its_proportions() {
    let cases: Vec<Case> = sample(4000).collect();
    let sysrq = |case: &Case| operations(case).any(|it| *it.kind == SYSRQ_F);
    let is_good = |case: &Case| case.machine.empty_pmd == EmptyPmd::Good;
    let shares = [
        ("time any", 50.0, percent(&cases, |case| case.machine.time == Time::Any)),
        ("tlb lazy", 15.0, percent(&cases, |case| case.machine.tlb == Tlb::Lazy)),
        ("empty_pmd good", 50.0, percent(&cases, is_good)),
        ("faults", 30.0, percent(&cases, |case| !case.faults.is_empty())),
        ("sysrq_f", 50.0, percent(&cases, sysrq)),
        ("tight", 60.0, percent(&cases, is_tight)),
        ("small", 85.0, percent(&cases, |case| case.processes.len() <= 3)),
    ];
    for (what, intended, actual) in shares {
        let off = f64::abs(intended - actual);
        assert!(off < 5.0, "{what}: {intended} % intended, {actual} % drawn");
    }
}
