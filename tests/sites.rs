//! Sites: what counts is how the names read.

use mmreap::trace::Site;
use std::collections::BTreeSet;

/// A copy at an address of its own.
fn copy(name: &str) -> &'static str {
    String::leak(name.to_string())
}

#[test]
fn sites_are_equal_if_their_names_are() {
    let names = ["exit_mmap", "unmap_vmas", "read", "vm_next"];
    let [protocol, function, verb, noun] = names.map(copy);
    let site = Site::new(protocol, function, verb, noun);
    assert_eq!(site, Site::new(names[0], names[1], names[2], names[3]));
    assert_eq!([site.protocol(), site.function(), site.verb(), site.noun()], names);
    assert_eq!(site.to_string(), "unmap_vmas/read(vm_next)");
    assert_eq!(Site::new(copy(""), "", "", ""), Site::default());
}

/// Whoever stores hashes relies on these numbers: they are FNV-1a of each pair, mixed.
#[test]
fn hash_is_the_same_in_every_process_and_tells_places_apart() {
    let sites = [
        Site::new("exit_mmap", "unmap_vmas", "read", "vm_next"),
        Site::new("exit_mmap", "unmap_vmas", "vm_next", "read"),
        Site::new("unmap_vmas", "exit_mmap", "read", "vm_next"),
        Site::new("read", "vm_next", "exit_mmap", "unmap_vmas"),
        Site::new("exit_mmapunmap", "_vmas", "read", "vm_next"),
        Site::default(),
    ];
    let hashes = sites.map(Site::hash);
    assert_eq!(hashes[0], 0x8772_8dca);
    assert_eq!(BTreeSet::from(hashes).len(), sites.len());
}
