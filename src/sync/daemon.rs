//! Daemons: the machine's own kernel threads, each of which says in its file what it is called, what it needs before
//! anything runs, and what it does. `boot` has the list of them, and starts others with them.

use crate::sync::thread::Tid;
use crate::world::World;

/// A kernel thread of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Daemon {
    /// Its name, which no process of a case can have.
    pub name: &'static str,
    /// What it does.
    pub body: fn(Tid),
    /// Makes what it and those who talk to it need, whether it is there or not.
    pub boot: fn(&mut World),
    /// If it is there only if it has work when the machine is up, with which it begins: whether it has. Others are
    /// always there, and begin by waiting for work.
    pub has_work: Option<fn(&World) -> bool>,
}

impl Daemon {
    /// One that is always there, and needs nothing else.
    pub const fn new(name: &'static str, body: fn(Tid)) -> Self {
        Daemon { name, body, boot: |_| (), has_work: None }
    }
}
