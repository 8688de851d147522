//! Sites as text for schedules.

use crate::case::mutate::Sites;
use mmreap::trace::What;
use mmreap::world::World;

/// Adds where each task of the run in the world has been, in the words of a case's segments.
pub fn add_sites(w: &World, sites: &mut Sites) {
    let announced = w.log.iter().filter(|event| event.step > 0 && event.what != What::Enter);
    for event in announced {
        sites.add(&w.threads()[event.thread.index()].name, event.site.to_string());
    }
}
