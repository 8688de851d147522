//! A thousand raw failures fall into as many groups as there are bugs.
//!
//! The failures are those of campaigns that look at nothing and minimise nothing, on every release and every
//! mutant of the suite, and those of the corpus, because some bugs are too rare for a short campaign. The table
//! of what belongs to what is checked in; `MMREAP_BLESS=1 cargo test` writes it anew.

mod common;

use common::kernel;
use mmreap::release::RELEASES;
use mmreap_harness::campaign::Campaign;
use mmreap_harness::campaign::suite::SUITE;
use mmreap_harness::case::{Expect, Signature};
use mmreap_harness::corpus;
use mmreap_harness::explain::rules::Group;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Runs of each campaign, those of a mutant that has not shown its bug by then, and raw failures that are enough.
const RUNS: u64 = 6000;
const PATIENCE: u64 = 40_000;
const ENOUGH: u64 = 100;

/// For each group, how many failures, and which signatures.
type Groups = BTreeMap<Group, (u64, BTreeSet<String>)>;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn add(groups: &mut Groups, signature: &Signature, times: u64) {
    let group = groups.entry(Group::of(signature)).or_default();
    group.0 += times;
    group.1.insert(signature.to_string());
}

/// What a campaign on the kernel meets, and, of a mutant, waits for besides what its release has.
fn met(name: &str, release: Option<&Groups>) -> Groups {
    let mut campaign = Campaign::blind(kernel(name), 2);
    loop {
        let groups = groups(&campaign);
        let totals = &campaign.totals;
        let is_all = release.is_none_or(|old| groups.keys().any(|it| !old.contains_key(it)));
        let is_enough = totals.runs >= RUNS || totals.failures >= ENOUGH;
        if is_enough && (is_all || totals.runs >= PATIENCE) {
            return groups;
        }
        campaign.step();
    }
}

fn groups(campaign: &Campaign) -> Groups {
    let mut groups = Groups::new();
    campaign.seen().iter().for_each(|(signature, times)| add(&mut groups, signature, *times));
    groups
}

/// The failures of the corpus on a release.
fn known(name: &str) -> Groups {
    let mut groups = Groups::new();
    for file in corpus::list(&path("../corpus")).expect("the corpus can be listed") {
        let case = corpus::load(&file).expect("the corpus can be read");
        let own = case.expect.iter().map(|expect| (&case.kernel, expect));
        let others = case.others.iter().map(|(kernel, expect)| (kernel, expect));
        for (_, expect) in own.chain(others).filter(|(kernel, _)| *kernel == name) {
            if let Expect::Fail(signature) = expect {
                add(&mut groups, signature, 1);
            }
        }
    }
    groups
}

#[test]
fn raw_failures_fall_into_as_many_groups_as_there_are_bugs() {
    let (mut table, mut failures) = (String::new(), 0);
    let mut of_release = BTreeMap::new();
    let mutants: BTreeSet<_> = SUITE.iter().map(|bug| bug.kernel).collect();
    let mutants = mutants.into_iter().filter(|name| name.contains('+'));
    for name in RELEASES.iter().map(|release| release.name).chain(mutants) {
        let base: Option<&Groups> = name.split_once('+').map(|(base, _)| &of_release[base]);
        let mut groups = met(name, base);
        failures += groups.values().map(|(times, _)| times).sum::<u64>();
        match base {
            Some(base) => {
                groups.retain(|group, _| !base.contains_key(group));
                assert!(groups.len() <= 1, "{name} adds one bug to its release: {groups:#?}");
            }
            None => {
                let mut all = known(name);
                for (group, (_, signatures)) in groups {
                    let entry = all.get_mut(&group);
                    entry.unwrap_or_else(|| panic!("{name}: {group} is new")).1.extend(signatures);
                }
                groups = all;
                of_release.insert(name, groups.clone());
            }
        }
        for (group, (_, signatures)) in &groups {
            writeln!(table, "{name:<10} {group}").expect("a string takes all");
            for signature in signatures {
                writeln!(table, "{:<10}   {signature}", "").expect("a string takes all");
            }
        }
    }
    assert!(failures >= 1000, "only {failures} failures");
    let golden = path("tests/scenarios/groups.txt");
    if std::env::var_os("MMREAP_BLESS").is_some() {
        std::fs::write(&golden, &table).expect("the table can be written");
    }
    let expected = std::fs::read_to_string(&golden).expect("the table is checked in");
    snapbox::assert_data_eq!(table, snapbox::Data::text(expected));
}

/// How many bugs a release has is known from its history, not from the table.
#[test]
fn every_release_has_the_bugs_of_its_history() {
    let bugs = [
        // Zero pages (B06), SKIP too early (B02), the flush (CVE-2017-18202), the queue (9bcdeb51bd7d),
        // follow_page (688272809fcc), locked memory (B47), MMU notifiers (B20), lookup_ioctx (B55), a victim that
        // asks in its slow path, and in its fault handler (0b28179a6138), and what a fault in a file mapping installs
        // around a load without looking.
        ("v4.9", 11),
        // The first is repaired, but not the last, and files are also installed after looking too early.
        ("v4.13", 11),
        // SKIP is true, notifiers are looked at; the wrong victim (B04) and munlock (CVE-2018-1000200) are new.
        ("v4.14", 11),
        // The wrong victim and the flush are repaired.
        ("v4.15", 9),
    ];
    for (name, bugs) in bugs {
        let groups = known(name);
        assert_eq!(groups.len(), bugs, "{name}: {:#?}", groups.keys());
    }
}
