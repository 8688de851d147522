//! Pages that a case declares and that do not exist when it runs: whoever touches one dies of SIGBUS, and a good
//! verdict may mean no more than that.
//!
//! Only pages of shared and hugetlb mappings can be missing; others come when they are touched.

use crate::case::check::{Item, Place, Problem};
use crate::case::{Case, Vma, VmaKind};
use crate::run::Absent;

/// What has to be said of the mappings of a case, in whose run these pages were absent.
pub(super) fn notes(case: &Case, absent: &[Absent]) -> Vec<Problem> {
    let full = absent.iter().map(|absent| does_not_fit(case, absent));
    full.chain(mapped_late(case)).collect()
}

fn does_not_fit(case: &Case, absent: &Absent) -> Problem {
    let vmas = &case.processes[absent.process].vmas;
    let at = vmas.iter().position(|vma| *vma.name == *absent.vma).expect("it is of the case");
    let Vma { name, pages, .. } = &vmas[at];
    let (missing, frames) = (absent.pages, case.machine.frames);
    let message =
        format!("{missing} of the {pages} pages of `{name}` do not fit into {frames} frames");
    note(absent.process, at, message, "; `machine frames` says how many there are")
}

/// The mappings whose pages nobody takes at boot.
fn mapped_late(case: &Case) -> impl Iterator<Item = Problem> {
    let processes = case.processes.iter().enumerate();
    let vmas = processes
        .flat_map(|(p, process)| process.vmas.iter().enumerate().map(move |(v, vma)| (p, v, vma)));
    let late = vmas.filter(|(_, _, vma)| {
        vma.unmapped && matches!(vma.kind, VmaKind::Shared | VmaKind::Hugetlb)
    });
    late.map(|(p, v, vma)| {
        let (kind, name) = (vma.kind.name(), &vma.name);
        note(p, v, format!("`{name}` has no pages, because {kind} pages are made at boot"), "")
    })
}

fn note(process: usize, vma: usize, message: String, more: &str) -> Problem {
    let help = Some(format!("a page that does not exist is SIGBUS for whoever touches it{more}"));
    Problem { place: Place::new(Item::Vma(process, vma), "pages"), message, help }
}
