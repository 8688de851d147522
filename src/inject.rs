//! Fault points: places where an injected fault may strike, with the kernel's knobs.
//!
//! Source: `Documentation/fault-injection` (`probability`, `interval`, `times`, `space`, `task-filter`)
//! and `/proc/PID/fail-nth`. Where no fault is set up, a point only counts its calls. Whether a fault
//! with a probability strikes depends on its own key, the task's name and how often that task came by,
//! not on a shared stream: taking one fault or one task away leaves the others where they were.

use crate::sync::point::Access;
use crate::sync::thread::Tid;
use crate::trace::{EventKind, Kind, ObjectRef, record};
use crate::world::{World, world};

/// A place where a fault may strike, by its name in the kernel or in its manner, by which cases call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPoint(&'static str);

impl FaultPoint {
    /// One with this name.
    pub const fn new(name: &'static str) -> Self {
        FaultPoint(name)
    }

    /// Its name in cases, and in sites.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// Each of the model's fault points once: what happens there, what it is called here, and its name.
macro_rules! fault_points {
    ($($(#[$doc:meta])* $point:ident $name:literal;)*) => {
        impl FaultPoint {
            $($(#[$doc])* pub const $point: FaultPoint = FaultPoint::new($name);)*

            /// Every point of the model, in the order in which the documentation lists them.
            pub const ALL: &[FaultPoint; [$($name),*].len()] = &[$(FaultPoint::$point),*];
        }
    };
}

fault_points! {
    /// The page allocator has no page on its fast path.
    PAGE_ALLOC "fail_page_alloc";
    /// A small kernel object cannot be allocated.
    SLAB "failslab";
    /// A trylock fails although the lock is free.
    TRYLOCK "fail_trylock";
    /// An MMU notifier would have to block.
    NOTIFIER "fail_notifier";
    /// An AIO request completes with an error.
    AIO "fail_aio";
    /// Copying from user space faults.
    USERCOPY "fail_usercopy";
    /// The wake-up of the OOM reaper arrives one second late.
    REAPER_DELAY "reaper_delay";
}

/// A set-up fault.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where.
    pub point: FaultPoint,
    /// Percent of the calls that fail.
    pub probability: u8,
    /// Only every n-th call may fail.
    pub interval: u32,
    /// At most so many failures.
    pub times: Option<u32>,
    /// So many calls pass before the first failure.
    pub space: u32,
    /// Exactly this call fails, counted from 1; then the other knobs are not used.
    pub fail_nth: Option<u32>,
    /// Only calls of the thread with this name count.
    pub task_filter: Option<String>,
    /// What its chance depends on, besides task and call.
    pub key: u64,
    /// The source of chance: a number below 100 for the n-th call of a task.
    pub chance: fn(key: u64, task: &str, call: u32) -> u8,
}

impl Fault {
    /// Whether it makes a difference how many calls came before, or how many of them failed.
    fn counts(&self) -> bool {
        let plain = (self.interval, self.times, self.space, self.fail_nth) == (1, None, 0, None);
        !plain
    }
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    calls: u32,
    /// Calls of each thread, by its number.
    calls_of: Vec<u32>,
    failures: u32,
}

/// The faults of a run.
#[derive(Debug, Default)]
pub struct Injection {
    armed: Vec<Armed>,
    /// For each thread, by its number, the points that it came by, and how often.
    calls: Vec<Vec<(FaultPoint, u32)>>,
}

impl Injection {
    /// Disarms all faults and forgets what was counted.
    pub fn reset(&mut self) {
        let Injection { armed, calls } = self;
        armed.clear();
        calls.iter_mut().for_each(Vec::clear);
    }

    /// Arms faults, and begins to count calls.
    pub fn arm(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.calls.iter_mut().for_each(Vec::clear);
        self.armed.extend(faults.into_iter().map(|fault| Armed {
            fault,
            calls: 0,
            calls_of: Vec::new(),
            failures: 0,
        }));
    }

    /// Whether any fault may still strike.
    pub fn is_armed(&self) -> bool {
        !self.armed.is_empty()
    }

    /// How often the run came by the point, struck or not.
    pub fn calls(&self, point: FaultPoint) -> u32 {
        let calls = self.calls.iter().flatten().filter(|(at, _)| *at == point);
        calls.map(|(_, calls)| calls).sum()
    }

    /// The points that a thread came by, and how often.
    pub fn calls_of(&self, thread: Tid) -> &[(FaultPoint, u32)] {
        self.calls.get(thread.index()).map_or(&[], Vec::as_slice)
    }

    /// What a call at the point does to the faults: one that counts the calls of everybody is changed. None is
    /// set up there: nothing.
    fn access(&self, point: FaultPoint) -> Option<Access> {
        let mut faults = self.armed.iter().map(|armed| &armed.fault).filter(|it| it.point == point);
        let first = faults.next()?;
        let counts_everybody = |fault: &Fault| fault.task_filter.is_none() && fault.counts();
        let changes = counts_everybody(first) || faults.any(counts_everybody);
        Some(if changes { Access::Update } else { Access::Read })
    }

    fn count(&mut self, thread: Tid, point: FaultPoint) {
        if self.calls.len() <= thread.index() {
            self.calls.resize_with(thread.index() + 1, Vec::new);
        }
        let calls = &mut self.calls[thread.index()];
        match calls.iter_mut().find(|(at, _)| *at == point) {
            Some((_, calls)) => *calls += 1,
            None => calls.push((point, 1)),
        }
    }
}

impl Armed {
    fn strikes(&mut self, thread: Tid, task: &str) -> bool {
        self.calls += 1;
        if self.calls_of.len() <= thread.index() {
            self.calls_of.resize(thread.index() + 1, 0);
        }
        self.calls_of[thread.index()] += 1;
        let nth = self.calls_of[thread.index()];
        let fault = &self.fault;
        let strikes = match fault.fail_nth {
            Some(nth) => self.calls == nth,
            None => {
                self.calls > fault.space
                    && (self.calls - fault.space).is_multiple_of(fault.interval)
                    && fault.times.is_none_or(|times| self.failures < times)
                    && (fault.chance)(fault.key, task, nth) < fault.probability
            }
        };
        self.failures += u32::from(strikes);
        strikes
    }
}

fn evaluate(w: &mut World, point: FaultPoint) -> bool {
    let thread = w.running_tid();
    w.injection.count(thread, point);
    if let Some(access) = w.injection.access(point) {
        w.footprint.touch(ObjectRef::sole(Kind::None), point.name(), access);
    }
    let name = &w.threads[thread.index()].name;
    let mut any = false;
    for armed in w.injection.armed.iter_mut().filter(|armed| armed.fault.point == point) {
        let counts = armed.fault.task_filter.as_ref().is_none_or(|filter| filter == name);
        any |= counts && armed.strikes(thread, name);
    }
    any
}

/// Disarms all faults.
pub(crate) fn disarm(w: &mut World) {
    for Armed { fault, .. } in w.injection.armed.drain(..) {
        w.footprint.touch(ObjectRef::sole(Kind::None), fault.point.name(), Access::Update);
    }
}

/// Whether a fault strikes here and now.
pub fn strikes(point: FaultPoint) -> bool {
    let struck = world(|w| evaluate(w, point));
    if struck {
        record(ObjectRef::sole(Kind::None), EventKind::Fault);
    }
    struck
}
