//! Cases under schedules: any failure that is not known is a crash.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_crossover, fuzz_mutator, fuzz_target};
use mmreap_fuzz::crash::crash;
use mmreap_fuzz::input::{Input, change, cross};
use mmreap_fuzz::teardown::{Verdict, run};

fuzz_target!(|input: Input<'_>| -> Corpus {
    match run(input.0) {
        Verdict::Unusable => Corpus::Reject,
        Verdict::Unsuspicious => Corpus::Keep,
        Verdict::New(found) => crash(&found),
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    change(data, size, max_size, seed)
});

fuzz_crossover!(|data1: &[u8], data2: &[u8], out: &mut [u8], seed: u32| {
    cross(data1, data2, out, seed)
});
