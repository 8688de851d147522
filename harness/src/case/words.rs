//! The words of the format: how kinds are spelled. Those of operations are theirs.
//!
//! The printer, the parser's choices and the checker's messages all take the spelling from here, so
//! that no word is written down in two ways. What the words mean is said at the tree's own items;
//! which of them may stand where is decided in [`super::parse`] and [`super::check`].

use super::{EmptyPmd, Release, Time, Tlb, VmaKind};

impl VmaKind {
    /// Every kind, in the order in which the documentation lists them.
    pub const ALL: [VmaKind; 5] =
        [VmaKind::Anon, VmaKind::File, VmaKind::Shared, VmaKind::Hugetlb, VmaKind::Pfnmap];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            VmaKind::Anon => "anon",
            VmaKind::File => "file",
            VmaKind::Shared => "shared",
            VmaKind::Hugetlb => "hugetlb",
            VmaKind::Pfnmap => "pfnmap",
        }
    }
}

impl Time {
    /// Both choices.
    pub const ALL: [Time; 2] = [Time::Fair, Time::Any];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            Time::Fair => "fair",
            Time::Any => "any",
        }
    }
}

impl Tlb {
    /// Both choices.
    pub const ALL: [Tlb; 2] = [Tlb::Eager, Tlb::Lazy];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            Tlb::Eager => "eager",
            Tlb::Lazy => "lazy",
        }
    }
}

impl Release {
    /// All choices.
    pub const ALL: [Release; 3] = [Release::Plain, Release::Lock, Release::FlushWork];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            Release::Plain => "plain",
            Release::Lock => "lock",
            Release::FlushWork => "flush_work",
        }
    }
}

impl EmptyPmd {
    /// Both choices.
    pub const ALL: [EmptyPmd; 2] = [EmptyPmd::Bad, EmptyPmd::Good];

    /// The word in the text.
    pub fn name(self) -> &'static str {
        match self {
            EmptyPmd::Bad => "bad",
            EmptyPmd::Good => "good",
        }
    }
}
