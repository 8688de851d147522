//! Sites as numbers for features, and as text for schedules.

use super::hash::stable_hash;
use crate::case::mutate::Sites;
use mmreap::trace::{Site, What};
use mmreap::world::World;

/// A site's names as numbers.
#[derive(Clone, Copy, Default)]
pub(super) struct Hashes {
    /// All of them.
    pub site: u32,
    /// The noun: what of an object is touched.
    pub noun: u32,
}

/// Slots of the cache: a few times the sites that there are.
const SLOTS: usize = 2048;

/// Hashes of sites, remembered by the addresses of their names, which are constants of the program. The
/// same name may have several addresses; its hash is the same.
pub(super) struct SiteHashes {
    slots: Box<[(Site, Hashes); SLOTS]>,
}

impl SiteHashes {
    /// The hashes of a site.
    pub fn of(&mut self, site: &Site) -> Hashes {
        let slot = &mut self.slots[slot(site)];
        if !same(&slot.0, site) {
            *slot = (*site, Hashes { site: site_hash(site), noun: noun_hash(site) });
        }
        slot.1
    }
}

impl Default for SiteHashes {
    fn default() -> Self {
        let empty = (Site::default(), Hashes::default());
        let mut hashes = SiteHashes { slots: Box::new([empty; SLOTS]) };
        hashes.slots[slot(&empty.0)].1 =
            Hashes { site: site_hash(&empty.0), noun: noun_hash(&empty.0) };
        hashes
    }
}

/// Where the program was loaded differs from process to process; where names are from here does not.
static HERE: u8 = 0;

fn slot(site: &Site) -> usize {
    let here = &raw const HERE as usize;
    let address = |name: &'static str| (name.as_ptr() as usize).wrapping_sub(here);
    let sum = address(site.function)
        .wrapping_add(address(site.verb).rotate_left(5))
        .wrapping_add(address(site.noun).rotate_left(11))
        .wrapping_add(address(site.protocol).rotate_left(17));
    (sum ^ sum >> 24).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & (SLOTS - 1)
}

/// Whether the names are the same constants. Without branches: it is asked for every step of every run, and
/// the answer is nearly always yes.
fn same(a: &Site, b: &Site) -> bool {
    let differ = |a: &'static str, b: &'static str| {
        a.as_ptr() as usize ^ b.as_ptr() as usize | a.len() ^ b.len()
    };
    differ(a.function, b.function)
        | differ(a.verb, b.verb)
        | differ(a.noun, b.noun)
        | differ(a.protocol, b.protocol)
        == 0
}

/// A stable hash of a site's names.
fn site_hash(site: &Site) -> u32 {
    let names = [site.protocol, site.function, site.verb, site.noun];
    fold(stable_hash(names.iter().flat_map(|name| name.bytes().chain([0]))))
}

fn noun_hash(site: &Site) -> u32 {
    fold(stable_hash(site.noun.bytes()))
}

fn fold(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}

/// Adds where each task of the run in the world has been, in the words of a case's segments.
pub fn add_sites(w: &World, sites: &mut Sites) {
    let announced = w.log.iter().filter(|event| event.step > 0 && event.what != What::Enter);
    for event in announced {
        sites.add(&w.threads()[event.thread.index()].name, event.site.to_string());
    }
}
