//! Who acts: roles of the protocol, which a call has because the function that begins to act says so.
//!
//! One function may serve several: `__mmput` runs in a dying task, in a reader of /proc and in a worker, and who
//! takes a victim's pages away need not be the reaper's thread. So nobody infers from a function's name who acts. A
//! function with which somebody begins to act carries its role ([`Function::acting`]); what it calls inherits it.

/// Each role once: the variant, and its name in signatures.
macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident $name:literal;)*) => {
        /// What somebody does for the protocol. There are those that somebody asks about.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[$doc])* $role,)*
        }

        impl Role {
            /// The name in signatures.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Role::$role => $name,)*
                }
            }
        }
    };
}

roles! {
    /// Nothing in particular: user mode, a system call, a device, boot.
    #[default]
    Task "task";
    /// The exit path lets go of an address space or takes it down, for whomever.
    ExitPath "exit_path";
    /// The OOM reaper's thread.
    Reaper "reaper";
    /// A pass over a victim's address space that takes its private pages away, whoever makes it.
    Pass "pass";
    /// The OOM killer.
    OomKiller "oom_killer";
    /// The OOM killer's search for a victim.
    Search "search";
    /// An allocation that does not find free memory at once.
    Allocator "allocator";
    /// The kernel worker.
    Worker "worker";
}

/// Who acts: a role, and the one in which it was taken on, so that the reaper's pass and one of the exit path's
/// are told from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// What is being done.
    pub role: Role,
    /// What whoever does it was doing before.
    pub of: Role,
}

impl Actor {
    /// Who acts from where this role begins. Who has it already goes on.
    pub(crate) const fn taking(self, role: Option<Role>) -> Self {
        match role {
            Some(role) if role as u8 != self.role as u8 => Actor { role, of: self.role },
            _ => self,
        }
    }

    /// Whether it is this one who acts. A pass is a deed of whoever makes it.
    pub fn is(self, role: Role) -> bool {
        match self.role {
            Role::Pass => self.of == role,
            own => own == role,
        }
    }
}

/// A kernel function that somebody outside of it speaks of, be it for its role or as a place: its name, for calls
/// and for those who compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    name: &'static str,
    role: Option<Role>,
}

impl Function {
    /// A function that acts as its caller does.
    pub const fn new(name: &'static str) -> Self {
        Function { name, role: None }
    }

    /// A function with which somebody begins to act.
    pub const fn acting(name: &'static str, role: Role) -> Self {
        Function { name, role: Some(role) }
    }

    /// The kernel's name.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The role that begins with it, if one does.
    pub const fn role(self) -> Option<Role> {
        self.role
    }
}

impl From<&'static str> for Function {
    fn from(name: &'static str) -> Self {
        Function::new(name)
    }
}
