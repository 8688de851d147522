//! What becomes of a dead task: `exit_notify`, `release_task`, and `wait4`.
//!
//! A thread is released at once, a leader when all others are gone and its parent has waited for it. Each
//! section under `tasklist_lock` is one step. Source: kernel/exit.c of v4.9 to v4.15. Pid 1 waits for every
//! child at once, as if it ignored SIGCHLD; nobody traces anybody.

use crate::memory::{Assertion, Handle, bug_on};
use crate::sync::bits::peek_bit;
use crate::sync::point::{Access, point};
use crate::sync::rwlock::write_section;
use crate::sync::wait::{complete_locked, wait_event_killable};
use crate::task::{
    ExitState, Signal, Task, TaskFlag, current, detach, find_task_by_vpid, for_each_thread,
    put_task_struct_rcu, same_thread_group, tasklist_lock, thread_group_empty,
};
use crate::trace::enter;
use crate::trace::noun::EXIT_STATE;

/// `exit_notify`: children get another parent; a leader becomes a zombie, unless nobody waits for it.
pub(super) fn exit_notify(task: Handle<Task>) {
    let _call = enter("exit_notify");
    let dead = write_section(tasklist_lock(), || {
        let mut dead = forget_original_parent(task);
        if !is_leader(task) || (thread_group_empty(task) && do_notify_parent(task)) {
            set_exit_state(task, ExitState::Dead);
            dead.push(task);
        } else {
            set_exit_state(task, ExitState::Zombie);
        }
        dead
    });
    dead.into_iter().for_each(release_task);
}

fn is_leader(task: Handle<Task>) -> bool {
    task.peek(|task| task.signal).peek(|signal| signal.leader == Some(task))
}

fn exit_state(task: Handle<Task>) -> ExitState {
    task.peek_at(EXIT_STATE, |task| task.exit_state)
}

fn set_exit_state(task: Handle<Task>, state: ExitState) {
    task.poke_at(EXIT_STATE, |task| task.exit_state = state);
}

/// A leader that is dead, and whose other threads are gone.
fn is_zombie(leader: Handle<Task>) -> bool {
    exit_state(leader) == ExitState::Zombie && thread_group_empty(leader)
}

/// `forget_original_parent`: a thread's children are those of another thread of its process that does not
/// exit, or pid 1's; the zombies among these are dead.
fn forget_original_parent(father: Handle<Task>) -> Vec<Handle<Task>> {
    if father.peek_at("children", |father| father.children.is_empty()) {
        return Vec::new();
    }
    let children = father.poke_at("children", |father| std::mem::take(&mut father.children));
    let reaper = for_each_thread(father).find(|&thread| !peek_bit(thread, TaskFlag::Exiting));
    for &child in &children {
        child.poke_at("real_parent", |child| child.real_parent = reaper);
    }
    if let Some(reaper) = reaper {
        reaper.poke_at("children", |reaper| reaper.children.extend(children));
        return Vec::new();
    }
    let released = |&child: &Handle<Task>| is_zombie(child) && do_notify_parent(child);
    let dead: Vec<_> = children.into_iter().filter(released).collect();
    dead.iter().for_each(|&child| set_exit_state(child, ExitState::Dead));
    dead
}

/// `do_notify_parent`: wakes a parent that may wait, or says that nobody waits.
pub fn do_notify_parent(leader: Handle<Task>) -> bool {
    let is_last = is_leader(leader) && thread_group_empty(leader);
    bug_on(!is_last, Assertion::NOTIFY_PARENT, leader.object());
    let nobody_waits = leader.peek_at("real_parent", |leader| leader.real_parent.is_none());
    if !nobody_waits {
        complete_locked(leader.peek(|leader| leader.signal).object(), "zombie");
    }
    nobody_waits
}

/// `release_task`: the task leaves its process, and a leader the list. A dead leader whose last thread this
/// was, and for whom nobody waits, follows.
fn release_task(task: Handle<Task>) {
    let _call = enter("release_task");
    let leader = write_section(tasklist_lock(), || {
        exit_signal(task);
        leader_to_follow(task)
    });
    put_task_struct_rcu(task);
    leader.into_iter().for_each(release_task);
}

/// `__exit_signal` and `__unhash_process`.
fn exit_signal(task: Handle<Task>) {
    if is_leader(task) {
        let parent = task.peek_at("real_parent", |task| task.real_parent);
        if let Some(parent) = parent {
            parent.poke_at("children", |parent| parent.children.retain(|&child| child != task));
        }
        detach(task);
    }
    let signal = task.peek(|task| task.signal);
    signal.poke_at("thread_list", |signal| signal.threads.retain(|other| *other != task));
}

fn leader_to_follow(task: Handle<Task>) -> Option<Handle<Task>> {
    let leader = task.peek(|task| task.signal).peek(|signal| signal.leader);
    let leader = leader.filter(|&leader| leader != task && is_zombie(leader))?;
    do_notify_parent(leader).then(|| {
        set_exit_state(leader, ExitState::Dead);
        leader
    })
}

/// `wait4`: sleeps until the child is a zombie, and releases it unless another thread did.
pub fn sys_wait4(child: Handle<Signal>) {
    let _call = enter("do_wait");
    let zombie_or_gone = || child_of_current(child).is_none_or(is_zombie);
    if !wait_event_killable(child.object(), "zombie", zombie_or_gone) {
        return;
    }
    point(child.object(), Access::Update, "cmpxchg", EXIT_STATE);
    if let Some(leader) = child_of_current(child).filter(|&leader| is_zombie(leader)) {
        set_exit_state(leader, ExitState::Dead);
        release_task(leader);
    }
}

/// The leader of a process, if one of the running process's threads is its parent.
fn child_of_current(child: Handle<Signal>) -> Option<Handle<Task>> {
    let leader = find_task_by_vpid(child)?;
    let parent = leader.peek_at("real_parent", |leader| leader.real_parent)?;
    same_thread_group(parent, current()).then_some(leader)
}
