//! Cases that the documents show are complete, and do what they say.

use mmreap_harness::case::{Case, parse::parse};
use mmreap_harness::replay::{replay, stated_kernels};
use mmreap_harness::run::Runner;
use std::path::Path;

/// The cases between the fences of a document.
fn cases(document: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(document);
    let text = std::fs::read_to_string(path).expect("the document can be read");
    // Every second part is between fences, and begins with the language.
    let fences = text.split("```").skip(1).step_by(2).filter_map(|fence| fence.split_once('\n'));
    let cases = fences.map(|(_, text)| text).filter(|text| text.starts_with("mmreap case 1\n"));
    cases.map(|text| parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))).collect()
}

#[test]
fn cases_of_the_documents_have_the_verdicts_that_they_state() {
    let mut runner = Runner::new();
    for (document, count) in [("README.md", 1), ("harness/FORMAT.md", 2)] {
        let cases = cases(document);
        assert_eq!(cases.len(), count, "cases in {document}");
        for case in cases {
            for kernel in stated_kernels(&case).expect("the kernels exist") {
                let replay = replay(&mut runner, &case, kernel);
                assert!(replay.is_as_expected(), "{}: {} of\n{case}", kernel.name, replay.got);
                let followed = replay.run.divergences.first(false);
                assert_eq!(followed, None, "{} of\n{case}", kernel.name);
            }
        }
    }
}
