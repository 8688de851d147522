//! Rules of the operations: who may do them, what their names mean, what must have come before.
//!
//! The order matters within one thread only. Whether a process still exists when another thread
//! names it is a matter of the schedule, and no mistake.

use super::{
    Item, Place, Verdict, bounds,
    processes::declares_nothing,
    scope::{Scope, operations, user_process},
};
use crate::case::{
    Argument, Completion, Operation, Process, ProcessKind,
    error::{allowed, quote},
};
use crate::operation::{self, Parameter, Rule, Who};

/// Checks every operation of the case.
pub(super) fn check(scope: &Scope) -> Verdict {
    let mut history = History::default();
    let mut children = Vec::new();
    for (at, operation) in operations(scope.case) {
        let here = Here { scope, process: at[0], item: Item::Operation(at[0], at[1], at[2]) };
        if at[2] == 0 {
            history = History::default();
        }
        here.check_permission(operation)?;
        here.check_arguments(operation)?;
        here.check_relation(operation, &mut children)?;
        history.check(here.place(""), operation)?;
    }
    Ok(())
}

/// The operation that is being checked.
#[derive(Clone, Copy)]
struct Here<'a> {
    scope: &'a Scope<'a>,
    process: usize,
    item: Item,
}

impl<'a> Here<'a> {
    fn place(self, key: &'static str) -> Place {
        Place::new(self.item, key)
    }

    fn check_permission(self, operation: &Operation) -> Verdict {
        let name = operation.name();
        match self.scope.case.processes[self.process].kind {
            ProcessKind::Kernel => self.place("").demand(operation.kind.who != Who::User, || {
                let message = format!("a kernel thread cannot `{name}`");
                let others = operation::all().filter(|kind| kind.who != Who::User);
                let others: Vec<_> = others.map(|kind| quote(kind.word)).collect();
                (message, format!("it can {}", others.join(", ")))
            }),
            ProcessKind::User => self.place("").demand(operation.kind.who != Who::Kernel, || {
                let message = format!("a user process cannot `{name}`");
                (message, "only a thread of a `kthread` can".into())
            }),
        }
    }

    /// A VMA named after a process is that process's.
    fn check_arguments(self, operation: &Operation) -> Verdict {
        let mut space = self.process;
        for argument in &operation.arguments {
            match argument {
                Argument::Process(name) => space = self.resolve_process(name)?,
                Argument::Vma(name) => self.check_vma(space, name)?,
                Argument::Context(name) => self.check_context(name)?,
                Argument::Pages(pages) => bounds::ALLOC.check(*pages, self.place("N"))?,
                Argument::Jiffies(jiffies) => bounds::JIFFIES.check(*jiffies, self.place("N"))?,
                Argument::Completion(completion) => self.check_completion(*completion)?,
            }
        }
        Ok(())
    }

    fn resolve_process(self, name: &str) -> Result<usize, super::Problem> {
        let found = user_process(self.scope.case, name);
        let place = self.place("PROCESS");
        let help = || allowed(name, "user processes", &self.scope.users());
        place.demand(found.is_some(), || {
            (format!("there is no user process {}", quote(name)), help())
        })?;
        Ok(found.unwrap_or(self.process))
    }

    fn check_vma(self, space: usize, name: &str) -> Verdict {
        let found = self.scope.vma(space, name).is_some();
        self.place("VMA").demand(found, || {
            let owner = self.scope.owner(space);
            let names: Vec<_> = owner.vmas.iter().map(|vma| vma.name.as_str()).collect();
            let message = format!("`{}` has no VMA {}", owner.name, quote(name));
            (message, allowed(name, &format!("VMAs of `{}`", owner.name), &names))
        })
    }

    fn check_context(self, name: &str) -> Verdict {
        let owner = self.scope.owner(self.process);
        let found = owner.contexts.iter().any(|context| context == name);
        self.place("CONTEXT").demand(found, || {
            let message = format!("`{}` has no AIO context {}", owner.name, quote(name));
            (message, allowed(name, &format!("AIO contexts of `{}`", owner.name), &owner.contexts))
        })
    }

    fn check_completion(self, completion: Completion) -> Verdict {
        match completion {
            Completion::After(n) | Completion::ErrorAfter(n) => {
                bounds::JIFFIES.check(n, self.place("COMPLETION"))
            }
            Completion::AfterAlloc | Completion::Never => Ok(()),
        }
    }

    fn check_relation(self, operation: &'a Operation, children: &mut Vec<&'a str>) -> Verdict {
        for (parameter, argument) in operation.kind.parameters.iter().zip(&operation.arguments) {
            match (parameter, argument) {
                (Parameter::Unmapped, Argument::Vma(vma)) => self.check_mmap(vma)?,
                (Parameter::Child, Argument::Process(child)) => self.check_child(child)?,
                (Parameter::Host, Argument::Process(host)) => {
                    self.check_mmu(self.scope.owner(self.resolve_process(host)?))?;
                }
                _ => {}
            }
        }
        if operation.kind.rule == Rule::Close {
            self.check_close()?;
        }
        let Some(child) = operation.starts() else { return Ok(()) };
        self.check_vfork(child, children)?;
        children.push(child);
        Ok(())
    }

    fn check_mmap(self, name: &str) -> Verdict {
        let vma = self.scope.vma(self.process, name);
        self.place("VMA").demand(vma.is_some_and(|vma| vma.unmapped), || {
            let message = format!("the VMA `{name}` is mapped from the start");
            (message, "`mmap` is for a VMA that is declared `unmapped`".into())
        })
    }

    fn check_mmu(self, process: &Process) -> Verdict {
        self.place("").demand(process.notifiers > 0, || {
            let message = format!("`{}` has no secondary MMU", process.name);
            (message, format!("declare it as `process {} notifiers 1`", process.name))
        })
    }

    fn check_close(self) -> Verdict {
        let (this, owner) =
            (&self.scope.case.processes[self.process], self.scope.owner(self.process));
        self.place("").demand(this.name == owner.name, || {
            let message = format!("`{}` has no secondary MMU open", this.name);
            (message, format!("those of its address space belong to `{}`", owner.name))
        })?;
        self.check_mmu(owner)
    }

    fn check_child(self, child: &str) -> Verdict {
        let [this, child] = [self.process, self.resolve_process(child)?]
            .map(|index| &self.scope.case.processes[index]);
        let ours = child.parent.as_deref() == Some(this.name.as_str());
        self.place("PROCESS").demand(ours, || {
            let message = format!("`{}` is not a child of `{}`", child.name, this.name);
            (message, format!("declare it as `process {} parent {}`", child.name, this.name))
        })
    }

    fn check_vfork(self, name: &str, children: &[&str]) -> Verdict {
        let place = self.place("PROCESS");
        place.demand(!children.contains(&name), || {
            (format!("`{name}` is started twice"), "one `vfork` for each process".into())
        })?;
        let index = self.resolve_process(name)?;
        let child = &self.scope.case.processes[index];
        place.demand(child.shares.is_none(), || {
            let message = format!("`{name}` has an address space through `shares`");
            (message, "a process that `vfork` starts borrows its parent's".into())
        })?;
        declares_nothing(
            self.scope.case,
            index,
            "is started by `vfork` and borrows an address space",
        )?;
        place.demand(self.scope.ends_at_an_owner(index), || {
            let message = format!("`{name}` and its parents start each other by `vfork`");
            (message, "the first of them must start by itself".into())
        })
    }
}

/// What a thread did so far, as far as later operations depend on it.
#[derive(Default)]
struct History<'a> {
    ended: bool,
    references: usize,
    borrowed: Option<&'a str>,
}

impl<'a> History<'a> {
    fn check(&mut self, place: Place, operation: &'a Operation) -> Verdict {
        place.demand(!self.ended, || {
            let message = format!("`{}` comes after the thread's exit", operation.name());
            (message, "`exit` and `exit_group` are the last operation of a thread".into())
        })?;
        let process = operation.process();
        match operation.kind.rule {
            Rule::End => self.ended = true,
            Rule::Take => self.references += 1,
            Rule::Drop => self.drop_reference(place, operation)?,
            Rule::Borrow => self.borrow(place, process)?,
            Rule::GiveBack => self.give_back(place)?,
            Rule::None | Rule::Start | Rule::Close => {}
        }
        if operation.kind.parameters.contains(&Parameter::Borrowed) {
            self.copy(place, process)?;
        }
        Ok(())
    }

    fn drop_reference(&mut self, place: Place, operation: &Operation) -> Verdict {
        place.demand(self.references > 0, || {
            let message = format!("`{}` without a reference to drop", operation.name());
            (message, "each needs a `get_task_mm` of its own before it in the same thread".into())
        })?;
        self.references -= 1;
        Ok(())
    }

    fn borrow(&mut self, place: Place, process: Option<&'a str>) -> Verdict {
        place.demand(self.borrowed.is_none(), || {
            let message = "this thread uses an address space already".into();
            (message, "`unuse_mm` gives it back".into())
        })?;
        self.borrowed = process;
        Ok(())
    }

    fn copy(&self, place: Place, process: Option<&str>) -> Verdict {
        place.demand(self.borrowed == process, || {
            let process = process.unwrap_or_default();
            let message = format!("this thread does not use the address space of `{process}` here");
            (message, format!("`use_mm {process}` borrows it, until `unuse_mm`"))
        })
    }

    fn give_back(&mut self, place: Place) -> Verdict {
        place.demand(self.borrowed.is_some(), || {
            let message = "this thread uses no address space here".into();
            (message, "`use_mm PROCESS` borrows one".into())
        })?;
        self.borrowed = None;
        Ok(())
    }
}
