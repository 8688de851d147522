//! Interleaving coverage: what makes two runs differ, and what does not.

mod common;

use common::{case, kernel};
use mmreap_harness::campaign::Campaign;
use mmreap_harness::case::mutate::{Sites, mutate};
use mmreap_harness::coverage::{Coverage, Feature, Map, Tracer, add_sites, stable_hash};
use mmreap_harness::run::Runner;
use std::collections::BTreeSet;

/// A killer, a victim and the reaper; the schedule is for the test to say.
const RACE: &str = "
kernel v4.15
process victim
  vma heap anon 2 pages
  thread main: write heap
process reader adj -1000
  thread main: get_task_mm victim; mmput
kthread killer
  thread main: sysrq_f
";

fn features(text: &str) -> Map {
    let case = case(text);
    let (mut runner, mut map) = (Runner::watching(), Map::default());
    let run = runner.run_case(&case, kernel(&case.kernel));
    assert_eq!(run.divergences.lenient, [], "{case}");
    let add = |feature| {
        let (Feature::Single(number) | Feature::Sequence(number)) = feature;
        map.add(number);
    };
    Tracer::default().trace(run.watched(), run.world(), add);
    map
}

fn is_subset(one: &Map, other: &Map) -> bool {
    let mut both = other.clone();
    both.merge(one);
    both == *other
}

#[test]
fn the_same_run_has_the_same_features() {
    let text = format!("{RACE}schedule pos seed 3\n");
    let first = features(&text);
    assert!(first.count() > 50, "only {} features", first.count());
    assert!(first == features(&text));
}

/// Where pairs come one after the other is no news by itself: a case is kept for what it shows of its own.
#[test]
fn sequences_have_a_worth_and_are_no_news() {
    let case = case(&format!("{RACE}schedule pos seed 3\n"));
    let run = Runner::watching().run_case(&case, kernel("v4.15"));
    let (mut singles, mut sequences) = (BTreeSet::new(), BTreeSet::new());
    Tracer::default().trace(run.watched(), run.world(), |feature| match feature {
        Feature::Single(number) => _ = singles.insert(number),
        Feature::Sequence(number) => _ = sequences.insert(number),
    });
    let shown = Coverage::default().observe(&run);
    assert_eq!(shown.new, singles.len() as u32);
    assert_eq!(shown.worth, singles.union(&sequences).count() as f64);
    assert!(!sequences.is_subset(&singles));
}

/// The reader's reference is dropped before the kill, or after it.
#[test]
fn another_order_has_other_features() {
    let early = features(&format!("{RACE}schedule in_order\n  run reader\n  run killer\n"));
    let late = features(&format!("{RACE}schedule in_order\n  run killer\n  run reader\n"));
    assert!(!is_subset(&early, &late) && !is_subset(&late, &early));
}

/// Names of processes, threads and mappings are the case's, not the race's.
#[test]
fn other_names_have_the_same_features() {
    let schedule = "schedule in_order\n  run reader\n  run killer\n";
    let renamed = [("victim", "p7"), ("reader", "other"), ("killer", "k"), ("heap", "v1")];
    let text = format!("{RACE}{schedule}");
    let other = renamed.iter().fold(text.clone(), |text, (old, new)| text.replace(old, new));
    assert!(features(&text) == features(&other));
}

/// A fault that strikes is a feature also where nobody is in the way of anybody.
#[test]
fn a_fault_is_a_feature() {
    let alone = "kernel v4.15\nprocess p1\n  vma v1 anon 1 page\n  thread t1: write_file v1\n";
    let (plain, struck) = (features(alone), features(&format!("{alone}fault fail_usercopy\n")));
    assert!(!is_subset(&struck, &plain));
}

/// Maps and file names are stored, so hashes must not depend on the process, the build or the machine. These
/// are the published values for FNV-1a.
#[test]
fn hashes_are_what_they_were() {
    assert_eq!(stable_hash([]), 0xcbf2_9ce4_8422_2325);
    assert_eq!(stable_hash(*b"a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(stable_hash(*b"foobar"), 0x8594_4171_f739_67e8);
}

#[test]
fn nothing_is_new_twice() {
    let case = case(&format!("{RACE}schedule pos seed 3\n"));
    let (mut runner, mut coverage) = (Runner::watching(), Coverage::default());
    let mut observe = || coverage.observe(&runner.run_case(&case, kernel("v4.15"))).new;
    assert!(observe() > 0);
    assert_eq!(observe(), 0);
}

/// New segments stop tasks where they have been seen, and nowhere else.
#[test]
fn segments_stop_where_tasks_have_been() {
    let original = case(&format!("{RACE}schedule pos seed 3\n"));
    let mut sites = Sites::default();
    add_sites(Runner::new().run_case(&original, kernel("v4.15")).world(), &mut sites);
    let mut stops = 0;
    for seed in 0..20_000u16 {
        let [low, high] = seed.to_le_bytes();
        let bytes: Vec<u8> = (0..64).map(|i| stable_hash([low, high, i]) as u8).collect();
        let mut changed = original.clone();
        mutate(&mut changed, &mut arbitrary::Unstructured::new(&bytes), &sites);
        for segment in &changed.schedule.segments {
            let Some(stop) = &segment.until else { continue };
            assert!(sites.of(&segment.task).contains(&stop.site), "{changed}");
            stops += 1;
        }
    }
    assert!(stops > 20, "{stops} of 20,000 changes made a segment that stops somewhere");
}

/// Coverage keeps what shows something new; without it everything is as good as anything.
#[test]
fn a_guided_campaign_keeps_fewer_cases_than_it_tries() {
    let mut campaign = Campaign::new(kernel("v4.15"), 1);
    while campaign.totals.runs < 3000 {
        campaign.step();
    }
    let kept = campaign.take_kept();
    assert!(!kept.is_empty() && (kept.len() as u64) < campaign.totals.cases);
    let mut again = Campaign::new(kernel("v4.15"), 2);
    kept.iter().for_each(|case| _ = again.adopt(case.clone()));
    // What was kept of a case is one run, which shows again what it showed.
    let [kept, all] = [&again, &campaign].map(|campaign| campaign.map().unwrap());
    assert!(is_subset(kept, all));
    assert!(kept.count() > all.count() / 8, "{} of {}", kept.count(), all.count());
    let mut blind = Campaign::blind(kernel("v4.15"), 1);
    (0..20).for_each(|_| drop(blind.step()));
    assert!(blind.map().is_none() && blind.take_kept().is_empty());
}

/// A failure does not end the schedules of a case, which may fail in another way, too.
#[test]
fn a_failure_does_not_hide_another() {
    let mut campaign = Campaign::new(kernel("v4.14"), 1);
    let mut behind = 0;
    while campaign.totals.runs < 3000 {
        if campaign.step().is_none() {
            continue;
        }
        let before = campaign.totals;
        campaign.step();
        // Unless the run that failed was the last of its case anyway.
        if campaign.totals.cases == before.cases {
            behind += campaign.totals.runs - before.runs;
        }
    }
    assert!(behind > 0, "nothing ran behind a failure");
}
