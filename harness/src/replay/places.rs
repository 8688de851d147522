//! Where the tasks of a run came by: the names that a `run` line of its case can use.

use crate::case::Case;
use crate::case::error::allowed;
use crate::run::Runner;
use crate::schedule::follow::Decision;
use mmreap::revision::Revision;
use mmreap::sync::thread::Tid;
use mmreap::trace::EventKind;
use mmreap::world::World;
use std::collections::BTreeMap;

/// How often a task came to each place, by the name of the task.
type Arrivals = BTreeMap<String, BTreeMap<String, u32>>;

/// Where the tasks of a run came by.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// `FUNCTION/OPERATION`.
    sites: Arrivals,
    /// `FUNCTION`.
    functions: Arrivals,
}

impl Places {
    /// The places of the case's run on the kernel.
    pub fn seen(runner: &mut Runner, case: &Case, kernel: &'static Revision) -> Self {
        let run = runner.record(case, kernel);
        let (w, mut places, mut before) = (run.world(), Places::default(), BTreeMap::new());
        for &Decision { thread, site, operation, .. } in &run.decisions {
            let is_new = before.insert(thread, operation) != Some(operation);
            if is_new && !site.function().is_empty() {
                count(&mut places.sites, w, thread, site.to_string());
            }
        }
        for event in w.log.iter().filter(|event| event.kind == EventKind::Enter) {
            count(&mut places.functions, w, event.thread, event.site.function().to_string());
        }
        places
    }

    /// The places of the task that are named as this one is: functions, or operations.
    pub fn like(&self, task: &str, place: &str) -> Vec<&str> {
        let places = self.named_as(place).get(task).into_iter().flatten();
        places.map(|(place, _)| place.as_str()).collect()
    }

    /// How often the task came to the place.
    pub fn arrivals(&self, task: &str, place: &str) -> u32 {
        let places = self.named_as(place).get(task);
        places.and_then(|places| places.get(place)).copied().unwrap_or(0)
    }

    /// The first task that came to the place.
    pub fn who_comes_to(&self, place: &str) -> Option<&str> {
        let mut tasks = self.named_as(place).iter();
        tasks.find(|(_, places)| places.contains_key(place)).map(|(task, _)| task.as_str())
    }

    /// The functions that the task came by, for a reader.
    pub fn listed(&self, task: &str) -> String {
        let functions: Vec<_> =
            self.functions.get(task).into_iter().flat_map(|it| it.keys()).collect();
        allowed("", &format!("`{task}` came by"), &functions)
    }

    /// The tasks that came by anywhere, for a reader.
    pub fn tasks(&self) -> String {
        allowed("", "tasks of this run", &self.functions.keys().collect::<Vec<_>>())
    }

    fn named_as(&self, place: &str) -> &Arrivals {
        if place.contains('/') { &self.sites } else { &self.functions }
    }
}

fn count(arrivals: &mut Arrivals, w: &World, thread: Tid, place: String) {
    let task = arrivals.entry(w.threads()[thread.index()].name.clone()).or_default();
    *task.entry(place).or_default() += 1;
}
