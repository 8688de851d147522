//! What schedules that are written by names survive, and what strict following demands.

use arbitrary::Unstructured;
use mmreap::release::RELEASES;
use mmreap::revision::Revision;
use mmreap::sync::point::ExtraPoints;
use mmreap::trace::{Event, EventKind};
use mmreap::world::World;
use mmreap_harness::campaign::Campaign;
use mmreap_harness::case::{Case, Segment, Stop, generate};
use mmreap_harness::corpus;
use mmreap_harness::deadline::Deadline;
use mmreap_harness::kernel;
use mmreap_harness::replay::diverged;
use mmreap_harness::run::Runner;
use mmreap_harness::schedule::follow::{Divergences, Obstacle};
use mmreap_harness::schedule::in_order::IN_ORDER;
use mmreap_harness::schedule::random::RANDOM;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::path::Path;

/// Both ways to have more scheduling points than the protocol.
const EXTRA: [ExtraPoints; 2] = [ExtraPoints::Repeated, ExtraPoints::Inserted];

fn kernel(case: &Case) -> &'static Revision {
    kernel::find(&case.kernel).expect("a case names a kernel that exists")
}

fn cases_of_the_corpus() -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let files = corpus::list(&directory).expect("the corpus can be listed");
    files.iter().map(|file| corpus::load(file).expect("the corpus can be read")).collect()
}

/// Cases in which every release shows something, and more than enough.
const CASES: u64 = 10_000;

/// The first failure of a campaign with each seed, minimised.
fn found(seeds: std::ops::Range<u64>) -> Vec<Case> {
    let find = |seed: u64| {
        let kernel = RELEASES[seed as usize % RELEASES.len()];
        let mut campaign = Campaign::new(kernel, seed);
        let found = (0..CASES).find_map(|_| campaign.step()).expect("every release fails");
        campaign.finish(&found, Deadline::default()).case
    };
    seeds.map(find).collect()
}

/// A generated case under a random walk.
fn generated(seed: u64) -> Case {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut bytes = [0; 512];
    rng.fill_bytes(&mut bytes);
    let mut case = generate::case(&mut Unstructured::new(&bytes), "v4.14");
    case.schedule.strategy = RANDOM.of(&[seed]);
    case
}

/// The generated case with every turn of its walk written down by names.
fn written_out(case: &Case) -> Case {
    let mut named = case.clone();
    named.schedule.strategy = IN_ORDER.of(&[]);
    named.schedule.segments = Runner::new().record(case, kernel(case)).segments();
    named
}

/// What happens, without the number of decisions, and where the schedule could not be followed.
fn run(case: &Case, extra: ExtraPoints) -> (Vec<Event>, Divergences) {
    let run = Runner::with_extra_points(extra).run_case(case, kernel(case));
    let without_step = |event: &Event| Event { step: 0, ..*event };
    (run.world().log.iter().map(without_step).collect(), run.divergences)
}

/// 100 of 100 failures did when this was written; four keep the test short.
#[test]
fn minimised_failures_survive_more_scheduling_points() {
    for case in cases_of_the_corpus().iter().chain(&found(0..4)) {
        for extra in EXTRA {
            let run = Runner::with_extra_points(extra).run_case(case, kernel(case));
            let signature = run.failure.map(|failure| failure.signature);
            assert_eq!(signature.as_ref(), corpus::expected(case), "{extra:?}\n{case}");
        }
    }
}

#[test]
fn extra_points_are_there() {
    for case in cases_of_the_corpus() {
        let steps = |extra| Runner::with_extra_points(extra).run_case(&case, kernel(&case)).steps;
        for extra in EXTRA {
            let (few, many) = (steps(ExtraPoints::None), steps(extra));
            assert!(many > few + few / 2, "{few} and {many} decisions");
        }
    }
}

#[test]
fn what_is_written_out_is_followed_strictly_to_the_same_end() {
    for seed in 0..300 {
        let case = generated(seed);
        let (walked, _) = run(&case, ExtraPoints::None);
        let named = written_out(&case);
        let (followed, divergences) = run(&named, ExtraPoints::None);
        assert_eq!(divergences, Divergences::default(), "{named}");
        assert!(walked == followed, "{named}");
    }
}

#[test]
fn what_is_written_out_survives_more_scheduling_points() {
    for seed in 0..300 {
        let named = written_out(&generated(seed));
        let (events, _) = run(&named, ExtraPoints::None);
        for extra in EXTRA {
            let (more, divergences) = run(&named, extra);
            assert_eq!(divergences, Divergences::default(), "{extra:?}\n{named}");
            assert!(more == events, "{extra:?}\n{named}");
        }
    }
}

/// Every function and operation by which the tasks of a run came.
fn places(w: &World) -> BTreeSet<(String, String)> {
    let name = |event: &Event| w.threads()[event.thread.index()].name.clone();
    let place = |event: &Event| match event.kind {
        EventKind::Enter => event.site.function().to_string(),
        _ => event.site.to_string(),
    };
    let begun = w.log.iter().filter(|event| event.step > 0 && event.thread.index() > 0);
    begun.map(|event| (name(event), place(event))).collect()
}

#[test]
fn more_scheduling_points_do_not_change_which_arrival_is_the_nth() {
    let mut stops = 0;
    for mut case in cases_of_the_corpus() {
        let places = places(Runner::new().run_case(&case, kernel(&case)).world());
        for ((task, site), nth) in places.into_iter().flat_map(|it| [(it.clone(), 2), (it, 3)]) {
            let until = Some(Stop { site, nth });
            case.schedule.segments = vec![Segment { task, until }];
            let (events, divergences) = run(&case, ExtraPoints::None);
            stops += usize::from(divergences.lenient.is_empty());
            for extra in EXTRA {
                let (more, also) = run(&case, extra);
                assert_eq!(also, divergences, "{extra:?}\n{case}");
                assert!(more == events, "{extra:?}\n{case}");
            }
        }
    }
    assert!(stops > 300, "only {stops} places were come to");
}

/// The code changed a name: whatever comes of it, the line is reported, and the name it has now.
#[test]
fn a_renamed_place_is_always_reported() {
    let (mut all, mut guessed) = (0, 0);
    for case in cases_of_the_corpus() {
        for segment in 0..case.schedule.segments.len() {
            let mut changed = case.clone();
            let Some(stop) = &mut changed.schedule.segments[segment].until else { continue };
            let now = stop.site.clone();
            stop.site += "_";
            let (_, divergences) = run(&changed, ExtraPoints::None);
            let first = divergences.first(false).expect("it is reported");
            assert_eq!(first.segment, segment, "{changed}");
            assert!(matches!(first.reason, Obstacle::Ended(0) | Obstacle::NotReached(0)));
            let problem = diverged(&mut Runner::new(), &changed, kernel(&case), first);
            all += 1;
            let guess = format!("did you mean `{now}`?");
            guessed += usize::from(problem.help == Some(guess));
        }
    }
    assert_eq!(all, guessed);
}
