//! probe minimise
fn main() {
    let kernel = std::env::args().nth(1).unwrap();
    let secs: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let seed: u64 = std::env::args().nth(3).unwrap().parse().unwrap();
    let rev = mmreap::revision::find(&kernel).unwrap();
    let mut c = mmreap_harness::campaign::Campaign::new(rev, seed);
    let t = std::time::Instant::now();
    while t.elapsed().as_secs() < secs {
        if let Some(found) = c.step() {
            println!(
                "--- {:.1}s {:?} runs {}",
                t.elapsed().as_secs_f64(),
                found.failure.signature,
                c.totals.runs
            );
            let u = std::time::Instant::now();
            let mut runs = 0;
            let case = c.finish(&found, &mut |n| runs = n);
            println!("{case}\n  minimised in {:.2}s {} runs", u.elapsed().as_secs_f64(), runs);
        }
    }
}
