//! The seed's scenario on shuttle's own primitives, as the kernel's code of v4.15 executes it.
//!
//! `Mutex` stands for mutex and spinlock, `RwLock` for `mmap_sem`, `Condvar` for wait queues, an atomic for
//! each counter, flag word and field that is read or written without a lock. Freeing an object clears
//! its `alive` flag. Each operation of the model that is a scheduling point has its counterpart here, and
//! nothing else is one, except that a `Condvar` needs a `Mutex` around it.

use crate::objects::*;
use shuttle::scheduler::RandomScheduler;
use shuttle::sync::atomic::Ordering::SeqCst;
use shuttle::{Config, FailurePersistence, Runner, thread};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Runs it so often, and returns how many scheduling decisions were made.
pub fn run(times: u32) -> u64 {
    let before = DECISIONS.load(Relaxed);
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    config.silence_warnings = true;
    Runner::new(RandomScheduler::new(times as usize), config).run(scenario);
    DECISIONS.load(Relaxed) - before
}

/// The decisions that starting seven threads takes. Those of mmreap do not count them either.
const STARTING: u64 = 7;

/// Scheduling decisions of all runs, counted by shuttle and added when a run ends.
static DECISIONS: AtomicU64 = AtomicU64::new(0);

fn scenario() {
    let machine = Arc::new(Machine::new());
    type Role = fn(&Machine);
    let users: [Role; 3] = [Machine::victim, Machine::reader, Machine::killer];
    let daemons: [Role; 3] = [Machine::device, Machine::oom_reaper, Machine::kworker];
    for role in users.into_iter().chain(daemons) {
        let machine = machine.clone();
        thread::spawn(move || role(&machine));
    }
}

/// The last thread to end drops the machine.
impl Drop for Machine {
    fn drop(&mut self) {
        DECISIONS.fetch_add(shuttle::current::context_switches() as u64 - STARTING, Relaxed);
    }
}

/// The threads.
impl Machine {
    fn victim(&self) {
        self.mm.ioctx_table.load(SeqCst);
        self.mm.reqs.fetch_add(1, SeqCst);
        self.mm.submitted.wake_up(|submitted| *submitted = true);
        drop(self.victim.own.wait_event(|own| own.killed));
        self.do_exit(&self.victim, 1);
    }

    fn reader(&self) {
        let leader = self.victim.task_lock();
        let pinned = leader.mm;
        if pinned {
            self.mm.users.fetch_add(1, SeqCst);
        }
        drop(leader);
        if pinned {
            self.mmput();
        }
    }

    fn killer(&self) {
        let oom_lock = self.oom_lock.lock().unwrap();
        if self.select_bad_process() {
            self.oom_kill_process();
            thread::sleep(Duration::ZERO);
        }
        drop(oom_lock);
        self.killer.mm.load(SeqCst);
        self.do_exit(&self.killer, 4);
    }

    fn device(&self) {
        drop(self.mm.submitted.wait_event(|submitted| *submitted));
        self.mm.complete.store(true, SeqCst);
        self.mm.request.free();
        self.put_reqs();
    }

    /// The reaper; nobody else is killed.
    fn oom_reaper(&self) {
        drop(self.reaper.wait_event(|queued| *queued));
        self.oom_reap_task();
    }

    /// The worker; nobody asks for more than these two.
    fn kworker(&self) {
        for _ in 0..2 {
            let work = self.work.wait_event(|work| !work.is_empty()).remove(0);
            match work {
                Work::FreeIoctx => self.mm.ctx.free(),
                Work::Mmdrop => self.mmdrop(),
            }
        }
    }
}

/// The exit path.
impl Machine {
    fn do_exit(&self, task: &Task, number: u32) {
        task.flags.fetch_or(PF_EXITING, SeqCst);
        task.live.fetch_sub(1, SeqCst);
        let had_mm = std::ptr::eq(task, &self.victim);
        if had_mm {
            self.exit_mm(task);
        }
        self.processes.fetch_and(!number, SeqCst);
        self.put_task_struct(task);
        if had_mm {
            self.mmdrop();
        }
        self.put_task_struct(task);
    }

    fn exit_mm(&self, task: &Task) {
        let mmap_sem = self.mm.mmap_sem.read().unwrap();
        self.mm.count.fetch_add(1, SeqCst);
        let mut own = task.task_lock();
        own.mm = false;
        task.mm.store(false, SeqCst);
        drop(mmap_sem);
        drop(own);
        self.mmput();
        task.flags.fetch_and(!TIF_MEMDIE, SeqCst);
        if self.oom_victims.fetch_sub(1, SeqCst) == 1 {
            self.oom_victims_wait.notify_all();
        }
    }

    fn mmput(&self) {
        if self.mm.users.fetch_sub(1, SeqCst) == 1 {
            self.exit_aio();
            self.mm.has(MERGEABLE);
            self.mm.has(HUGEPAGE);
            self.exit_mmap();
            self.mm.exe_file.store(0, SeqCst);
            self.mm.binfmt.store(0, SeqCst);
            self.mmdrop();
        }
    }

    fn exit_aio(&self) {
        self.mm.ioctx_table.load(SeqCst);
        *self.mm.ioctx_lock.lock().unwrap() = true;
        self.put_reqs();
        if self.mm.waiter_count.fetch_sub(3, SeqCst) != 3 {
            drop(self.mm.waiter.wait_event(|done| *done));
        }
        self.mm.ctx_rq_wait.free();
    }

    fn put_reqs(&self) {
        if self.mm.reqs.fetch_sub(1, SeqCst) == 1 {
            if self.mm.waiter_count.fetch_sub(1, SeqCst) == 1 {
                self.mm.waiter.wake_up(|done| *done = true);
            }
            self.work.wake_up(|work| work.push(Work::FreeIoctx));
        }
    }

    fn exit_mmap(&self) {
        self.mm.mmap.load(SeqCst);
        let gather = Object::new();
        let pages = self.unmap_page_range();
        self.mm.vm_next.load(SeqCst);
        if self.mm.has(OOM_VICTIM) {
            self.mm.flags.fetch_or(OOM_SKIP, SeqCst);
            drop(self.mm.mmap_sem.write().unwrap());
        }
        self.mm.vm_next.load(SeqCst);
        self.mm.pmd.store(0, SeqCst);
        self.mm.tables[2].free();
        self.mm.pgd.store(0, SeqCst);
        self.mm.tables[1].free();
        self.tlb_finish_mmu(&gather, pages);
        self.mm.vma.free();
    }

    /// How many pages it took out of the table.
    fn unmap_page_range(&self) -> u32 {
        self.mm.pgd.load(SeqCst);
        self.mm.pmd.load(SeqCst);
        self.mm.pmd.load(SeqCst);
        std::mem::take(&mut *self.mm.ptl.lock().unwrap())
    }

    fn tlb_finish_mmu(&self, gather: &Object, pages: u32) {
        if pages > 0 {
            self.mm.tlb.fetch_add(1, SeqCst);
            self.free_pages.fetch_add(pages, SeqCst);
        }
        gather.free();
    }

    fn mmdrop(&self) {
        if self.mm.count.fetch_sub(1, SeqCst) == 1 {
            self.mm.tables[0].free();
            self.mm.structure.free();
        }
    }

    fn put_task_struct(&self, task: &Task) {
        if task.usage.fetch_sub(1, SeqCst) == 1 {
            task.structure.free();
            task.sigcnt.fetch_sub(1, SeqCst);
            if std::ptr::eq(task, &self.victim) {
                self.work.wake_up(|work| work.push(Work::Mmdrop));
            }
            task.process.free();
        }
    }
}

/// The OOM killer and its reaper.
impl Machine {
    fn select_bad_process(&self) -> bool {
        self.processes.load(SeqCst);
        self.victim.oom_mm.load(SeqCst);
        let own = self.victim.task_lock();
        let found = own.mm && !self.mm.has(OOM_SKIP);
        drop(own);
        self.reader.oom_mm.load(SeqCst);
        drop(self.reader.task_lock());
        self.victim.usage.fetch_add(1, SeqCst);
        found
    }

    fn oom_kill_process(&self) {
        let victim = &self.victim;
        let own = victim.task_lock();
        victim.group_exit.load(SeqCst);
        victim.flags.load(SeqCst);
        drop(own);
        self.processes.load(SeqCst);
        let mut own = victim.task_lock();
        victim.usage.fetch_add(1, SeqCst);
        self.mm.count.fetch_add(1, SeqCst);
        victim.group_exit.store(true, SeqCst);
        victim.flags.fetch_or(SIGKILL, SeqCst);
        own.killed = true;
        victim.own.waiters.notify_all();
        self.mark_oom_victim(victim);
        drop(own);
        self.processes.load(SeqCst);
        self.wake_oom_reaper(victim);
        self.mmdrop();
        self.put_task_struct(victim);
        self.put_task_struct(victim);
    }

    fn mark_oom_victim(&self, victim: &Task) {
        victim.flags.fetch_or(TIF_MEMDIE, SeqCst);
        victim.oom_mm.store(true, SeqCst);
        self.mm.count.fetch_add(1, SeqCst);
        self.mm.flags.fetch_or(OOM_VICTIM, SeqCst);
        self.oom_victims.fetch_add(1, SeqCst);
    }

    fn wake_oom_reaper(&self, victim: &Task) {
        self.reaper_list.load(SeqCst);
        victim.on_reaper_list.load(SeqCst);
        victim.usage.fetch_add(1, SeqCst);
        self.reaper.wake_up(|queued| *queued = true);
    }

    fn oom_reap_task(&self) {
        self.victim.oom_mm.load(SeqCst);
        while !self.oom_reap_task_mm() {
            thread::sleep(Duration::ZERO);
        }
        self.victim.on_reaper_list.store(false, SeqCst);
        self.mm.flags.fetch_or(OOM_SKIP, SeqCst);
        self.put_task_struct(&self.victim);
    }

    fn oom_reap_task_mm(&self) -> bool {
        let _oom_lock = self.oom_lock.lock().unwrap();
        let Ok(_mmap_sem) = self.mm.mmap_sem.try_read() else { return false };
        self.mm.notifiers.load(SeqCst);
        if self.mm.has(OOM_SKIP) {
            return true;
        }
        self.mm.flags.fetch_or(UNSTABLE, SeqCst);
        self.mm.mmap.load(SeqCst);
        self.mm.vm_flags.load(SeqCst);
        let gather = Object::new();
        let pages = self.unmap_page_range();
        self.tlb_finish_mmu(&gather, pages);
        self.mm.vm_next.load(SeqCst);
        true
    }
}
