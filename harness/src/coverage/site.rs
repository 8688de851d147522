//! Where the tasks of a run have been, for schedules.

use crate::case::mutate::Sites;
use mmreap::trace::EventKind;
use mmreap::world::World;

/// Adds where each task of the run in the world has been.
pub fn add_sites(w: &World, sites: &mut Sites) {
    for (number, thread) in w.threads().iter().enumerate() {
        let Some(task) = sites.task(&thread.name) else { continue };
        let own = w.log.iter().filter(|event| event.thread.index() == number);
        let announced = own.filter(|event| event.step > 0 && event.kind != EventKind::Enter);
        announced.for_each(|event| task.add(event.site));
    }
}
