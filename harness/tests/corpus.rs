//! The corpus is what the project promises to find and not to find: every case fails and passes exactly
//! where it says, for ever.

use mmreap::revision;
use mmreap_harness::campaign::verdict;
use mmreap_harness::case::Expect;
use mmreap_harness::corpus;
use mmreap_harness::run::Runner;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let files = corpus::list(&directory).expect("the corpus can be listed");
    assert!(files.len() >= 14, "the corpus holds every bug found so far");
    files
}

#[test]
fn every_case_has_its_verdict_on_every_release() {
    let mut runner = Runner::new();
    for path in files() {
        let case = corpus::load(&path).unwrap();
        let own =
            (case.kernel.clone(), case.expect.clone().expect("a corpus case expects something"));
        for (kernel, expected) in std::iter::once(own).chain(case.others.clone()) {
            let revision = revision::find(&kernel).expect("the corpus names known kernels");
            let actual = verdict(&mut runner, &case, revision);
            assert_eq!(actual, expected, "{} on {kernel}", path.display());
        }
    }
}

#[test]
fn every_release_has_a_verdict_in_every_case() {
    for path in files() {
        let case = corpus::load(&path).unwrap();
        let stated: BTreeSet<_> = case.others.iter().map(|(kernel, _)| &**kernel).collect();
        for release in revision::RELEASES {
            let known = case.kernel == release.name || stated.contains(release.name);
            assert!(known, "{} says nothing of {}", path.display(), release.name);
        }
    }
}

#[test]
fn segments_of_the_corpus_can_be_followed_where_the_case_fails() {
    let mut runner = Runner::new();
    for path in files() {
        let case = corpus::load(&path).unwrap();
        let revision = revision::find(&case.kernel).unwrap();
        let divergences = runner.run_case(&case, revision).divergences.lenient;
        assert_eq!(divergences, [], "{}", path.display());
    }
}

#[test]
fn files_are_canonical_and_named_after_their_failure() {
    for path in files() {
        let case = corpus::load(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(case.to_string(), text, "{}", path.display());
        let Some(Expect::Fail(signature)) = &case.expect else { panic!("{}", path.display()) };
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(corpus::file_name(&case, signature), name);
    }
}
