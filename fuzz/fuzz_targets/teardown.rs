//! Cases under schedules: any failure that is not known is a crash.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_crossover, fuzz_mutator, fuzz_target};
use mmreap_fuzz::teardown::{Verdict, run};
use mmreap_fuzz::{crash::crash, input};

fuzz_target!(|data: &[u8]| -> Corpus {
    match run(data) {
        Verdict::Unusable => Corpus::Reject,
        Verdict::Unsuspicious => Corpus::Keep,
        Verdict::New(found) => crash(&found),
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    input::change(data, size, max_size, seed)
});

fuzz_crossover!(|data1: &[u8], data2: &[u8], out: &mut [u8], seed: u32| {
    input::cross(data1, data2, out, seed)
});
