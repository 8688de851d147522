//! Replaying: what a case says about itself, against what happens.
//!
//! A run is judged by oracles; a replay compares that judgement with the case's own lines, and says at
//! which line the two part ([`wrong_verdict`], [`diverged`]). Nothing here prints.

mod missing;
mod places;

use crate::case::check::{Item, Place, Problem};
use crate::case::error::{nearest, quote};
use crate::case::{Case, Expect, Stop};
use crate::kernel;
use crate::run::news::News;
use crate::run::{Run, Runner};
use crate::schedule::follow::{Divergence, Obstacle};
use mmreap::revision::Revision;
use mmreap::sync::thread::CLOCK;
use places::Places;

/// A case on one kernel.
#[derive(Debug)]
pub struct Replay {
    /// The kernel.
    pub kernel: &'static Revision,
    /// What happened.
    pub got: Expect,
    /// What the case says about the kernel, if it does.
    pub expected: Option<Expect>,
    /// What happened besides, be it a failure or not.
    pub news: News,
    /// What a reader of the verdict has to know.
    pub notes: Vec<Problem>,
    /// The run.
    pub run: Run,
}

impl Replay {
    /// Whether the verdict is the one that the case states. A case that states none promises to pass.
    pub fn is_as_expected(&self) -> bool {
        *self.expected.as_ref().unwrap_or(&Expect::Pass) == self.got
    }
}

/// Runs a case as it stands.
pub fn replay(runner: &mut Runner, case: &Case, kernel: &'static Revision) -> Replay {
    let run = runner.run_case(case, kernel);
    let got = match &run.failure {
        Some(failure) => Expect::Fail(failure.signature.clone()),
        None => Expect::Pass,
    };
    let expected = verdict_on(case, kernel.name).map(|(_, expect)| expect.clone());
    let news = News::of(run.world());
    let notes = missing::notes(case, &run.absent);
    Replay { kernel, got, expected, news, notes, run }
}

/// The line with the verdict on a kernel.
fn verdict_on<'a>(case: &'a Case, kernel: &str) -> Option<(Item, &'a Expect)> {
    if case.kernel == kernel {
        return case.expect.as_ref().map(|expect| (Item::Expect, expect));
    }
    let other = case.others.iter().position(|(name, _)| name == kernel)?;
    Some((Item::Other(other), &case.others[other].1))
}

/// The kernel that a case is meant for. The problem is a name that no kernel has.
pub fn own_kernel(case: &Case) -> Result<&'static Revision, Problem> {
    find(Item::Kernel, &case.kernel)
}

/// The kernels that a case names: its own, then those with a verdict.
pub fn stated_kernels(case: &Case) -> Result<Vec<&'static Revision>, Problem> {
    let others = case.others.iter().enumerate();
    let others = others.map(|(index, (name, _))| find(Item::Other(index), name));
    std::iter::once(own_kernel(case)).chain(others).collect()
}

fn find(item: Item, name: &str) -> Result<&'static Revision, Problem> {
    kernel::find(name).ok_or_else(|| no_kernel(item, name))
}

fn no_kernel(item: Item, name: &str) -> Problem {
    let known: Vec<_> = kernel::all().map(|revision| revision.name).collect();
    let guess = nearest(name, &known).map(|near| format!("did you mean `{near}`? "));
    let help = format!("{}`mmreap kernels` lists them all", guess.unwrap_or_default());
    let message = format!("there is no kernel {}", quote(name));
    Problem { place: Place::new(item, ""), message, help: Some(help) }
}

/// The line whose verdict is not what happened; `None` if it is, or if there is no such line.
pub fn wrong_verdict(case: &Case, replay: &Replay) -> Option<Problem> {
    let (item, expected) = verdict_on(case, replay.kernel.name)?;
    if replay.is_as_expected() {
        return None;
    }
    let line = match item {
        Item::Expect => "expect".to_string(),
        _ => format!("on {}", replay.kernel.name),
    };
    Some(Problem {
        place: Place::new(item, "ORACLE"),
        message: format!("on {}, expected {expected}, got {}", replay.kernel.name, replay.got),
        help: Some(format!("if that is right, the line is `{line} {}`", replay.got)),
    })
}

/// The line that could not be followed on a kernel, why, and what may have been meant. Runs the case again to
/// see where its tasks come by.
pub fn diverged(
    runner: &mut Runner,
    case: &Case,
    kernel: &'static Revision,
    divergence: &Divergence,
) -> Problem {
    let segment = &case.schedule.segments[divergence.segment];
    let task = &segment.task;
    let until = segment.until.as_ref();
    let key = match divergence.reason {
        Obstacle::Ended(_) | Obstacle::NotReached(_) => "until",
        _ => "",
    };
    let help = match (divergence.reason, until) {
        (Obstacle::Ended(came) | Obstacle::NotReached(came), Some(stop)) => {
            Some(reachable(runner, case, kernel, (task, stop), came))
        }
        (Obstacle::NoTask, _) => Some(Places::seen(runner, case, kernel).tasks()),
        (reason, _) => remedy(reason, task),
    };
    let message = format!("on {}, {}", kernel.name, why(divergence.reason, task, until));
    let place = Place::new(Item::Segment(divergence.segment), key);
    Problem { place, message, help }
}

/// What stood in the way, in a sentence.
fn why(obstacle: Obstacle, task: &str, until: Option<&Stop>) -> String {
    let site = until.map_or("", |stop| &*stop.site);
    match obstacle {
        Obstacle::NoTask => format!("this machine does not run `{task}`"),
        Obstacle::Ended(0) => format!("`{task}` ended before it came to `{site}`"),
        Obstacle::NotReached(0) => format!("the run ended before `{task}` came to `{site}`"),
        Obstacle::Ended(n) => format!("`{task}` ended after it came to `{site}` {}", times(n)),
        Obstacle::NotReached(n) => {
            format!("the run ended after `{task}` came to `{site}` {}", times(n))
        }
        Obstacle::Slept(at) => format!("others had to run, because `{task}` slept in `{at}`"),
        Obstacle::Idle => format!("`{task}` had nothing to do when it was its turn"),
        Obstacle::NotBegun => format!("the run ended before it was the turn of `{task}`"),
    }
}

fn times(n: u32) -> String {
    if n == 1 { "once".into() } else { format!("{n} times") }
}

/// What makes a schedule one that can be followed strictly.
fn remedy(obstacle: Obstacle, task: &str) -> Option<String> {
    match obstacle {
        Obstacle::Idle if task == CLOCK => {
            Some("without `time any`, it fires only when nobody else can run".into())
        }
        Obstacle::Slept(_) | Obstacle::Idle => {
            Some(format!("write a `run` line above it for whoever wakes `{task}`"))
        }
        Obstacle::NotBegun => Some("the line can go".into()),
        _ => None,
    }
}

/// Where the task could have stopped instead.
fn reachable(
    runner: &mut Runner,
    case: &Case,
    kernel: &'static Revision,
    (task, stop): (&str, &Stop),
    came: u32,
) -> String {
    if came > 0 {
        return format!("the last time is `nth {came}`");
    }
    let places = Places::seen(runner, case, kernel);
    let arrivals = places.arrivals(task, &stop.site);
    if arrivals > 0 {
        let here = match stop.nth {
            1 => "it does not come there".into(),
            nth => format!("it comes there 0 of {nth} times"),
        };
        let whole = times(arrivals);
        return format!(
            "from the beginning of this line {here}; in the whole run it does, {whole}"
        );
    }
    if let Some(near) = nearest(&stop.site, &places.like(task, &stop.site)) {
        return format!("did you mean `{near}`?");
    }
    match places.who_comes_to(&stop.site) {
        Some(other) => format!("`{other}` comes there"),
        None => format!("in this run, {}", places.listed(task)),
    }
}
