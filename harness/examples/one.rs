//! probe one
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let tail: usize = std::env::args().nth(2).map_or(60, |s| s.parse().unwrap());
    let case = mmreap_harness::case::parse::parse(&text).unwrap();
    let rev = mmreap::revision::find(&case.kernel).unwrap();
    let mut r = mmreap_harness::run::Runner::new();
    let o = r.run_case(&case, rev);
    mmreap::world::world(|w| {
        let n = w.log.len();
        for (i, ev) in w.log.iter().enumerate().skip(n.saturating_sub(tail)) {
            println!(
                "{i:4} {:4} {:14} {}{} {} {} {}",
                ev.jiffies,
                w.threads()[ev.thread.index()].name,
                "  ".repeat(ev.depth as usize),
                ev.site,
                ev.object,
                ev.what.name(),
                ev.what
            );
        }
        for s in &w.stuck {
            println!("stuck {} {} {:?}", w.threads()[s.thread.index()].name, s.site, s.sleep);
        }
    });
    println!("{:#?} {:?}", o.failure, o.end);
}
