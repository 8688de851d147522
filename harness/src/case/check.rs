//! The rules that a case obeys, on the tree: bounds, names that resolve, operations in an order
//! that makes sense.
//!
//! Each rule stands once, here, for cases that were read and for cases that a machine built. A
//! [`Problem`] names a [`Place`] in the tree; the parser, which kept the span of each place,
//! translates it into line and column. The rules are checked from top to bottom, and the first
//! violation is the result.
//!
//! What is not checked: whether the kernel exists, whether a site does, and whether the machine is
//! large enough. The first is the caller's to know, and the others are what a run finds out.

pub mod bounds;
mod operations;
pub mod place;
mod processes;
pub mod scope;

use super::{Case, Expect, Fault, Machine, Segment, error::allowed, limit};
use crate::daemon;
use bounds::{is_oracle, is_word};
pub use place::{Item, Place, Problem};
use scope::Scope;
pub use scope::{IoRequest, io_requests, owner, task_names};
use std::fmt::{self, Write};

/// The result of one rule.
type Verdict = Result<(), Problem>;

/// Finds the first rule that a case violates.
pub fn check(case: &Case) -> Verdict {
    case.notes.iter().enumerate().try_for_each(|(index, note)| check_note(index, note))?;
    check_kernel(Place::new(Item::Kernel, ""), &case.kernel)?;
    check_machine(&case.machine)?;
    processes::check(case)?;
    operations::check(&Scope::new(case))?;
    check_requests(case)?;
    let tasks = Tasks::of(case);
    bounds::at_most(case.faults.len(), limit::FAULTS, "faults", Item::Fault(limit::FAULTS))?;
    case.faults.iter().enumerate().try_for_each(|(i, fault)| check_fault(i, fault, &tasks))?;
    check_schedule(case, &tasks)?;
    check_expectations(case)?;
    check_size(case)
}

fn check_note(index: usize, note: &str) -> Verdict {
    let blank = |c| c == ' ' || c == '\t';
    let clean = note.trim_matches(blank) == note && !note.chars().any(bounds::is_forbidden);
    Place::new(Item::Note(index), "").demand(clean, || {
        let help = "one line without control characters and without blanks around it";
        ("this note cannot be written as a comment".into(), help.into())
    })
}

fn check_kernel(place: Place, kernel: &str) -> Verdict {
    place.demand(!kernel.is_empty(), || {
        ("the kernel is missing".into(), "name the revision, as in `kernel v4.14`".into())
    })?;
    check_word(place, kernel)
}

fn check_word(place: Place, word: &str) -> Verdict {
    place.demand(is_word(word), || {
        let message = format!("{} is not a word of the format", super::error::quote(word));
        (message, "visible ASCII characters except `;`, and no `#` at the start".into())
    })
}

fn check_machine(machine: &Machine) -> Verdict {
    let place = |key| Place::new(Item::Machine, key);
    bounds::FRAMES.check(machine.frames, place("frames"))?;
    let Machine { frames, min, high, .. } = *machine;
    let help = "min <= high < frames";
    place("high").demand(high < frames, || {
        (format!("the high watermark is {high}, of {frames} frames"), help.into())
    })?;
    place("min").demand(min <= high, || {
        (format!("the min watermark is {min}, the high watermark {high}"), help.into())
    })
}

fn check_requests(case: &Case) -> Verdict {
    let requests = io_requests(case);
    let Some(IoRequest { process, thread, operation, .. }) = requests.get(limit::REQUESTS) else {
        return Ok(());
    };
    let excess = Item::Operation(*process, *thread, *operation);
    bounds::at_most(requests.len(), limit::REQUESTS, "AIO requests", excess)
}

/// The tasks of a case.
struct Tasks<'a> {
    case: &'a Case,
    /// Every name that one can have.
    names: Vec<String>,
}

impl Tasks<'_> {
    fn of(case: &Case) -> Tasks<'_> {
        let mut names = task_names(case);
        names.extend(io_requests(case).into_iter().map(|request| request.name));
        names.extend(daemon::reserved().into_iter().map(String::from));
        Tasks { case, names }
    }

    fn check(&self, place: Place, task: &str) -> Verdict {
        place.demand(self.names.iter().any(|known| known == task), || match self.first(task) {
            Some(name) => {
                let help = "the first thread of a process has the name of the process alone";
                (format!("{} is called `{name}`", super::error::quote(task)), help.into())
            }
            None => {
                let message = format!("there is no task {}", super::error::quote(task));
                (message, allowed(task, "tasks of this case", &self.names))
            }
        })
    }

    /// The process whose first thread this would be, if it were called as others are.
    fn first(&self, task: &str) -> Option<&str> {
        let (process, thread) = task.split_once('/')?;
        let process = self.case.processes.iter().find(|it| it.name == process)?;
        (process.threads.first()?.name == thread).then_some(&*process.name)
    }
}

fn check_fault(index: usize, fault: &Fault, tasks: &Tasks<'_>) -> Verdict {
    let place = |key| Place::new(Item::Fault(index), key);
    bounds::PROBABILITY.check(fault.probability, place("probability"))?;
    bounds::INTERVAL.check(fault.interval, place("interval"))?;
    let fail_nth = |n: &u32| bounds::FAIL_NTH.check(*n, place("fail-nth"));
    fault.fail_nth.iter().try_for_each(fail_nth)?;
    fault.task_filter.iter().try_for_each(|task| tasks.check(place("task-filter"), task))
}

fn check_schedule(case: &Case, tasks: &Tasks<'_>) -> Verdict {
    for (parameter, number) in case.schedule.strategy.numbers() {
        bounds::Bounds::from(&parameter)
            .check(number, Place::new(Item::Schedule, parameter.key))?;
    }
    let segments = &case.schedule.segments;
    bounds::at_most(
        segments.len(),
        limit::SEGMENTS,
        "`run` lines",
        Item::Segment(limit::SEGMENTS),
    )?;
    segments.iter().enumerate().try_for_each(|(i, segment)| check_segment(i, segment, tasks))
}

fn check_segment(index: usize, segment: &Segment, tasks: &Tasks<'_>) -> Verdict {
    let place = |key| Place::new(Item::Segment(index), key);
    tasks.check(place(""), &segment.task)?;
    let Some(stop) = &segment.until else {
        return Ok(());
    };
    check_word(place("until"), &stop.site)?;
    bounds::NTH.check(stop.nth, place("nth"))
}

fn check_expectations(case: &Case) -> Verdict {
    case.expect.iter().try_for_each(|expect| check_expect(Item::Expect, expect))?;
    let mut kernels = vec![case.kernel.as_str()];
    for (index, (kernel, expect)) in case.others.iter().enumerate() {
        let place = Place::new(Item::Other(index), "");
        check_kernel(place, kernel)?;
        place.demand(!kernels.contains(&kernel.as_str()), || {
            let message = format!("the kernel `{kernel}` has a verdict already");
            (message, "`expect` speaks of the case's own kernel, each `on` of another".into())
        })?;
        kernels.push(kernel);
        check_expect(Item::Other(index), expect)?;
    }
    Ok(())
}

fn check_expect(item: Item, expect: &Expect) -> Verdict {
    let Expect::Fail(signature) = expect else {
        return Ok(());
    };
    Place::new(item, "ORACLE").demand(is_oracle(&signature.oracle), || {
        let message = format!("{} is not an oracle", super::error::quote(&signature.oracle));
        (message, "`pass`, or an oracle such as `O-PT-UAF`, an object, and two sites".into())
    })?;
    check_word(Place::new(item, "OBJECT"), &signature.object)?;
    Place::new(item, place::SITES[2]).demand(signature.sites.len() <= 2, || {
        ("this signature has more than two sites".into(), "name the two that conflict".into())
    })?;
    let mut sites = place::SITES.iter().zip(&signature.sites);
    sites.try_for_each(|(key, site)| check_word(Place::new(item, key), site))
}

/// The text must not be larger than what the parser accepts.
fn check_size(case: &Case) -> Verdict {
    let mut length = Length(0);
    let fits = write!(length, "{case}").is_ok();
    Place::new(Item::Case, "").demand(fits, || {
        let message = format!("written in full, this case is larger than {} bytes", limit::BYTES);
        (message, "shorten its notes and names, or make it two cases".into())
    })
}

/// Counts what is printed, and keeps none of it.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        if self.0 > limit::BYTES { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Checks a name that a case declares, against the names declared before it.
fn check_name(place: Place, name: &str, earlier: &[&str], what: &str) -> Verdict {
    place.demand(bounds::is_name(name), || {
        let help =
            format!("a small letter, then small letters, digits and `_`: up to {}", limit::NAME);
        (format!("{} is not a name", super::error::quote(name)), help)
    })?;
    place.demand(!earlier.contains(&name), || {
        (format!("there are two {what} named `{name}`"), "give each a name of its own".into())
    })
}
