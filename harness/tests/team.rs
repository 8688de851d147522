//! What members of a team learn from each other while they work.

use mmreap_harness::campaign::state::{self, State};
use mmreap_harness::campaign::worker::{Event, Settings, Worker};
use mmreap_harness::campaign::{Limit, Totals};
use mmreap_harness::coverage::{Map, SIZE};
use mmreap_harness::deadline::Deadline;
use mmreap_harness::kernel;
use std::path::Path;
use std::time::Duration;

const KERNEL: &str = "v4.14";

/// Longer than members go without looking at what others have shown.
const WHILE: Duration = Duration::from_millis(1300);

/// A worker on the directory. While it works, another one says that it has seen everything there is.
fn features_beside_one_who_saw_all(directory: &Path, is_member: bool) -> u32 {
    let revision = kernel::find(KERNEL).expect("there is such a release");
    let settings =
        Settings { revision, seed: 1, directory: directory.into(), is_member, given: Vec::new() };
    let mut worker = Worker::start(settings).unwrap();
    let mut all = Map::default();
    (0..SIZE).for_each(|feature| assert!(all.add(feature)));
    let queue = directory.join("queue").join(KERNEL);
    let mut say_so = |event: Event| {
        if matches!(event, Event::Progress(_)) {
            State::new(Totals::default(), &all).save(&queue.join("worker-1.json")).unwrap();
        }
    };
    let limit = Limit { runs: None, deadline: Deadline::default().within(WHILE) };
    worker.work(&mut say_so, &limit).unwrap();
    let own = State::load(&queue.join("worker-0.json")).unwrap().expect("it has saved its state");
    assert_eq!(state::all(&queue).filter(Result::is_ok).count(), 2);
    own.map().count()
}

#[test]
fn members_learn_what_others_have_shown_and_who_works_alone_does_not() {
    let (team, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(features_beside_one_who_saw_all(team.path(), true), SIZE as u32);
    assert!(features_beside_one_who_saw_all(alone.path(), false) < SIZE as u32);
}
