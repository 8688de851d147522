//! Where in the tree of a case a rule is violated.
//!
//! A place is an item (the third operation of a thread) and the key in question (its `VMA`); the
//! empty key means the name of the item, or what it starts with. Indices count from 0 in the tree
//! and from 1 when they are shown.

use std::{error::Error, fmt};

/// A violated rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl Error for Problem {}

/// An item of the tree, and a key of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The item.
    pub item: Item,
    /// The key, as in the grammar; empty for the item itself.
    pub key: &'static str,
}

/// An item of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// The whole.
    Case,
    /// A note.
    Note(usize),
    /// The `kernel` line.
    Kernel,
    /// The `machine` line.
    Machine,
    /// A process or kernel thread.
    Process(usize),
    /// A VMA: process, VMA.
    Vma(usize, usize),
    /// An AIO context: process, context.
    Context(usize, usize),
    /// A thread: process, thread.
    Thread(usize, usize),
    /// An operation: process, thread, operation.
    Operation(usize, usize, usize),
    /// A fault.
    Fault(usize),
    /// The `schedule` line.
    Schedule,
    /// A `run` line.
    Segment(usize),
    /// The `expect` line.
    Expect,
    /// An `on` line.
    Other(usize),
}

/// Keys of the places of a signature; the third is one too many.
pub(crate) const SITES: [&str; 3] = ["SITE 1", "SITE 2", "SITE 3"];

impl Place {
    /// A place.
    pub fn new(item: Item, key: &'static str) -> Self {
        Place { item, key }
    }

    /// A problem here, with its message and help, unless `rule` holds.
    pub(super) fn demand(
        self,
        rule: bool,
        explain: impl FnOnce() -> (String, String),
    ) -> Result<(), Problem> {
        if rule {
            return Ok(());
        }
        let (message, help) = explain();
        Err(Problem { place: self, message, help: Some(help) })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.key.is_empty() { String::new() } else { format!(" ({})", self.key) };
        write!(f, "{}{key}", self.item)
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Case => write!(f, "case"),
            Item::Note(n) => write!(f, "note {}", n + 1),
            Item::Kernel => write!(f, "kernel"),
            Item::Machine => write!(f, "machine"),
            Item::Process(p) => write!(f, "process {}", p + 1),
            Item::Vma(p, v) => write!(f, "VMA {} of process {}", v + 1, p + 1),
            Item::Context(p, c) => write!(f, "AIO context {} of process {}", c + 1, p + 1),
            Item::Thread(p, t) => write!(f, "thread {} of process {}", t + 1, p + 1),
            Item::Operation(p, t, o) => {
                write!(f, "operation {} of thread {} of process {}", o + 1, t + 1, p + 1)
            }
            Item::Fault(n) => write!(f, "fault {}", n + 1),
            Item::Schedule => write!(f, "schedule"),
            Item::Segment(n) => write!(f, "`run` line {}", n + 1),
            Item::Expect => write!(f, "expect"),
            Item::Other(n) => write!(f, "verdict {} on other kernels", n + 1),
        }
    }
}
