//! The objects of [`crate::primitives`]: the kernel's structures with the fields that the scenario touches.

use shuttle::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::SeqCst};
use shuttle::sync::{Condvar, Mutex, MutexGuard, RwLock};

pub const PF_EXITING: u32 = 1;
pub const TIF_MEMDIE: u32 = 2;
pub const SIGKILL: u32 = 4;
pub const OOM_SKIP: u32 = 1;
pub const OOM_VICTIM: u32 = 2;
pub const UNSTABLE: u32 = 4;
pub const MERGEABLE: u32 = 8;
pub const HUGEPAGE: u32 = 16;

/// A wait queue and the condition that it is about.
#[derive(Default)]
pub struct Queue<T> {
    pub state: Mutex<T>,
    pub waiters: Condvar,
}

impl<T> Queue<T> {
    pub fn wait_event(&self, condition: impl Fn(&T) -> bool) -> MutexGuard<'_, T> {
        let mut state = self.state.lock().unwrap();
        while !condition(&state) {
            state = self.waiters.wait(state).unwrap();
        }
        state
    }

    pub fn wake_up(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.state.lock().unwrap());
        self.waiters.notify_all();
    }
}

pub struct Object {
    pub alive: AtomicBool,
}

impl Object {
    pub fn new() -> Self {
        Object { alive: AtomicBool::new(true) }
    }

    pub fn free(&self) {
        self.alive.store(false, SeqCst);
    }
}

/// What `task_lock` protects.
pub struct Own {
    pub mm: bool,
    pub killed: bool,
}

/// A process with one thread.
pub struct Task {
    pub own: Queue<Own>,
    pub mm: AtomicBool,
    pub flags: AtomicU32,
    pub usage: AtomicI32,
    pub on_reaper_list: AtomicBool,
    pub live: AtomicI32,
    pub sigcnt: AtomicI32,
    pub group_exit: AtomicBool,
    pub oom_mm: AtomicBool,
    pub structure: Object,
    pub process: Object,
}

impl Task {
    pub fn new(mm: bool) -> Self {
        Task {
            own: Queue { state: Mutex::new(Own { mm, killed: false }), waiters: Condvar::new() },
            mm: AtomicBool::new(mm),
            flags: AtomicU32::new(0),
            usage: AtomicI32::new(2),
            on_reaper_list: AtomicBool::new(false),
            live: AtomicI32::new(1),
            sigcnt: AtomicI32::new(1),
            group_exit: AtomicBool::new(false),
            oom_mm: AtomicBool::new(false),
            structure: Object::new(),
            process: Object::new(),
        }
    }

    pub fn task_lock(&self) -> MutexGuard<'_, Own> {
        self.own.state.lock().unwrap()
    }
}

/// The victim's address space: one mapping of two pages, one AIO context with one request.
pub struct Mm {
    pub users: AtomicI32,
    pub count: AtomicI32,
    pub flags: AtomicU32,
    pub mmap_sem: RwLock<()>,
    pub mmap: AtomicU32,
    pub vm_next: AtomicU32,
    pub vm_flags: AtomicU32,
    pub pgd: AtomicU32,
    pub pmd: AtomicU32,
    pub ptl: Mutex<u32>,
    pub notifiers: AtomicU32,
    pub exe_file: AtomicU32,
    pub binfmt: AtomicU32,
    pub tlb: AtomicU32,
    pub ioctx_table: AtomicU32,
    pub ioctx_lock: Mutex<bool>,
    pub reqs: AtomicI32,
    pub waiter_count: AtomicI32,
    pub waiter: Queue<bool>,
    pub submitted: Queue<bool>,
    pub complete: AtomicBool,
    pub tables: [Object; 3],
    pub vma: Object,
    pub ctx: Object,
    pub ctx_rq_wait: Object,
    pub request: Object,
    pub structure: Object,
}

impl Mm {
    pub fn new() -> Self {
        Mm {
            users: AtomicI32::new(1),
            count: AtomicI32::new(1),
            flags: AtomicU32::new(0),
            mmap_sem: RwLock::new(()),
            mmap: AtomicU32::new(1),
            vm_next: AtomicU32::new(0),
            vm_flags: AtomicU32::new(0),
            pgd: AtomicU32::new(1),
            pmd: AtomicU32::new(1),
            ptl: Mutex::new(2),
            notifiers: AtomicU32::new(0),
            exe_file: AtomicU32::new(1),
            binfmt: AtomicU32::new(1),
            tlb: AtomicU32::new(0),
            ioctx_table: AtomicU32::new(1),
            ioctx_lock: Mutex::new(false),
            reqs: AtomicI32::new(1),
            waiter_count: AtomicI32::new(4),
            waiter: Queue::default(),
            submitted: Queue::default(),
            complete: AtomicBool::new(false),
            tables: [Object::new(), Object::new(), Object::new()],
            vma: Object::new(),
            ctx: Object::new(),
            ctx_rq_wait: Object::new(),
            request: Object::new(),
            structure: Object::new(),
        }
    }

    pub fn has(&self, flag: u32) -> bool {
        self.flags.load(SeqCst) & flag != 0
    }
}

#[derive(Clone, Copy)]
pub enum Work {
    FreeIoctx,
    /// The worker drops the reference, too, so that it always has two items: as many operations as in the
    /// model, some in another thread.
    Mmdrop,
}

pub struct Machine {
    pub victim: Task,
    pub reader: Task,
    pub killer: Task,
    pub mm: Mm,
    pub oom_lock: Mutex<()>,
    pub oom_victims: AtomicI32,
    pub oom_victims_wait: Condvar,
    pub processes: AtomicU32,
    pub reaper_list: AtomicU32,
    pub reaper: Queue<bool>,
    pub work: Queue<Vec<Work>>,
    pub free_pages: AtomicU32,
}

impl Machine {
    pub fn new() -> Self {
        Machine {
            victim: Task::new(true),
            reader: Task::new(false),
            killer: Task::new(false),
            mm: Mm::new(),
            oom_lock: Mutex::new(()),
            oom_victims: AtomicI32::new(0),
            oom_victims_wait: Condvar::new(),
            processes: AtomicU32::new(7),
            reaper_list: AtomicU32::new(0),
            reaper: Queue::default(),
            work: Queue::default(),
            free_pages: AtomicU32::new(0),
        }
    }
}
