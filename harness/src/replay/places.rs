//! Where the tasks of a run came by: the names that a `run` line of its case can use.

use crate::case::Case;
use crate::case::error::allowed;
use crate::run::Runner;
use mmreap::revision::Revision;
use mmreap::trace::What;
use mmreap::world::{World, world};
use std::collections::{BTreeMap, BTreeSet};

/// Places by the name of the task.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// `FUNCTION/OPERATION`.
    sites: BTreeMap<String, BTreeSet<String>>,
    /// `FUNCTION`.
    functions: BTreeMap<String, BTreeSet<String>>,
}

impl Places {
    /// The places of the case's run on the kernel.
    pub fn seen(runner: &mut Runner, case: &Case, kernel: &'static Revision) -> Self {
        let (_, decisions) = runner.record(case, kernel);
        let mut places = Places::default();
        world(|w| {
            let name = |thread: usize| w.threads()[thread].name.clone();
            for decision in decisions.iter().filter(|d| !d.site.function().is_empty()) {
                let task = places.sites.entry(name(decision.thread.index())).or_default();
                task.insert(decision.site.to_string());
            }
            places.functions = functions(w);
        });
        places
    }

    /// The places of the task that are named as this one is: functions, or operations.
    pub fn like(&self, task: &str, place: &str) -> Vec<&str> {
        self.named_as(place).get(task).into_iter().flatten().map(String::as_str).collect()
    }

    /// The first task that came to the place.
    pub fn who_comes_to(&self, place: &str) -> Option<&str> {
        let mut tasks = self.named_as(place).iter();
        tasks.find(|(_, places)| places.contains(place)).map(|(task, _)| task.as_str())
    }

    /// The functions that the task came by, for a reader.
    pub fn listed(&self, task: &str) -> String {
        let functions: Vec<_> = self.functions.get(task).into_iter().flatten().collect();
        allowed("", &format!("`{task}` came by"), &functions)
    }

    /// The tasks that came by anywhere, for a reader.
    pub fn tasks(&self) -> String {
        allowed("", "tasks of this run", &self.functions.keys().collect::<Vec<_>>())
    }

    fn named_as(&self, place: &str) -> &BTreeMap<String, BTreeSet<String>> {
        if place.contains('/') { &self.sites } else { &self.functions }
    }
}

fn functions(w: &World) -> BTreeMap<String, BTreeSet<String>> {
    let mut functions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in w.log.iter().filter(|event| event.what == What::Enter) {
        let task = functions.entry(w.threads()[event.thread.index()].name.clone()).or_default();
        task.insert(event.site.function().to_string());
    }
    functions
}
