//! Where tasks have been, for the stops of segments: which sites there are is known to runs, and a case's
//! tree does not know runs.
//!
//! A campaign notes this of many runs and asks of few. So what is noted are the sites themselves, in short lists that
//! are searched from end to end, and they become text for whoever asks.

use mmreap::trace::Site;

/// Sites per task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites(Vec<Visits>);

/// Where a task has been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visits {
    task: String,
    sites: Vec<Site>,
}

/// Tasks and sites of each that are remembered: more than any single case has.
const TASKS: usize = 64;
const SITES: usize = 256;

impl Sites {
    /// Where the task has been, to be added to; `None` if there are too many tasks.
    pub fn task(&mut self, task: &str) -> Option<&mut Visits> {
        let known = self.0.iter().position(|visits| visits.task == task);
        if known.is_none() && self.0.len() < TASKS {
            self.0.push(Visits { task: task.to_string(), sites: Vec::new() });
            return self.0.last_mut();
        }
        self.0.get_mut(known?)
    }

    /// The sites at which a task has been, as segments write them, in alphabetical order.
    pub fn of(&self, task: &str) -> Vec<String> {
        let visits = self.0.iter().filter(|visits| visits.task == task);
        let mut sites: Vec<String> = visits.flat_map(|v| &v.sites).map(Site::to_string).collect();
        sites.sort_unstable();
        // One place may belong to several functions of the protocol, of which segments do not speak.
        sites.dedup();
        sites
    }
}

impl Visits {
    /// The task has been there.
    pub fn add(&mut self, site: Site) {
        if self.sites.len() < SITES && !self.sites.contains(&site) {
            self.sites.push(site);
        }
    }
}
