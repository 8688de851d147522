//! Aims an operation at something else: another VMA, another process, another context.

use crate::case::Case;
use crate::case::generate::draw::Draw;
use crate::case::generate::operations::Place;
use crate::case::generate::scope::Scope;
use crate::case::generate::swarm::Swarm;
use crate::case::mutate::names::{References, references};
use crate::case::mutate::structure::{any_thread, operations};

/// Aims one operation at something else of the same sort.
pub(super) fn retarget(case: &mut Case, draw: &mut Draw) -> bool {
    let Some(at) = any_thread(case, draw) else { return false };
    let index = draw.below(operations(case, at).len());
    let Some(old) = operations(case, at).get(index).cloned() else { return false };
    let scope = &Scope::of(case);
    let place = Place { case, scope, process: at.0, swarm: &Swarm::even() };
    let mut new = old.clone();
    aim(&place, references(&mut new), draw);
    // A second `vfork` of one process is no aim; `relations` changes those.
    let fit = new != old && new.starts().is_none() && scope.allows(case, at.0, &new);
    if fit {
        operations(case, at)[index] = new;
    }
    fit
}

/// Chooses new names for all that are there.
fn aim(place: &Place, names: References, draw: &mut Draw) {
    let References { process, vma, context } = names;
    let mut space = None;
    if let (Some(name), Some(user)) = (process, place.user(draw)) {
        *name = user.name.clone();
        space = Some(&user.name);
    }
    let found = match space {
        Some(process) => place.vma_of(process, draw),
        None => place.vma(draw),
    };
    set(vma, found);
    set(context, place.context(draw));
}

fn set(name: Option<&mut String>, found: Option<String>) {
    if let (Some(name), Some(found)) = (name, found) {
        *name = found;
    }
}
