//! Where tasks have been, for the stops of segments: which sites there are is known to runs, and a case's
//! tree does not know runs.

use std::collections::{BTreeMap, BTreeSet};

/// Sites per task, as segments write both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites(BTreeMap<String, BTreeSet<String>>);

/// Tasks and sites of each that are remembered: more than any single case has.
const TASKS: usize = 64;
const SITES: usize = 256;

impl Sites {
    /// A task has been at a site.
    pub fn add(&mut self, task: &str, site: String) {
        if !self.0.contains_key(task) && self.0.len() < TASKS {
            self.0.insert(task.to_string(), BTreeSet::new());
        }
        if let Some(sites) = self.0.get_mut(task)
            && sites.len() < SITES
        {
            sites.insert(site);
        }
    }

    /// The sites at which a task has been, in alphabetical order.
    pub fn of(&self, task: &str) -> Vec<&String> {
        self.0.get(task).into_iter().flatten().collect()
    }
}
