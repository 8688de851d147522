//! Laws that hold for every case: a run can be written down by names and run again, minimising comes to
//! rest, a campaign follows from its seed, and taking one fault away leaves the others alone.
//!
//! Cases are generated from numbers, so that a failure of a law names the number that shows it.

mod common;

use common::{case, kernel};
use mmreap::inject::Fault;
use mmreap::sync::thread::Tid;
use mmreap::trace::EventKind;
use mmreap_harness::campaign::{Campaign, Found};
use mmreap_harness::case::{Case, FaultPoint, Signature, generate, mutate};
use mmreap_harness::corpus;
use mmreap_harness::explain::log;
use mmreap_harness::kernel;
use mmreap_harness::minimize::{Budget, Certificate, Measure, measure, minimize};
use mmreap_harness::oracle::Failure;
use mmreap_harness::prove::{Options, Verdict, prove};
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::derive_seed;
use mmreap_harness::schedule::in_order::IN_ORDER;
use mmreap_harness::schedule::pct::PCT;
use mmreap_harness::schedule::portfolio::Portfolio;
use mmreap_harness::schedule::pos::POS;
use mmreap_harness::schedule::random::RANDOM;
use std::path::Path;

/// The case of a number, on one of all revisions, with one of all strategies.
fn generated(number: u64) -> Case {
    let bytes: Vec<u8> = (0..64).flat_map(|i| derive_seed(number, i).to_le_bytes()).collect();
    let kernels: Vec<&str> = kernel::all().map(|revision| revision.name).collect();
    let name = kernels[number as usize % kernels.len()];
    let mut case = generate::case(&mut arbitrary::Unstructured::new(&bytes), name);
    let seed = derive_seed(number, 99);
    case.schedule.strategy = match derive_seed(number, 100) % 3 {
        0 => POS.of(&[seed]),
        1 => PCT.of(&[seed, 3]),
        _ => RANDOM.of(&[seed]),
    };
    case
}

/// The log of the run of a case whose schedule can be followed.
fn log_of(runner: &mut Runner, case: &Case) -> String {
    let run = runner.run_case(case, kernel(&case.kernel));
    assert_eq!(run.divergences.lenient, [], "{case}");
    log(run.world())
}

/// Other numbers for the names of all processes but init, who is somebody.
fn rename_all(case: &mut Case) {
    for place in (0..case.processes.len()).rev() {
        let prefix = case.processes[place].name.trim_end_matches(char::is_numeric).to_string();
        if prefix != "init" {
            mutate::rename_process(case, place, &prefix);
        }
    }
}

fn without_digits(log: &str) -> String {
    log.replace(|c: char| c.is_ascii_digit(), "")
}

#[test]
fn a_run_written_by_names_is_the_same_run() {
    let mut runner = Runner::new();
    for number in 0..600 {
        let mut case = generated(number);
        let run = runner.record(&case, kernel(&case.kernel));
        let recorded = log(run.world());
        case.schedule.segments = run.segments();
        let by_chance = case.faults.iter().any(|fault| fault.probability < 100);
        if !by_chance {
            case.schedule.strategy = IN_ORDER.of(&[]);
        }
        assert!(log_of(&mut runner, &case) == recorded, "number {number}:\n{case}");
        if !by_chance {
            // Chance goes by names; nothing else does.
            let mut other = case.clone();
            rename_all(&mut other);
            mutate::renumber(&mut other);
            let renamed = log_of(&mut runner, &other);
            assert_eq!(without_digits(&renamed), without_digits(&recorded), "number {number}");
        }
    }
}

/// New failures of a campaign on so many cases.
fn finds(name: &str, seed: u64, cases: u64) -> Vec<Found> {
    let mut campaign = Campaign::new(kernel(name), seed);
    (0..cases).filter_map(|_| campaign.step()).collect()
}

fn size(runner: &mut Runner, case: &Case) -> Measure {
    measure(runner, case, kernel(&case.kernel))
}

fn minimized(runner: &mut Runner, case: &Case, found: &Found) -> Case {
    let signature = &found.failure.signature;
    let small =
        minimize(runner, case, kernel(&case.kernel), signature, &Budget::default(), &mut |_| ());
    let small = small.unwrap_or_else(|| panic!("{signature} does not show again:\n{case}")).case;
    let failure = runner.run_case(&small, kernel(&case.kernel)).failure;
    assert_eq!(failure.map(|failure| failure.signature).as_ref(), Some(signature), "{small}");
    small
}

/// Failures of the queue are left out: they need ten times as long.
#[test]
fn minimizing_keeps_the_signature_and_comes_to_rest() {
    let mut runner = Runner::new();
    let kernels = ["v4.9", "v4.13", "v4.14", "v4.15", "v4.13+M01", "v4.15+M04"];
    let all = kernels.iter().flat_map(|name| {
        let quick = |found: &Found| found.failure.signature.oracle != "O-LIST";
        finds(name, 1, 300).into_iter().filter(quick).take(2)
    });
    let mut count = 0;
    for found in all {
        let small = minimized(&mut runner, &found.case, &found);
        assert!(size(&mut runner, &small) < size(&mut runner, &found.case), "{small}");
        assert_eq!(size(&mut runner, &small).open, 0, "others run without being named:\n{small}");
        let again = minimized(&mut runner, &small, &found);
        assert!(again == small, "{small}\nis not minimal:\n{again}");
        assert!(
            certificate(&mut runner, &small, &found.failure.signature) != Some(false),
            "{small}"
        );
        count += 1;
    }
    assert!(count >= 10, "only {count} failures");
}

/// The corpus is what minimising makes of it: whoever improves the one has to run `mmreap minimize` on the other.
#[test]
fn minimizing_the_corpus_changes_nothing() {
    let mut runner = Runner::new();
    for (file, case) in corpus_cases() {
        let signature = corpus::expected(&case).expect("the corpus fails").clone();
        let small = minimize(
            &mut runner,
            &case,
            kernel(&case.kernel),
            &signature,
            &Budget::default(),
            &mut |_| (),
        );
        let small = small.unwrap_or_else(|| panic!("{file} does not fail")).case;
        assert!(small == case, "{file} can be smaller:\n{small}");
    }
}

/// The names of the files, and the cases in them.
fn corpus_cases() -> Vec<(String, Case)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let files = corpus::list(&directory).expect("the corpus can be listed").into_iter();
    let load = |file: &Path| corpus::load(file).expect("the corpus can be read");
    files.map(|file| (file.display().to_string(), load(&file))).collect()
}

/// Runs in which a case shows what it can, and more than enough.
const RUNS: u64 = 100_000;

fn first_failure(case: &Case, seed: u64, wanted: &str) -> Found {
    let (mut runner, mut portfolio) = (Runner::new(), Portfolio::new(seed));
    let mut case = case.clone();
    for run in 0..RUNS {
        case.schedule.strategy = portfolio.next(seed, run);
        let failure = runner.run_case(&case, kernel(&case.kernel)).failure;
        let is_wanted = |f: &Failure| f.signature.to_string().starts_with(wanted);
        if let Some(failure) = failure.filter(is_wanted) {
            return Found { case, failure };
        }
    }
    panic!("no {wanted} in {RUNS} runs of\n{case}")
}

/// A case that fails in four ways: whichever it is, minimising does not slip into another, and what it met of
/// the others is kept and fails again.
#[test]
fn minimizing_does_not_mix_up_failures() {
    let case = case(
        "kernel v4.15+M04
         machine frames 24 min 1 high 2 time any empty_pmd good
         process victim adj 500
           vma plain anon 2 pages
           vma locked anon 4 pages locked huge
           thread main:
         process bystander
           vma heap anon 4 pages
           thread main:
         process hog adj -1000
           thread main: alloc 16
        ",
    );
    let mut met = 0;
    for wanted in ["O-PT-UAF page_table __oom", "O-PT-UAF page_table exit", "O-SPUR", "O-VMA-UAF"] {
        let found = first_failure(&case, 1, wanted);
        let mut runner = Runner::new();
        let (revision, signature) = (kernel(&case.kernel), &found.failure.signature);
        let small = minimize(
            &mut runner,
            &found.case,
            revision,
            signature,
            &Budget::default(),
            &mut |_| (),
        );
        let small = small.expect("it fails");
        assert!(small.measure < size(&mut runner, &found.case), "{}", small.case);
        let failure = runner.run_case(&small.case, revision).failure;
        assert_eq!(failure.map(|it| it.signature).as_ref(), Some(signature), "{}", small.case);
        met += small.others.len();
        for (other, (case, _)) in small.others {
            let failure = runner.run_case(&case, revision).failure;
            assert_eq!(failure.map(|it| it.signature), Some(other), "{case}");
        }
    }
    assert!(met > 0, "no other failure was met");
}

/// Whether the prover says the same as the certificate of a minimal case; `None` if that left something open.
fn certificate(runner: &mut Runner, case: &Case, signature: &Signature) -> Option<bool> {
    let (_, said) = Certificate::noted(case).expect("the case is minimal");
    let preemptions = size(runner, case).preemptions;
    let number = said.split(' ').next().and_then(|word| word.parse().ok());
    assert_eq!(number.unwrap_or(0), preemptions, "{case}");
    let least = preemptions.checked_sub(1).filter(|_| said.contains("no schedule with fewer"))?;
    let (preemptions, wanted) = (Some(least as u32), Some(signature.clone()));
    let options = Options { preemptions, wanted, ..Options::default() };
    let proof = prove(case, kernel(&case.kernel), &options, &|_| true).expect("few threads");
    Some(matches!(proof.verdict, Verdict::Clean))
}

#[test]
fn certificates_of_the_corpus_hold() {
    let (mut runner, mut all) = (Runner::new(), 0);
    for (file, case) in corpus_cases() {
        let signature = corpus::expected(&case).expect("the corpus fails");
        if let Some(holds) = certificate(&mut runner, &case, signature) {
            assert!(holds, "{file}");
            all += 1;
        }
    }
    assert!(all >= 8, "only {all} certificates");
}

/// Memory is short only because a fault says so, by chance, which the case has to keep.
#[test]
fn minimizing_keeps_faults_by_chance() {
    let case = case(
        "kernel v4.15+M04
         machine time any
         process victim
           vma heap anon 2 pages
           thread main:
         process hog adj -1000
           thread main: alloc 12
         fault fail_page_alloc probability 60 task-filter hog
        ",
    );
    for seed in 0..3 {
        let found = first_failure(&case, 1000 * seed, "O-");
        minimized(&mut Runner::new(), &found.case, &found);
    }
}

/// What a person gets to read about B04: who is killed, who waits for whom, and the two turns that decide.
#[test]
fn minimal_case_fits_on_a_page() {
    let is_b04 = |found: &Found| {
        found.failure.signature.to_string() == "O-PT-UAF page_table __oom_reap_task_mm exit_mmap"
    };
    let found = finds("v4.14", 1, 1500).into_iter().find(is_b04).expect("1500 cases show B04");
    let mut small = minimized(&mut Runner::new(), &found.case, &found);
    small.expect = None;
    let text = small.to_string();
    assert!(text.lines().count() <= 25, "{text}");
    assert!(small.processes.len() <= 3 && small.schedule.segments.len() <= 8, "{text}");
}

#[test]
fn a_campaign_follows_from_its_seed() {
    let campaign = |seed| {
        let mut campaign = Campaign::new(kernel("v4.13"), seed);
        let found: Vec<_> = (0..200).filter_map(|_| campaign.step()).map(|f| f.case).collect();
        (found, campaign.totals, campaign.seen().clone())
    };
    let first = campaign(3);
    assert!(!first.0.is_empty());
    assert!(campaign(3) == first);
    assert!(campaign(4) != first);
}

/// What a campaign hands out fails as it stands, faults included.
#[test]
fn what_was_found_fails_as_it_stands() {
    let mut runner = Runner::new();
    let mut with_faults = 0;
    for (seed, name) in (0..4).flat_map(|seed| [(seed, "v4.9"), (seed, "v4.14")]) {
        for found in finds(name, seed, 200) {
            let failure = runner.run_case(&found.case, kernel(name)).failure;
            assert_eq!(failure.as_ref(), Some(&found.failure), "{}", found.case);
            let by_chance = |f: &&mmreap_harness::case::Fault| f.probability < 100;
            with_faults += found.case.faults.iter().filter(by_chance).count();
        }
    }
    assert!(with_faults > 0, "no case has a fault that strikes by chance");
}

const FAULTY: &str = "
kernel v4.15
process p1
  vma heap anon 8 pages
  thread main: write_file heap; write_file heap; write_file heap; write_file heap
process p2
  vma heap anon 8 pages
  vma late anon 1 page unmapped
  thread main: write_file heap; write_file heap; mmap late; munmap late; write_file heap; mmap late
";

/// For each copy of a page by a thread, in its order: whether the fault struck.
fn strikes(rest: &str, thread: u8) -> Vec<bool> {
    let case = case(&format!("{FAULTY}{rest}"));
    let run = Runner::new().run_case(&case, kernel("v4.15"));
    let copies = run.world().log.iter().filter(|event| event.thread == Tid(thread));
    let struck = copies.filter_map(|event| match event.kind {
        EventKind::Fault if event.site.function() == "copy_from_user" => Some(true),
        EventKind::UserRead { .. } => Some(false),
        _ => None,
    });
    struck.collect()
}

/// The calls of a task that each of the faults lets fail, of a thousand.
fn struck(faults: &str) -> Vec<Vec<u32>> {
    let plan = Plan::new(&case(&format!("{FAULTY}{faults}")));
    let strikes = |fault: &Fault| {
        let strikes = |&call: &u32| (fault.chance)(fault.key, "p1", call) < fault.probability;
        (1..=1000).filter(strikes).collect()
    };
    plan.faults.iter().map(strikes).collect()
}

/// Two independent faults of 50 % agree in 500 of 1000 calls; 100 more or less are six standard deviations.
#[test]
fn faults_at_different_points_do_not_strike_in_lockstep() {
    let equal = "probability 50 interval 2 space 1";
    let faults: Vec<String> =
        FaultPoint::ALL.iter().map(|point| format!("fault {} {equal}\n", point.name())).collect();
    let struck = struck(&faults.concat());
    for (one, a) in struck.iter().enumerate() {
        for (other, b) in struck.iter().enumerate().skip(one + 1) {
            let both = a.iter().filter(|call| b.contains(call)).count();
            let agree = 1000 + 2 * both - a.len() - b.len();
            assert!((400..=600).contains(&agree), "{one} and {other} agree {agree} times");
        }
    }
}

/// Which calls of a task fail is a matter of the fault's knobs and the task alone.
#[test]
fn faults_do_not_depend_on_each_other_or_on_the_schedule() {
    const SLAB: &str = "fault failslab probability 50\n";
    let schedule = |seed: u64| format!("schedule pos seed {seed}\n");
    let usercopy = |percent: u64| format!("fault fail_usercopy probability {percent}\n");
    let mut different = 0;
    for seed in 0..20 {
        let (fault, other) = (usercopy(20 + seed), usercopy(21 + seed));
        for thread in [1, 2] {
            let alone = strikes(&format!("{fault}{}", schedule(seed)), thread);
            let after = strikes(&format!("{SLAB}{fault}{}", schedule(seed)), thread);
            assert_eq!(after, alone, "seed {seed}: another fault before it");
            let order = format!("{fault}{}run p2\nrun p1\n", schedule(seed + 1));
            assert_eq!(strikes(&order, thread), alone, "seed {seed}: another schedule");
            let other = strikes(&format!("{other}{}", schedule(seed)), thread);
            different += usize::from(other != alone);
        }
        let by = |thread| strikes(&format!("{fault}{}", schedule(seed)), thread);
        different += usize::from(by(1) != by(2));
    }
    // Each of the 60 comparisons is of two rows that begin with independent strikes of 20 to 40 %.
    assert!(different > 30, "only {different} of 60 draws are different");
}
