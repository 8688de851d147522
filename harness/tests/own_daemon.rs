//! A kernel thread of somebody's own. It is in the machine of every case of this process, so it has a test program to
//! itself.

mod common;

use common::changes::{assert_drawn_aside, generated};
use mmreap::prelude::*;
use mmreap::task::{for_each_process, rcu_read};
use mmreap::trace::noun::MM;
use mmreap_harness::case::parse::parse;
use mmreap_harness::run::Runner;
use mmreap_harness::{Budget, Harness, daemon};

/// Looks at all address spaces again after a second, and has no reference on any. Who is alone is not looked at.
static KSTALED: Daemon =
    Daemon { has_work: Some(|w| w.mms.all().count() > 1), ..Daemon::new("kstaled", |_| kstaled()) };

fn kstaled() {
    let _call = enter("kstaled");
    let mm = |process: Handle<Task>| read(process, MM, |task| task.mm);
    let mms: Vec<_> = rcu_read(|| for_each_process().filter_map(mm).collect());
    schedule_timeout_idle(HZ);
    for mm in mms {
        read(mm, "total_vm", |_| ());
    }
}

const TWO: &str = "mmreap case 1
kernel v4.15

process p1
  thread t1: exit

process p2
  thread t1: sleep 200; exit
";

#[test]
fn an_own_daemon_is_as_good_as_the_others() {
    let named_like_it = TWO.replace("p2", "kstaled");
    parse(&named_like_it).expect("a process can have the name");
    let harmless = Runner::new().run_case(&parse(TWO).expect("it can be read"), &V4_15).failure;
    assert_eq!(harmless, None);
    let before = generated();
    daemon::add(&KSTALED).expect("no other has the name");
    assert!(parse(&named_like_it).is_err_and(|it| it.message.contains("of the machine itself")));
    is_there_if_it_has_work();
    assert_drawn_aside(&before, |case| case.to_string().contains("kstaled"));
    what_it_breaks_is_found();
    is_refused_where_another_has_the_name();
}

fn is_there_if_it_has_work() {
    let threads = |text: &str| {
        let run = Runner::new().run_case(&parse(text).expect("it can be read"), &V4_15);
        let threads = run.world().threads().iter().map(|thread| thread.name.to_string());
        (threads.collect::<Vec<_>>(), run.failure.map(|it| it.signature.to_string()))
    };
    let (with, failure) = threads(&format!("{TWO}\nschedule in_order\n  run kstaled\n"));
    assert_eq!(with, ["clock", "p1", "p2", "oom_reaper", "kworker", "kstaled"]);
    assert_eq!(failure.as_deref(), Some("O-MM-UAF mm kstaled do_exit"));
    let (alone, failure) =
        threads("mmreap case 1\nkernel v4.15\n\nprocess p1\n  thread t1: exit\n");
    assert_eq!((alone.last().map(|it| &**it), failure), (Some("kworker"), None));
}

fn what_it_breaks_is_found() {
    let report = Harness::new().daemon(&KSTALED).attack(Budget::runs(500));
    let own = |signature: String| signature == "O-MM-UAF mm kstaled do_exit";
    assert!(report.findings.iter().any(|found| own(found.failure.signature.to_string())));
}

fn is_refused_where_another_has_the_name() {
    static SECOND: Daemon = Daemon::new("oom_reaper", |_| ());
    static CLOCK: Daemon = Daemon::new("clock", |_| ());
    static LOUD: Daemon = Daemon::new("KSTALED", |_| ());
    let refused = |daemon| daemon::add(daemon).expect_err("it is refused").to_string();
    assert_eq!(refused(&SECOND), "there is another `oom_reaper`");
    assert_eq!(refused(&CLOCK), "there is another `clock`");
    assert_eq!(refused(&LOUD), "no case can name `KSTALED`");
    daemon::add(&KSTALED).expect("again is as good as once");
}
