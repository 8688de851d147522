//! The corpus is what the project promises to find and not to find: every case fails and passes exactly
//! where it says, for ever.

use mmreap::release::RELEASES;
use mmreap_harness::case::{Case, Expect, Signature};
use mmreap_harness::corpus::change::Change;
use mmreap_harness::corpus::check::check;
use mmreap_harness::corpus::rename::rename;
use mmreap_harness::corpus::{self, CaseFile};
use mmreap_harness::kernel;
use mmreap_harness::replay::replay;
use mmreap_harness::run::Runner;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let files = corpus::list(&directory).expect("the corpus can be listed");
    assert!(files.len() >= 14, "the corpus holds every bug found so far");
    files
}

/// Verdicts on every kernel that a case names, schedules that can be followed, canonical texts, names that say
/// what is in the file, and no failure twice.
#[test]
fn the_corpus_is_in_order() {
    let files: Vec<_> = files().iter().map(|path| CaseFile::read(path).unwrap()).collect();
    let complaints = check(&mut Runner::new(), &files);
    let texts: Vec<_> = complaints.iter().map(|complaint| complaint.render(false)).collect();
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
}

#[test]
fn every_schedule_is_followed_strictly() {
    let mut runner = Runner::new();
    for path in files() {
        let case = corpus::load(&path).unwrap();
        let replay = replay(&mut runner, &case, kernel::find(&case.kernel).unwrap());
        assert_eq!(replay.run.divergences.first(true), None, "{}", path.display());
    }
}

#[test]
fn every_release_has_a_verdict_in_every_case() {
    for path in files() {
        let case = corpus::load(&path).unwrap();
        let stated: BTreeSet<_> = case.others.iter().map(|(kernel, _)| &**kernel).collect();
        for release in RELEASES {
            let known = case.kernel == release.name || stated.contains(release.name);
            assert!(known, "{} says nothing of {}", path.display(), release.name);
        }
    }
}

/// `mmput` and `__mmput` are the same in a name, and what somebody else wrote is nobody's to replace.
#[test]
fn no_failure_takes_the_place_of_another() {
    let directory = tempfile::tempdir().unwrap();
    let case = corpus::load(&files()[0]).unwrap();
    let put = |function: &str| {
        let sites = vec![function.to_string()];
        let signature = Signature { oracle: "O-MM-UAF".into(), object: "mm".into(), sites };
        let path = corpus::place(directory.path(), &case, &signature);
        let case = Case { expect: Some(Expect::Fail(signature)), ..case.clone() };
        corpus::write(&path, &case.to_string()).unwrap();
        path.file_name().unwrap().to_string_lossy().into_owned()
    };
    let names = [put("mmput"), put("__mmput"), put("mmput"), put("__mmput")];
    let [one, other] =
        ["", "-2"].map(|end| format!("{}-o_mm_uaf-mm-mmput{end}.mmreap", case.kernel));
    assert_eq!(names, [&one, &other, &one, &other].map(String::as_str));
    std::fs::write(directory.path().join(&one), "somebody's").unwrap();
    assert_eq!(put("mmput"), one.replace(".mmreap", "-3.mmreap"));
}

#[test]
fn a_name_that_was_taken_meanwhile_is_not_given() {
    let directory = tempfile::tempdir().unwrap();
    let old = directory.path().join("old.mmreap");
    std::fs::copy(&files()[0], &old).unwrap();
    let plan = rename(&[CaseFile::read(&old).unwrap()]);
    let [Change::Rename { to, .. }] = &plan.changes[..] else { panic!("{plan:?}") };
    std::fs::write(to, "somebody's").unwrap();
    assert!(plan.changes[0].apply().is_err());
    assert_eq!(std::fs::read_to_string(to).unwrap(), "somebody's");
    assert!(old.exists());
    std::fs::remove_file(to).unwrap();
    plan.changes[0].apply().unwrap();
    assert_eq!(std::fs::read(to).unwrap(), std::fs::read(&files()[0]).unwrap());
    assert!(!old.exists());
}
