//! Rules of the processes' own lines: names, bounds, relations, mappings.
//!
//! Relations are checked here as far as they are written in keys (`shares`, `parent`); what `vfork`
//! asks of its child stands with the operations.

use super::{
    Item, Place, Verdict, bounds, check_name,
    scope::{is_vforked, user_names, user_process},
};
use crate::case::{
    Case, Process, ProcessKind, Release, Thread, Vma, VmaKind,
    error::{allowed, quote},
    limit,
};
use crate::daemon;

/// Checks every process by itself and in relation to the others.
pub(super) fn check(case: &Case) -> Verdict {
    Place::new(Item::Case, "").demand(!case.processes.is_empty(), || {
        let help = "declare at least one `process` or `kthread`";
        ("the case has no process".into(), help.into())
    })?;
    let count = case.processes.len();
    bounds::at_most(count, limit::PROCESSES, "processes", Item::Process(limit::PROCESSES))?;
    (0..count).try_for_each(|index| check_process(case, index))
}

fn check_process(case: &Case, index: usize) -> Verdict {
    let process = &case.processes[index];
    let place = Place::new(Item::Process(index), "");
    let earlier: Vec<_> = case.processes[..index].iter().map(|p| p.name.as_str()).collect();
    check_name(place, &process.name, &earlier, "processes")?;
    let reserved = daemon::reserved();
    place.demand(!reserved.contains(&process.name.as_str()), || {
        let message = format!("`{}` is a task of the machine itself", process.name);
        let reserved: Vec<_> = reserved.iter().map(|name| quote(name)).collect();
        (message, format!("any name but {}", reserved.join(", ")))
    })?;
    match process.kind {
        ProcessKind::User => check_user(case, index)?,
        ProcessKind::Kernel => check_kernel_thread(process, index)?,
    }
    check_threads(process, index)
}

fn check_user(case: &Case, index: usize) -> Verdict {
    let process = &case.processes[index];
    let place = |key| Place::new(Item::Process(index), key);
    check_shares(case, index)?;
    check_parent(case, index)?;
    bounds::ADJ.check(process.adj, place("adj"))?;
    bounds::NOTIFIERS.check(process.notifiers, place("notifiers"))?;
    check_release(process, place("release"))?;
    check_vmas(process, index)?;
    check_contexts(process, index)
}

fn check_release(process: &Process, place: Place) -> Verdict {
    place.demand(process.release == Release::Plain || process.notifiers > 0, || {
        let message = format!("`{}` has nothing that could be released", process.name);
        (message, "`release` is about secondary MMUs: declare some with `notifiers N`".into())
    })
}

fn check_kernel_thread(process: &Process, index: usize) -> Verdict {
    let key = |key| Place::new(Item::Process(index), key);
    let belongings = [
        (process.shares.is_some(), key("shares")),
        (process.parent.is_some(), key("parent")),
        (process.adj != 0, key("adj")),
        (process.notifiers != 0, key("notifiers")),
        (process.release != Release::Plain, key("release")),
        (!process.vmas.is_empty(), Place::new(Item::Vma(index, 0), "")),
        (!process.contexts.is_empty(), Place::new(Item::Context(index, 0), "")),
        (process.threads.len() > 1, Place::new(Item::Thread(index, 1), "")),
    ];
    belongings.into_iter().try_for_each(|(violated, place)| {
        place.demand(!violated, || {
            let message = format!("the kernel thread `{}` cannot have this", process.name);
            (message, "a `kthread` has one thread, and no keys, VMAs or AIO contexts".into())
        })
    })
}

fn check_shares(case: &Case, index: usize) -> Verdict {
    let Some(shared) = &case.processes[index].shares else {
        return Ok(());
    };
    let earlier = user_process(case, shared).filter(|&other| other < index);
    let place = Place::new(Item::Process(index), "shares");
    place.demand(earlier.is_some(), || {
        let users = user_names(case);
        let before = case.processes[..index].iter().map(|p| p.name.as_str());
        let before: Vec<_> = before.filter(|name| users.contains(name)).collect();
        let message = format!("there is no earlier user process {}", quote(shared));
        (message, allowed(shared, "user processes above", &before))
    })?;
    let owns = earlier.is_some_and(|other| case.processes[other].shares.is_none());
    place.demand(owns && !is_vforked(case, shared), || {
        let message = format!("`{shared}` has no address space of its own");
        (message, "name the process that owns it".into())
    })?;
    declares_nothing(case, index, "shares the address space of another process")
}

/// Rule for those who borrow an address space: they must not describe it.
pub(super) fn declares_nothing(case: &Case, index: usize, because: &str) -> Verdict {
    let process = &case.processes[index];
    let declared = [
        (!process.vmas.is_empty(), Place::new(Item::Vma(index, 0), "")),
        (!process.contexts.is_empty(), Place::new(Item::Context(index, 0), "")),
        (process.notifiers != 0, Place::new(Item::Process(index), "notifiers")),
    ];
    declared.into_iter().try_for_each(|(violated, place)| {
        place.demand(!violated, || {
            let message = format!("`{}` {because}", process.name);
            (message, "declare VMAs, AIO contexts and notifiers at its owner".into())
        })
    })
}

fn check_parent(case: &Case, index: usize) -> Verdict {
    let process = &case.processes[index];
    let Some(parent) = &process.parent else {
        return Ok(());
    };
    let another = *parent != process.name && user_process(case, parent).is_some();
    Place::new(Item::Process(index), "parent").demand(another, || {
        let others: Vec<_> = user_names(case).into_iter().filter(|n| *n != process.name).collect();
        let message = format!("there is no other user process {}", quote(parent));
        (message, allowed(parent, "other user processes", &others))
    })
}

fn check_vmas(process: &Process, index: usize) -> Verdict {
    bounds::at_most(process.vmas.len(), limit::VMAS, "VMAs", Item::Vma(index, limit::VMAS))?;
    let names: Vec<_> = process.vmas.iter().map(|vma| vma.name.as_str()).collect();
    for (number, vma) in process.vmas.iter().enumerate() {
        let place = Place::new(Item::Vma(index, number), "");
        check_name(place, &vma.name, &names[..number], "VMAs")?;
        check_vma(Item::Vma(index, number), vma)?;
    }
    Ok(())
}

fn check_vma(item: Item, vma: &Vma) -> Verdict {
    let place = |key| Place::new(item, key);
    bounds::PAGES.check(vma.pages, place("pages"))?;
    let anonymous = vma.kind == VmaKind::Anon;
    let lockable = !matches!(vma.kind, VmaKind::Hugetlb | VmaKind::Pfnmap);
    check_flag(place("locked"), vma, !vma.locked || lockable, "anon, file, shared")?;
    check_flag(place("huge"), vma, !vma.huge || anonymous, "anon")?;
    check_flag(place("mergeable"), vma, !vma.mergeable || anonymous, "anon")?;
    place("pages").demand(!vma.huge || vma.pages.is_multiple_of(4), || {
        let message = format!("{} pages are no whole number of huge pages", vma.pages);
        (message, "`huge`: a multiple of 4 pages".into())
    })
}

fn check_flag(place: Place, vma: &Vma, fits: bool, kinds: &str) -> Verdict {
    place.demand(fits, || {
        let message = format!("a VMA of kind `{}` cannot be `{}`", vma.kind.name(), place.key);
        (message, format!("`{}` is for: {kinds}", place.key))
    })
}

fn check_contexts(process: &Process, index: usize) -> Verdict {
    let names: Vec<_> = process.contexts.iter().map(String::as_str).collect();
    let excess = Item::Context(index, limit::CONTEXTS);
    bounds::at_most(names.len(), limit::CONTEXTS, "AIO contexts", excess)?;
    (0..names.len()).try_for_each(|number| {
        let place = Place::new(Item::Context(index, number), "");
        check_name(place, names[number], &names[..number], "AIO contexts")
    })
}

fn check_threads(process: &Process, index: usize) -> Verdict {
    Place::new(Item::Process(index), "").demand(!process.threads.is_empty(), || {
        let message = format!("the process `{}` has no thread", process.name);
        (message, "add a line such as `thread main: exit`".into())
    })?;
    let excess = Item::Thread(index, limit::THREADS);
    bounds::at_most(process.threads.len(), limit::THREADS, "threads", excess)?;
    let names: Vec<_> = process.threads.iter().map(|thread| thread.name.as_str()).collect();
    for (number, thread) in process.threads.iter().enumerate() {
        let place = Place::new(Item::Thread(index, number), "");
        check_name(place, &thread.name, &names[..number], "threads")?;
        check_length(thread, index, number)?;
    }
    Ok(())
}

fn check_length(thread: &Thread, process: usize, number: usize) -> Verdict {
    let excess = Item::Operation(process, number, limit::OPERATIONS);
    bounds::at_most(thread.operations.len(), limit::OPERATIONS, "operations", excess)
}
