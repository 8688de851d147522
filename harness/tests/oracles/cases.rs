//! Failures of releases and mutants, each with a schedule that names the moment.

use crate::common::assert_verdicts;

/// The last user is a bystander, so that v4.14 does not wait for the reaper; the reaper stops somewhere.
fn bystander_exits_while_reaper_is_at(place: &str, signature: &str) -> String {
    format!(
        "kernel v4.14
         machine frames 16 min 1 high 2 time any
         process victim
           vma heap anon 2 pages
           thread main: read heap
         process reader adj -1000
           thread main: get_task_mm victim; mmput
         kthread killer
           thread main: sysrq_f
         schedule in_order
           run reader until mmput
           run killer
           run victim
           run clock
           run killer
           run oom_reaper until {place}
           run reader
           run oom_reaper
         expect {signature}
         on v4.13 pass
         on v4.15 pass
         on v4.15+M04 {signature}
        "
    )
}

#[test]
fn pt_uaf() {
    assert_verdicts(&bystander_exits_while_reaper_is_at(
        "zap_pte_range/pte_offset_map_lock(pmd)",
        "O-PT-UAF page_table __oom_reap_task_mm exit_mmap",
    ));
}

#[test]
fn vma_uaf() {
    assert_verdicts(&bystander_exits_while_reaper_is_at(
        "for_each_vma/read(vm_next)",
        "O-VMA-UAF vma __oom_reap_task_mm exit_mmap",
    ));
}

/// B35: the reaper's gather says "full mm", so that nothing is flushed, but a thread still runs there.
#[test]
fn tlb() {
    assert_verdicts(
        "kernel v4.14
         machine frames 16 min 1 high 2 time any tlb lazy
         process victim
           vma heap anon 2 pages
           thread main: write heap
         kthread killer
           thread main: sysrq_f
         schedule in_order
           run victim
           run killer
           run clock
           run killer
           run oom_reaper
         expect O-TLB page __oom_reap_task_mm
         on v4.15 pass
        ",
    );
}

/// B07: write(2) reads a page that the reaper has taken away, and gets zeros.
#[test]
fn data() {
    assert_verdicts(
        "kernel v4.9
         machine frames 16 min 1 high 2 time any
         process victim
           vma heap anon 1 page
           thread main: write_file heap
         kthread killer
           thread main: sysrq_f
         schedule in_order
           run victim until copy_from_user
           run killer
           run clock
           run killer
           run oom_reaper
           run victim
         expect O-DATA page handle_mm_fault __oom_reap_task_mm
         on v4.13 pass
        ",
    );
}

/// A load maps the file's page where the reaper took a copy away, and a store copies that page in turn before
/// anybody reads it: what is wrong came with the load.
#[test]
fn data_that_was_copied_once_more() {
    let wrong = "O-DATA page do_fault_around __oom_reap_task_mm";
    assert_verdicts(&format!(
        "kernel v4.15
         machine frames 9 min 2 high 5 time any
         process p1
           vma v1 file 4 pages
           thread t1: write v1; alloc 1; write v1
         kthread k1
           thread t1: alloc 3; use_mm p1; copy_from_user p1 v1
         schedule in_order
           run p1 until user_mode/store(user_memory) nth 5
           run k1
           run clock
           run k1
           run clock
           run oom_reaper
           run k1 until __do_page_fault/up_read(mmap_sem)
           run p1
         expect {wrong}
         on v4.9 pass
         on v4.13 {wrong}
         on v4.14 {wrong}
        "
    ));
}

/// B02: the reaper finds no users, says that nobody need wait, and a bystander is killed for nothing.
#[test]
fn spur() {
    assert_verdicts(
        "kernel v4.13
         machine frames 16 min 1 high 2 time any
         process victim adj 500
           vma heap anon 4 pages
           thread main:
         process bystander
           vma heap anon 4 pages
           thread main:
         process hog adj -1000
           thread main: alloc 10
         schedule in_order
           run hog
           run victim until exit_mmap
           run clock
           run hog
           run oom_reaper
           run clock
           run hog
         expect O-SPUR mm oom_reap_task __oom_reap_task_mm/skip(no_users)
         on v4.14 pass
        ",
    );
}

/// The same skip, but the device is dead, so that the memory that was given up on never comes back.
#[test]
fn inv_skip() {
    assert_verdicts(
        "kernel v4.13
         machine frames 16 min 1 high 2 time any
         process victim
           vma heap anon 2 pages
           aio ring
           thread main: io_submit ring never
         kthread killer
           thread main: sysrq_f
         schedule in_order
           run victim
           run killer
           run victim
           run clock
           run killer
           run oom_reaper
         expect O-INV-SKIP mm oom_reap_task __oom_reap_task_mm/skip(no_users)
         on v4.14 pass
        ",
    );
}

/// B01: the victim waits for a device that waits for memory that waits for the victim.
#[test]
fn live() {
    assert_verdicts(
        "kernel v4.13+M01
         machine frames 16 min 1 high 2
         process victim
           vma heap anon 2 pages
           aio ring
           thread main: io_submit ring after_alloc; exit
         process hog adj -1000
           thread main: alloc 14
         schedule in_order
           run hog until __alloc_pages_slowpath
           run victim until exit_mm
           run hog
         expect O-LIVE oom_killer exit_aio out_of_memory
         on v4.14 pass
        ",
    );
}

/// B60: who shares the victim's address space is not killed, and loses its memory.
#[test]
fn lost_data() {
    assert_verdicts(
        "kernel v4.15+M30
         machine frames 5 min 1 high 2
         process victim adj 500
           vma heap anon 1 page
           thread main:
         process sharer shares victim adj -1000
           thread main: sleep 2; read heap
         kthread killer
           thread main: sysrq_f
         expect O-DATA page user_mode __oom_reap_task_mm
         on v4.9 pass
         on v4.15 pass
        ",
    );
}

/// The exit path says too early that nobody need wait for it.
#[test]
fn spur_by_the_exit_path() {
    assert_verdicts(
        "kernel v4.15+M11
         machine frames 5 min 4 high 4 time any
         process victim adj 500
           vma heap anon 1 page
           thread main:
         process bystander
           thread main: alloc 1
         schedule in_order
           run bystander
           run victim until unmap_vmas
           run clock
           run bystander
           run clock
           run bystander
         expect O-SPUR mm exit_mmap
         on v4.15 pass
        ",
    );
}

/// A kill by hand does not wait for earlier victims, but does not choose those that were given up on.
#[test]
fn spur_of_the_same_address_space() {
    assert_verdicts(
        "kernel v4.15+M27
         machine frames 5 min 1 high 2 time any
         process victim
           vma heap anon 1 page
           thread main:
         kthread killer
           thread main: sysrq_f; sysrq_f
         schedule in_order
           run killer
           run clock
           run killer until moom_callback/mutex_lock(oom_lock)
           run oom_reaper
           run killer
         expect O-SPUR mm oom_kill_process oom_reap_task
         on v4.15 pass
        ",
    );
}
