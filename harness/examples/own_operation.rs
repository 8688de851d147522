//! An own operation: `cargo run --release -p mmreap-harness --example own_operation`.

use mmreap::prelude::*;
use mmreap::task::{find_task_by_vpid, rcu_read};
use mmreap::trace::noun::MM;
use mmreap_harness::campaign::finish;
use mmreap_harness::minimize;
use mmreap_harness::operation::{Call, Kind, Next, Parameter, Who};
use mmreap_harness::run::Runner;
use mmreap_harness::{Budget, Harness};

/// A file in /proc that says how large an address space is, by somebody who takes no reference on it.
static PROC_SIZE: Kind = Kind::new("proc_size", Who::User, "read /proc/PID/size", proc_size)
    .parameters(&[Parameter::Process])
    .weights(20, 0);

fn proc_size(call: &Call<'_>) -> Next {
    let _call = enter("proc_size");
    let mm = rcu_read(|| read(find_task_by_vpid(call.process())?, MM, |task| task.mm));
    if let Some(mm) = mm {
        read(mm, "total_vm", |_| ());
    }
    Next::Operation
}

fn main() {
    let harness = Harness::new().operation(&PROC_SIZE);
    let report = harness.attack(Budget::runs(2_000));
    let found = report.findings.iter().find(|it| it.failure.signature.sites[0] == "proc_size");
    let Some(found) = found else { return println!("not in {} runs", report.totals.runs) };
    let budget = minimize::Budget::default();
    let small = finish(&mut Runner::new(), found, harness.target(), &budget, &mut |_| ());
    println!("{}\n\n{}", found.failure.headline(), small.case);
}
