//! The text of each function of a release, for whoever begins a patch with it.
//!
//! Which version of a function a release runs is said in the release's file, or in that of the one before.

use crate::release::TEXTS;
use crate::revision::PARTS;

/// The directory of each function, and its versions.
macro_rules! versions {
    ($($directory:literal: $($version:literal)+;)*) => {
        [$(($directory, &[$(($version, include_str!(concat!($directory, "/", $version, ".rs")))),+])),*]
    };
}

/// A version: the first release that has it, and the text.
type Version = (&'static str, &'static str);

/// In the order of [`PARTS`].
static FUNCTIONS: [(&str, &[Version]); PARTS.len()] = versions! {
    "exit/mmput_final": "v4_9" "v4_14";
    "aio/exit_aio": "v4_9";
    "aio/lookup_ioctx": "v4_9";
    "aio/free_ioctx_reqs": "v4_9";
    "aio/kill_ioctx": "v4_9";
    "exit/exit_mmap": "v4_9" "v4_14" "v4_15";
    "oom/mark_oom_victim": "v4_9" "v4_15";
    "oom/exit_oom_victim": "v4_9";
    "task/free_signal_struct": "v4_9";
    "oom/task_will_free_mem": "v4_9";
    "oom/oom_badness": "v4_9";
    "oom/oom_evaluate_task": "v4_9";
    "oom/kill_process": "v4_9";
    "page_alloc/slowpath": "v4_9" "v4_13" "v4_14";
    "page_alloc/reserve": "v4_9" "v4_14";
    "oom/oom_reap_task": "v4_9";
    "oom/oom_reap_task_mm": "v4_9" "v4_13" "v4_14" "v4_15";
    "mm/follow_page": "v4_9" "v4_14";
    "mm/handle_mm_fault": "v4_9" "v4_13";
    "mm/finish_fault": "v4_9" "v4_13";
    "mm/check_stable": "v4_9" "v4_13";
    "oom/out_of_memory": "v4_9";
    "oom/oom_kill_process": "v4_9";
    "oom/pagefault_out_of_memory": "v4_9";
};

/// A function of a release as a text that stands outside of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The field of [`Revision`](crate::revision::Revision), and its method.
    pub field: &'static str,
    /// What the function is called in the text.
    pub name: String,
    /// Imports, the function, and what it needs besides.
    pub text: String,
}

/// The text of a function, by the kernel's name or the field's, as a release has it. `None` if there is no such function
/// or release.
///
/// ```
/// let source = mmreap::source::of("v4.14", "exit_mmap").expect("there is such a function");
/// assert!(source.text.contains("fn exit_mmap(mm: Handle<Mm>)"));
/// assert!(source.text.contains("tsk_is_oom_victim(current())"), "that of v4.14");
/// ```
pub fn of(release: &str, function: &str) -> Option<Source> {
    let is_it = |part: &&crate::revision::Part| part.name == function || part.field == function;
    let index = PARTS.iter().position(|part| is_it(&part))?;
    let field = PARTS[index].field;
    let (directory, versions) = FUNCTIONS[index];
    let version = version(release, field)?;
    let text = versions.iter().find(|(name, _)| *name == version)?.1;
    let text = outside(text, directory);
    let name = text.split("\nfn ").nth(1)?.split('(').next()?.to_string();
    Some(Source { field, name, text })
}

/// The version that a release runs: what its file says of the field, or that of the release before.
fn version(release: &str, field: &str) -> Option<&'static str> {
    let mut files = TEXTS.iter().rev().skip_while(|(name, _)| *name != release);
    files.find_map(|(_, text)| {
        let line =
            text.lines().find(|line| line.trim_start().starts_with(&format!("{field}: ")))?;
        line.trim_end_matches(',').rsplit_once("::").map(|(_, version)| version)
    })
}

/// A version's text for another crate: without its head, with paths that begin with the name of this one, and with
/// nothing public.
fn outside(text: &str, directory: &str) -> String {
    let module = format!("use mmreap::{}::", directory.replace('/', "::"));
    let body = text.lines().skip_while(|line| line.starts_with("//!")).skip(1);
    let lines = body.map(|line| {
        let line = line.replace("use crate::", "use mmreap::").replace("use super::", &module);
        line.strip_prefix("pub ").map_or(line.clone(), str::to_string) + "\n"
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release;

    #[test]
    fn every_function_of_every_release_has_its_text() {
        for revision in release::RELEASES {
            for part in PARTS {
                let source = of(revision.name, part.name);
                let source = source.unwrap_or_else(|| panic!("{} of {}", part.name, revision.name));
                assert_eq!(Some(&source), of(revision.name, part.field).as_ref());
                let head = format!("\nfn {}(", source.name);
                assert_eq!(source.text.matches(&head).count(), 1, "{}", source.text);
                assert!(!source.text.contains("crate::") && !source.text.contains("super::"));
            }
        }
        assert_eq!(of("v4.15", "no_such_function"), None);
        assert_eq!(of("v2.6", "exit_mmap"), None);
    }

    #[test]
    fn a_release_has_its_own_version_or_that_of_the_one_before() {
        assert_eq!(version("v4.15", "exit_mmap"), Some("v4_15"));
        assert_eq!(version("v4.15", "mmput"), Some("v4_14"));
        assert_eq!(version("v4.15", "oom_badness"), Some("v4_9"));
        assert_eq!(version("v4.13", "mmput"), Some("v4_9"));
    }
}
