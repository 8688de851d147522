//! Whether a case has any other schedule that fails: `cargo run --release -p mmreap-harness --example given_case`.

use mmreap::release::V4_14;
use mmreap_harness::case::parse::parse;
use mmreap_harness::{Budget, Harness};

const CASE: &str = "mmreap case 1
kernel v4.14

process victim
  vma heap anon 1 page
  thread main:

kthread reader
  thread main: get_task_mm victim; sysrq_f
";

fn main() {
    let case = parse(CASE).unwrap_or_else(|error| panic!("{error}"));
    let report = Harness::new().kernel(&V4_14).attack_near(vec![case], Budget::runs(5_000));
    for found in &report.findings {
        println!("{}", found.failure.headline());
    }
}
