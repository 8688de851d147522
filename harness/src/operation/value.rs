//! An operation of a thread: its kind and its arguments.

use super::{Kind, Rule};

/// One operation of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What it is.
    pub kind: &'static Kind,
    /// What follows its word, as its kind says.
    pub arguments: Vec<Argument>,
}

/// What follows the word of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// The name of a VMA.
    Vma(String),
    /// The name of an AIO context.
    Context(String),
    /// The name of a process.
    Process(String),
    /// Pages of kernel memory.
    Pages(u8),
    /// A time to wait.
    Jiffies(u32),
    /// When an AIO request completes.
    Completion(Completion),
}

/// When an AIO request completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// `after N`: N jiffies after submission.
    After(u32),
    /// `error after N`: the same, with an error.
    ErrorAfter(u32),
    /// `after_alloc`: once an allocation that somebody else started later has succeeded (a loop
    /// device, a FUSE server).
    AfterAlloc,
    /// `never`: the device is dead.
    Never,
}

impl Argument {
    /// A VMA of this name.
    pub fn vma(name: impl Into<String>) -> Self {
        Argument::Vma(name.into())
    }

    /// An AIO context of this name.
    pub fn context(name: impl Into<String>) -> Self {
        Argument::Context(name.into())
    }

    /// A process of this name.
    pub fn process(name: impl Into<String>) -> Self {
        Argument::Process(name.into())
    }

    /// What the grammar calls it.
    pub fn key(&self) -> &'static str {
        match self {
            Argument::Vma(_) => "VMA",
            Argument::Context(_) => "CONTEXT",
            Argument::Process(_) => "PROCESS",
            Argument::Pages(_) | Argument::Jiffies(_) => "N",
            Argument::Completion(_) => "COMPLETION",
        }
    }

    /// The time in it, if there is one.
    pub fn jiffies_mut(&mut self) -> Option<&mut u32> {
        match self {
            Argument::Jiffies(jiffies)
            | Argument::Completion(Completion::After(jiffies) | Completion::ErrorAfter(jiffies)) => {
                Some(jiffies)
            }
            _ => None,
        }
    }
}

impl Operation {
    /// The word in the text.
    pub fn name(&self) -> &'static str {
        self.kind.word
    }

    /// The process that it names.
    pub fn process(&self) -> Option<&str> {
        self.arguments.iter().find_map(|argument| match argument {
            Argument::Process(name) => Some(&**name),
            _ => None,
        })
    }

    /// The VMA that it names.
    pub fn vma(&self) -> Option<&str> {
        self.arguments.iter().find_map(|argument| match argument {
            Argument::Vma(name) => Some(&**name),
            _ => None,
        })
    }

    /// The pages of kernel memory that it takes.
    pub fn pages(&self) -> u8 {
        let pages = self.arguments.iter().map(|argument| match argument {
            Argument::Pages(pages) => *pages,
            _ => 0,
        });
        pages.sum()
    }

    /// The process that it starts.
    pub fn starts(&self) -> Option<&str> {
        self.process().filter(|_| self.kind.rule == Rule::Start)
    }

    /// The AIO request that it submits: the context, and when it completes.
    pub fn submits(&self) -> Option<(&str, Completion)> {
        let context = self.arguments.iter().find_map(|argument| match argument {
            Argument::Context(name) => Some(&**name),
            _ => None,
        });
        let completion = self.arguments.iter().find_map(|argument| match argument {
            Argument::Completion(completion) => Some(*completion),
            _ => None,
        });
        context.zip(completion)
    }
}
