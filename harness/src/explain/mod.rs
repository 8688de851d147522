//! Explains a failure: what happened, to whom, in which order, on a page that fits a commit message.
//!
//! The diagram has one column for each task that matters and time downwards, as kernel developers
//! draw races by hand. It is computed from the event log and the objects of the run, which the world
//! still holds. What is left out is most of the log: `slice` says what stays, `words` how it is
//! spelled, `diagram` where it stands. `story` says in prose what each side took for granted, and what
//! it should have kept to; `rules` counts failures by that, and [`waits`] explains runs that failed because nothing
//! happened any more. None of them runs anything, or knows a revision from another.
//!
//! What else could have happened is found by running: `flip` looks for the order of two steps that decides,
//! `repair` for the later release that passes and its functions. Both follow the failing run by names (`named`).
//!
//! An [`Explanation`] is a value; a [`Report`] is one with the runs behind it. [`markdown`] and [`perfetto`]
//! write it down; as text it displays itself, and as JSON it is its fields. Printing or storing that, and pages
//! and drawings, are the caller's business.

mod diagram;
pub mod flip;
mod layout;
mod log;
pub mod markdown;
mod named;
mod names;
pub mod paint;
pub mod perfetto;
pub mod repair;
pub mod rules;
mod sample;
mod slice;
mod stacks;
pub mod story;
mod subjects;
mod text;
pub mod timeline;
pub mod waits;
mod words;

pub use diagram::{COLUMNS, Diagram, ROWS, Row};
pub use log::log;

use crate::case::Case;
use crate::counted::counted;
use crate::kernel::find;
use crate::minimize::{Certificate, measure};
use crate::oracle::Failure;
use crate::run::{Run, Runner};
use flip::Flip;
use mmreap::revision::Revision;
use mmreap::world::{End, World};
use named::Named;
use repair::Repair;
use rules::Group;
use serde::Serialize;
use stacks::Stacks;
use std::fmt;
use story::Story;
use subjects::Subjects;
use timeline::Timeline;
use waits::Waits;
use words::Words;

/// No line of an explanation is wider, unless it is formatted with another width.
pub const WIDTH: usize = 72;

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The failure in a line: the same for the same bug, on any release.
    pub headline: String,
    /// The release or mutant that ran.
    pub kernel: &'static str,
    /// Who did what when.
    pub diagram: Diagram,
    /// What each side took for granted, and the rules.
    pub story: Story,
    /// Who waits for whom, if the run ended with somebody waiting.
    pub waits: Waits,
    /// What would make it pass, as far as it was looked for and found.
    pub otherwise: Otherwise,
    /// The signature, as `expect` lines have it.
    pub signature: String,
    /// What the oracle adds, a line each.
    pub details: Vec<String>,
    /// What it is counted as.
    pub group: Group,
    /// The size of the case, with what is known of schedules with fewer preemptions.
    pub size: String,
}

/// What was seen to make the case pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Otherwise {
    /// The other order of two steps.
    pub flip: Option<Flip>,
    /// A later release.
    pub repair: Option<Repair>,
}

/// An explanation, and the runs behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Why the case fails.
    pub explanation: Explanation,
    /// The text of the case.
    pub case: String,
    /// The run that failed.
    pub failing: View,
    /// The run of the release that passes, if one was found.
    pub passing: Option<View>,
}

/// A run, as a whole and drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// All that happened.
    pub timeline: Timeline,
    /// What matters of it for the failure.
    pub diagram: Diagram,
}

/// Explains a case that fails, with its runs. `None` if it passes.
pub fn report(runner: &mut Runner, case: &Case, revision: &'static Revision) -> Option<Report> {
    let (explanation, failure, run) = whole(runner, case, revision)?;
    let stacks = Stacks::new(&run.world().log);
    let subjects = Subjects::of(run.world(), &stacks, &failure, run.end);
    let timeline = Timeline::of(run.world(), &stacks, &subjects, &failure.events);
    let failing = View { timeline, diagram: explanation.diagram.clone() };
    let repair = explanation.otherwise.repair.as_ref();
    let passing = repair.map(|repair| passing(runner, repair, &subjects, failure));
    Some(Report { explanation, case: case.to_string(), failing, passing })
}

/// The run of a release that passes. It is about the same objects as the failure: they exist since boot.
fn passing(runner: &mut Runner, repair: &Repair, subjects: &Subjects, failure: Failure) -> View {
    let later = find(repair.kernel).expect("a release that passes is one");
    let run = runner.run_case(&repair.followed, later);
    let nothing = Failure { events: Vec::new(), details: Vec::new(), ..failure };
    let stacks = Stacks::new(&run.world().log);
    View {
        timeline: Timeline::of(run.world(), &stacks, subjects, &[]),
        diagram: diagram::draw(run.world(), &stacks, subjects, &nothing, run.end),
    }
}

/// Runs a case, explains its failure, and looks for what would make it pass. `None` if it passes.
pub fn of_case(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
) -> Option<Explanation> {
    whole(runner, case, revision).map(|(explanation, ..)| explanation)
}

/// The same, with the run.
fn whole(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
) -> Option<(Explanation, Failure, Run)> {
    let (explanation, failure, run) = of_run(runner, case, revision)?;
    let named = Named::of(runner, case, revision, &failure.signature);
    let otherwise = named.map(|named| Otherwise {
        flip: flip::find(runner, &named, revision, &failure, &explanation.diagram),
        repair: repair::find(runner, &named, revision, &failure.signature),
    });
    let otherwise = otherwise.unwrap_or_default();
    Some((Explanation { otherwise, ..explanation }, failure, run))
}

/// Runs a case and explains its failure, without looking for what would make it pass: a few runs at most, for
/// those who have no time for the search. `None` if it passes.
pub fn briefly(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
) -> Option<Explanation> {
    of_run(runner, case, revision).map(|(explanation, ..)| explanation)
}

/// Explains the run of a case.
fn of_run(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
) -> Option<(Explanation, Failure, Run)> {
    let mut checked = case.clone();
    Certificate::drop_if_wrong(&mut checked, measure(runner, case, revision).preemptions);
    let mut run = runner.run_case(case, revision);
    let failure = run.failure.take()?;
    let explanation = explain(run.world(), &checked, &failure, run.end);
    Some((explanation, failure, run))
}

/// Explains the failure of the run that is in the world. `end` is how the run ended. Nothing is run.
pub fn explain(world: &World, case: &Case, failure: &Failure, end: End) -> Explanation {
    let waiting = matches!(end, End::Quiescent | End::Livelock) && !world.stuck.is_empty();
    let stacks = Stacks::new(&world.log);
    let subjects = Subjects::of(world, &stacks, failure, end);
    let mut diagram = diagram::draw(world, &stacks, &subjects, failure, end);
    diagram.mark(world, failure, end);
    let words = Words { world, spaces: &subjects.spaces };
    Explanation {
        headline: format!("BUG: mmreap: {}", failure.headline()),
        kernel: world.revision.name,
        story: story::tell(&words, failure, &diagram, end),
        diagram,
        waits: if waiting { Waits::of(world) } else { Waits::default() },
        otherwise: Otherwise::default(),
        signature: failure.signature.to_string(),
        details: failure.details.clone(),
        group: Group::of(&failure.signature),
        size: size(case),
    }
}

fn size(case: &Case) -> String {
    let processes = counted(case.processes.len(), "process", "processes");
    let faults = counted(case.faults.len(), "fault", "faults");
    let lines = || counted(case.schedule.segments.len(), "`run` line", "`run` lines");
    let turns = Certificate::noted(case).map_or_else(lines, |(_, said)| said.to_string());
    format!("case: {processes}, {faults}, {turns}")
}

impl Otherwise {
    /// What was seen, in sentences.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        let flip = self.flip.iter().map(Flip::sentence);
        flip.chain(self.repair.iter().map(Repair::sentence))
    }
}

impl Explanation {
    /// The prose without the waits: story, rules, and what was seen to pass.
    fn told(&self) -> impl Iterator<Item = String> {
        self.story.sentences().chain(self.otherwise.sentences())
    }

    /// All prose, a sentence each.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.waits.sentences().chain(self.told())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::paragraph(f, 0, &self.headline)?;
        f.write_str("\n")?;
        self.diagram.fmt(f)?;
        f.write_str("\n")?;
        if !self.waits.edges.is_empty() {
            self.waits.fmt(f)?;
            f.write_str("\n")?;
        }
        let told: Vec<String> = self.told().collect();
        told.iter().try_for_each(|sentence| text::paragraph(f, 2, sentence))?;
        f.write_str(if told.is_empty() { "" } else { "\n" })?;
        text::paragraph(f, 2, &format!("{} on {}", self.signature, self.kernel))?;
        self.details.iter().try_for_each(|detail| text::paragraph(f, 2, detail))?;
        text::paragraph(f, 2, &format!("group: {}", self.group))?;
        text::paragraph(f, 2, &self.size)
    }
}
