//! probe
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let case = mmreap_harness::case::parse::parse(&text).unwrap();
    let rev = mmreap::revision::find(&case.kernel).unwrap();
    let mut r = mmreap_harness::run::Runner::new();
    let n: u64 = std::env::args().nth(2).map_or(1, |s| s.parse().unwrap());
    let plan = std::rc::Rc::new(mmreap_harness::run::plan::Plan::new(&case));
    let t = std::time::Instant::now();
    let mut tally = std::collections::BTreeMap::new();
    let mut steps = 0u64;
    for i in 0..n {
        let s = mmreap_harness::schedule::with_seed(case.schedule.strategy, i);
        let o = r.run(&plan, rev, s);
        steps += u64::from(o.steps);
        let key = o.failure.as_ref().map_or(format!("{:?}", o.end), |f| {
            format!("{} {} {:?}", f.signature.oracle, f.signature.object, f.signature.sites)
        });
        let e = tally.entry(key).or_insert(0u64);
        *e += 1;
        if *e == 1 && std::env::var("V").is_ok() {
            println!("{:#?}", o.failure);
            mmreap::world::world(|w| {
                for (i, ev) in w.log.iter().enumerate() {
                    println!(
                        "{i:4} {:10} {}{} {} {} {}",
                        w.threads()[ev.thread.index()].name,
                        "  ".repeat(ev.depth as usize),
                        ev.site,
                        ev.object,
                        ev.what.name(),
                        ev.what
                    );
                }
            });
        }
    }
    println!(
        "{tally:#?} {:.0} runs/s, {} steps/run",
        n as f64 / t.elapsed().as_secs_f64(),
        steps / n
    );
}
