//! probe
use rand_core::{Rng, SeedableRng};
fn main() {
    let kernel = std::env::args().nth(1).unwrap();
    let secs: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let seed: u64 = std::env::args().nth(3).unwrap().parse().unwrap();
    let per: u64 = std::env::args().nth(4).unwrap().parse().unwrap();
    let rev = mmreap::revision::find(&kernel).unwrap();
    let mut r = mmreap_harness::run::Runner::new();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let t = std::time::Instant::now();
    let mut tally: std::collections::BTreeMap<String, (u64, f64, u64)> = Default::default();
    let (mut runs, mut steps, mut cases) = (0u64, 0u64, 0u64);
    std::fs::create_dir_all("/tmp/found").unwrap();
    while t.elapsed().as_secs() < secs {
        let mut bytes = [0u8; 512];
        rng.fill_bytes(&mut bytes);
        let mut u = arbitrary::Unstructured::new(&bytes);
        let mut case = mmreap_harness::case::generate::case(&mut u, &kernel);
        let plan = std::rc::Rc::new(mmreap_harness::run::plan::Plan::new(&case));
        cases += 1;
        for i in 0..per {
            let s = match i % 4 {
                3 => mmreap_harness::case::Strategy::Pct { seed: rng.next_u64(), depth: 3 },
                _ => mmreap_harness::case::Strategy::Pos { seed: rng.next_u64() },
            };
            let o = r.run(&plan, rev, s);
            runs += 1;
            steps += u64::from(o.steps);
            let key = o.failure.as_ref().map_or(format!("{:?}", o.end), |f| {
                format!("{} {} {:?}", f.signature.oracle, f.signature.object, f.signature.sites)
            });
            let e = tally.entry(key.clone()).or_insert((0u64, t.elapsed().as_secs_f64(), runs));
            e.0 += 1;
            if e.0 == 1 {
                case.schedule.strategy = s;
                std::fs::write(
                    format!(
                        "/tmp/found/{}-{}.mmreap",
                        kernel,
                        key.replace(['"', '[', ']', ',', '/'], "").replace(' ', "_")
                    ),
                    case.to_string(),
                )
                .unwrap();
            }
            if o.failure.is_some() {
                break;
            }
        }
    }
    for (k, v) in &tally {
        println!("{:7} first {:6.2}s {:8} runs  {}", v.0, v.1, v.2, k);
    }
    println!(
        "{:.0} runs/s, {} steps/run, {} cases",
        runs as f64 / t.elapsed().as_secs_f64(),
        steps / runs,
        cases
    );
}
