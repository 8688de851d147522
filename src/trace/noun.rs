//! Names of fields, flags and conditions that somebody outside of the code that has them speaks of: a noun that is
//! renamed here is renamed for both, and one that is renamed elsewhere only does not exist here.

/// `mm_struct`: those who use what it maps.
pub const MM_USERS: &str = "mm_users";
/// `mm_struct`: those who hold the structure.
pub const MM_COUNT: &str = "mm_count";
/// `mm_struct`: the OOM killer does not wait for it any more.
pub const MMF_OOM_SKIP: &str = "MMF_OOM_SKIP";
/// `mm_struct`: somebody has begun to take its pages away.
pub const MMF_UNSTABLE: &str = "MMF_UNSTABLE";
/// `mm_struct`: it is a victim's.
pub const MMF_OOM_VICTIM: &str = "MMF_OOM_VICTIM";
/// `signal_struct`: the address space for which the OOM killer chose the process.
pub const OOM_MM: &str = "oom_mm";
/// `task_struct`: who waits for this child of `vfork`.
pub const VFORK_DONE: &str = "vfork_done";
/// The reaper's queue, and a task's link in it.
pub const OOM_REAPER_LIST: &str = "oom_reaper_list";
/// What the reaper sleeps on.
pub const OOM_REAPER_WAIT: &str = "oom_reaper_wait";
/// The count of victims.
pub const OOM_VICTIMS: &str = "oom_victims";
/// What a device sleeps on that needs somebody's allocation.
pub const ALLOCATION: &str = "allocation";
/// What a flush of the kernel worker sleeps on.
pub const FINISHED: &str = "finished";
/// `task_struct`: the address space that it uses.
pub const MM: &str = "mm";
/// `task_struct`: how far it has come with dying.
pub const EXIT_STATE: &str = "exit_state";
/// `task_struct`: the address space that its CPU has.
pub const ACTIVE_MM: &str = "active_mm";
/// `task_struct`: pages that it has allocated for itself.
pub const FRAMES: &str = "frames";
/// `task_struct`: address spaces that it holds.
pub const PINS: &str = "pins";
