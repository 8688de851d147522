//! A kind of operation: everything that is particular to it.

use super::{Argument, Call, Next, Operation};
use std::fmt;

/// What an operation is called, what it is about, and what it does.
///
/// ```
/// use mmreap::task::{current, kill_pid};
/// use mmreap_harness::operation::{self, Call, Kind, Next, Who};
///
/// /// A thread that kills its own process.
/// static SUICIDE: Kind = Kind::new("suicide", Who::User, "SIGKILL to oneself", suicide);
///
/// fn suicide(_: &Call<'_>) -> Next {
///     kill_pid(current().peek(|task| task.signal));
///     Next::Operation
/// }
///
/// operation::add(&SUICIDE).expect("no other has the word");
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// The word in the text.
    pub word: &'static str,
    /// Who may do it.
    pub who: Who,
    /// What it means, for the table of operations in FORMAT.md.
    pub meaning: &'static str,
    /// What follows the word.
    pub parameters: &'static [Parameter],
    /// What has to come before, and what comes of it.
    pub rule: Rule,
    /// How often it is drawn, against others: in user processes, and in kernel threads.
    pub weights: [usize; 2],
    /// Whether each page of its VMA takes a frame afterwards.
    pub touches: bool,
    /// Does it.
    pub perform: fn(&Call<'_>) -> Next,
}

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Threads of user processes.
    User,
    /// Kernel threads.
    Kernel,
    /// All.
    Both,
}

/// What follows the word of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// A VMA: of the process named before it, or else of the thread's own address space.
    Vma,
    /// A VMA that is declared `unmapped`.
    Unmapped,
    /// An AIO context of the thread's own address space.
    Context,
    /// A user process.
    Process,
    /// A child of the thread's process.
    Child,
    /// A process whose address space has a secondary MMU.
    Host,
    /// The process whose address space the thread borrows.
    Borrowed,
    /// Pages of kernel memory.
    Pages,
    /// A time to wait.
    Jiffies,
    /// When an AIO request on the context before it completes.
    Completion,
}

/// What has to come before an operation in its thread, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nothing.
    None,
    /// It is the last one.
    End,
    /// It takes a reference.
    Take,
    /// It drops one.
    Drop,
    /// It borrows the address space of the process, and only one at a time.
    Borrow,
    /// It gives that back.
    GiveBack,
    /// It starts the child, which nobody else does.
    Start,
    /// Its process has a secondary MMU.
    Close,
}

impl Kind {
    /// One without parameters and rules, that nobody draws.
    pub const fn new(
        word: &'static str,
        who: Who,
        meaning: &'static str,
        perform: fn(&Call<'_>) -> Next,
    ) -> Self {
        let (parameters, weights) = (&[], [0, 0]);
        Kind { word, who, meaning, parameters, rule: Rule::None, weights, touches: false, perform }
    }

    /// The same with something after its word.
    pub const fn parameters(self, parameters: &'static [Parameter]) -> Self {
        Kind { parameters, ..self }
    }

    /// The same with a rule.
    pub const fn rule(self, rule: Rule) -> Self {
        Kind { rule, ..self }
    }

    /// The same, drawn so often in user processes and in kernel threads; all that is part of mmreap together weighs 132
    /// and 120.
    pub const fn weights(self, user: usize, kernel: usize) -> Self {
        Kind { weights: [user, kernel], ..self }
    }

    /// The same, after which each page of the VMA has a frame.
    pub const fn touches(self) -> Self {
        Kind { touches: true, ..self }
    }

    /// An operation of this kind.
    ///
    /// # Panics
    ///
    /// If these are not the arguments that follow its word.
    pub fn of(&'static self, arguments: impl IntoIterator<Item = Argument>) -> Operation {
        let arguments: Vec<Argument> = arguments.into_iter().collect();
        let keys = arguments.iter().map(Argument::key);
        assert!(keys.eq(self.keys()), "`{}`, and not {arguments:?}", self.usage());
        Operation { kind: self, arguments }
    }

    /// How it is written.
    pub fn usage(&self) -> String {
        let words = std::iter::once(self.word).chain(self.keys());
        words.collect::<Vec<_>>().join(" ")
    }

    fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.parameters.iter().map(|parameter| parameter.key())
    }

    /// Whether each parameter has a key of its own, and what it and the rule need.
    pub(super) fn is_consistent(&self) -> bool {
        let all = |keys: &[&str]| keys.iter().all(|key| self.keys().any(|it| it == *key));
        let once = self.keys().all(|key| self.keys().filter(|other| *other == key).count() == 1);
        let of_process = matches!(self.rule, Rule::Borrow | Rule::Start);
        let completion = self.parameters.contains(&Parameter::Completion);
        once && (!of_process || all(&["PROCESS"])) && (!completion || all(&["CONTEXT"]))
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)
    }
}

impl Who {
    /// As the documentation has it.
    pub fn name(self) -> &'static str {
        match self {
            Who::User => "user",
            Who::Kernel => "kthread",
            Who::Both => "both",
        }
    }
}

impl Parameter {
    /// What the grammar calls it.
    pub fn key(self) -> &'static str {
        match self {
            Parameter::Vma | Parameter::Unmapped => "VMA",
            Parameter::Context => "CONTEXT",
            Parameter::Process | Parameter::Child | Parameter::Host | Parameter::Borrowed => {
                "PROCESS"
            }
            Parameter::Pages | Parameter::Jiffies => "N",
            Parameter::Completion => "COMPLETION",
        }
    }
}
