//! Generation, mutation, crossover and repair of cases.
//!
//! Laws are tested here, on random bytes by proptest, which shrinks what it finds; frequencies are
//! tested in `case_mutation/frequency.rs`.

#[path = "case_mutation/frequency.rs"]
mod frequency;
#[path = "case_mutation/spoil.rs"]
mod spoil;

use arbitrary::Unstructured;
use mmreap_harness::case::check::check;
use mmreap_harness::case::parse::parse;
use mmreap_harness::case::{
    Argument, Case, Expect, Operation, generate, limit, mutate, mutate::Sites,
};
use mmreap_harness::operation::{alloc::ALLOC, kill::KILL, vfork::VFORK, write::WRITE};
use mmreap_harness::schedule::pos::POS;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::test_runner::RngSeed;

use spoil::spoil;

/// Bytes that a large case can use up, and more.
const BYTES: usize = 1024;

/// Steele's SplitMix64: enough entropy for tests, and no dependency.
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..BYTES / 8).flat_map(|_| self.next().to_le_bytes()).collect()
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

fn generated(bytes: &[u8]) -> Case {
    generate::case(&mut Unstructured::new(bytes), "v4.14")
}

fn operations(case: &Case) -> impl Iterator<Item = &Operation> {
    case.processes.iter().flat_map(|p| &p.threads).flat_map(|thread| &thread.operations)
}

#[track_caller]
fn assert_valid(case: &Case, what: &str) {
    if let Err(problem) = check(case) {
        panic!("{what} is not valid: {problem}\n{case}");
    }
    assert_eq!(parse(&case.to_string()).as_ref(), Ok(case), "{what} is printed as another case");
}

#[track_caller]
fn assert_repair_changes_nothing(case: &Case) {
    let mut repaired = case.clone();
    mutate::repair(&mut repaired);
    assert_eq!(repaired, *case, "repair changed a valid case\n{case}");
}

/// The same cases every time: what fails by chance is for campaigns to find.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(2000))]

    /// Short inputs too: most of them end in the middle of something.
    #[test]
    fn any_bytes_give_a_valid_case(bytes in vec(any::<u8>(), 0..BYTES)) {
        let case = generated(&bytes);
        assert_valid(&case, "a generated case");
        assert_repair_changes_nothing(&case);
        assert!(case.expect.is_none() && case.others.is_empty());
        assert_eq!(*case.schedule.strategy.kind(), POS);
        assert!(case.schedule.segments.is_empty());
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn fifty_mutations_leave_a_case_valid(
        bytes in vec(any::<u8>(), 0..BYTES),
        steps in vec(vec(any::<u8>(), 0..64), 50),
    ) {
        let mut case = generated(&bytes);
        for step in steps {
            let before = case.to_string();
            case.expect = Some(Expect::Pass);
            case.others.push(("v4.15".into(), Expect::Pass));
            mutate::mutate(&mut case, &mut Unstructured::new(&step), &Sites::default());
            assert_valid(&case, &format!("a mutation of\n{before}\nwhich is"));
            assert!(case.expect.is_none() && case.others.is_empty(), "a verdict was kept");
            assert_repair_changes_nothing(&case);
        }
    }

    #[test]
    fn a_crossing_is_valid(seeds in vec(any::<u64>(), 3)) {
        let [mut a, mut b] = [seeds[0], seeds[1]].map(|seed| generated(&Stream(seed).bytes()));
        let mut stream = Stream(seeds[2]);
        for _ in 0..20 {
            let bytes = stream.bytes();
            let u = &mut Unstructured::new(&bytes);
            mutate::mutate(&mut a, u, &Sites::default());
            mutate::mutate(&mut b, u, &Sites::default());
            let child = mutate::crossover(&a, &b, u);
            assert_valid(&child, "a crossing");
            a = std::mem::replace(&mut b, child);
        }
    }

    #[test]
    fn renumbering_changes_names_only(seed: u64) {
        let case = generated(&Stream(seed).bytes());
        let mut numbered = case.clone();
        mutate::renumber(&mut numbered);
        assert_valid(&numbered, "a numbered case");
        let mut again = numbered.clone();
        mutate::renumber(&mut again);
        assert_eq!(again, numbered, "numbering twice");
        let shape = |case: &Case| case.to_string().replace(|c: char| c.is_ascii_digit(), "");
        assert_eq!(shape(&numbered), shape(&case));
    }

    #[test]
    fn merging_sharers_leaves_a_valid_case(seed: u64) {
        let case = generated(&Stream(seed).bytes());
        for sharer in (0..case.processes.len()).filter(|&p| case.processes[p].shares.is_some()) {
            let mut merged = case.clone();
            mutate::merge_sharer(&mut merged, sharer);
            assert_eq!(merged.processes.len() + 1, case.processes.len());
            mutate::repair(&mut merged);
            assert_valid(&merged, "a case with a sharer less");
        }
    }

    #[test]
    fn repair_makes_anything_valid(seeds in vec(any::<u64>(), 2)) {
        let mut case = generated(&Stream(seeds[0]).bytes());
        spoil(&mut case, &mut Stream(seeds[1]));
        let spoiled = format!("{case:?}");
        let processes = case.processes.len().clamp(1, limit::PROCESSES);
        mutate::repair(&mut case);
        // It gives up on a whole case only where the checker knows a rule that it does not.
        assert_eq!(case.processes.len(), processes, "repair gave up on {spoiled}");
        assert_valid(&case, &format!("the repair of {spoiled}"));
        assert_repair_changes_nothing(&case);
    }
}

const REPAIRED: &str = "mmreap case 1
# kept
kernel v4.14

process p1
  vma v1 anon 4 pages
  aio c1
  thread t1: write v1; io_submit c1 never; vfork p2; wait p2

process p2 parent p1
  thread t1: read v1; exit

kthread k1
  thread t1: use_mm p1; copy_from_user p1 v1; unuse_mm; alloc 2

fault failslab task-filter p1/c1#1

schedule pos seed 7
  run p1 until exit_mm
  run p1/c1#1
  run k1
";

/// What repair takes away, and what it leaves: lines of the second text that are not in the first
/// would show as well.
#[test]
fn repair_drops_what_does_not_resolve_and_no_more() {
    let text = REPAIRED;
    let case = parse(text).expect("the text is valid");
    assert_repair_changes_nothing(&case);

    let mut without_vma = case.clone();
    without_vma.processes[0].vmas.clear();
    let expected = text
        .replace("  vma v1 anon 4 pages\n", "")
        .replace("write v1; ", "")
        .replace("read v1; ", "")
        .replace("copy_from_user p1 v1; ", "");
    assert_repairs_to(without_vma, &expected);

    let mut without_submit = case.clone();
    without_submit.processes[0].threads[0].operations.remove(1);
    let expected = text
        .replace("io_submit c1 never; ", "")
        .replace(" task-filter p1/c1#1", "")
        .replace("  run p1/c1#1\n", "");
    assert_repairs_to(without_submit, &expected);

    let mut without_borrower = case.clone();
    without_borrower.processes[2].threads[0].operations.remove(0);
    let expected = text.replace("use_mm p1; copy_from_user p1 v1; unuse_mm; ", "");
    assert_repairs_to(without_borrower, &expected);

    let mut without_child = case;
    without_child.processes.remove(1);
    let expected = text
        .replace("; vfork p2; wait p2", "")
        .replace("process p2 parent p1\n  thread t1: read v1; exit\n\n", "");
    assert_repairs_to(without_child, &expected);
}

/// Two processes that start each other by `vfork` have no address space between them.
#[test]
fn repair_breaks_a_cycle_of_vforks() {
    let text = "mmreap case 1\nkernel v4.14\n\nprocess p1 parent p2\n  thread t1: vfork p2\n\n\
                process p2 parent p1\n  thread t1: free\n\nschedule pos seed 7\n";
    let mut case = parse(text).expect("half a cycle is none");
    case.processes[1].threads[0].operations.push(VFORK.of([Argument::process("p1")]));
    assert_repairs_to(case, text);
}

#[track_caller]
fn assert_repairs_to(mut case: Case, expected: &str) {
    mutate::repair(&mut case);
    assert_eq!(case.to_string(), expected);
}

#[test]
fn no_bytes_give_the_smallest_case() {
    let case = generated(&[]);
    assert_valid(&case, "the case of no bytes");
    assert_eq!((case.processes.len(), case.faults.len()), (1, 0));
    assert_eq!(operations(&case).count(), 1);
}

#[test]
fn no_bytes_are_enough_to_mutate_and_cross() {
    let mut case = generated(&[]);
    mutate::mutate(&mut case, &mut Unstructured::new(&[]), &Sites::default());
    assert_valid(&case, "a mutation");
    let child = mutate::crossover(&case, &generated(&[]), &mut Unstructured::new(&[]));
    assert_valid(&child, "a crossing");
}

/// Seeds tell the parents' parts apart: names may be replaced, the allocations stay.
#[test]
fn a_crossing_has_parts_of_both() {
    let parent = |pages| {
        let operations = format!("alloc {pages}; alloc {pages}");
        let process = |name| format!("process {name}\n  thread t1: {operations}\n");
        let text = format!("mmreap case 1\nkernel v4.14\n{}{}", process("p1"), process("p2"));
        parse(&text).expect("the text is valid")
    };
    let (a, b) = (parent(101), parent(102));
    let mut stream = Stream(5);
    let of_both = (0..200).filter(|_| {
        let child = mutate::crossover(&a, &b, &mut Unstructured::new(&stream.bytes()));
        [101, 102]
            .iter()
            .all(|pages| operations(&child).any(|it| *it == ALLOC.of([Argument::Pages(*pages)])))
    });
    // Three of four crossings move at least one process, the others a thread with 3 in 4.
    let count = of_both.count();
    assert!(count > 150, "{count} of 200 crossings have parts of both");
}

/// A name that is taken is replaced wherever it occurs: the moved processes keep their relations.
#[test]
fn a_crossing_keeps_relations() {
    let a = parse("mmreap case 1\nkernel v4.14\nprocess p1\n  thread t1: free\n");
    let b = "mmreap case 1\nkernel v4.14\nprocess p1\n  vma v1 anon 1 page\n  thread t1: free\n\
             process p2 shares p1 adj 7\n  thread t1: write v1; kill p1\n";
    let (a, b) = (a.expect("valid"), parse(b).expect("valid"));
    let mut stream = Stream(6);
    let mut moved = 0;
    for _ in 0..200 {
        let child = mutate::crossover(&a, &b, &mut Unstructured::new(&stream.bytes()));
        for sharer in child.processes.iter().filter(|it| it.adj == 7) {
            let owner = sharer.shares.clone().expect("its owner moves as well");
            let expected = [WRITE.of([Argument::vma("v1")]), KILL.of([Argument::Process(owner)])];
            assert_eq!(sharer.threads[0].operations, expected, "{child}");
            moved += 1;
        }
    }
    assert!(moved > 50, "the sharer moved in {moved} of 200 crossings");
}
