//! The code of a crate, and which module uses which, read from the text: `crate::…` and `super::…` wherever they stand.
//!
//! A file's module comes from its path. Comments and the unit tests at the end of a file are left out.

// Every test program uses a part of this.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module by the names on the way to it from the crate's root.
pub type Module = Vec<String>;

/// The code of each module, without comments and unit tests.
pub struct Sources(pub Vec<(Module, String)>);

impl Sources {
    /// Of the files below a directory.
    pub fn read(root: &Path) -> Self {
        let mut files = Vec::new();
        collect(root, &mut Vec::new(), &mut files);
        Sources::of(&files)
    }

    /// Of files, each by its module.
    pub fn of(files: &[(Module, String)]) -> Self {
        Sources(files.iter().map(|(module, text)| (module.clone(), code(text))).collect())
    }
}

/// What each module uses, without itself.
pub struct Uses(pub BTreeMap<Module, BTreeSet<Module>>);

impl Uses {
    /// What the code says.
    pub fn of(Sources(sources): &Sources) -> Self {
        let modules: BTreeSet<&[String]> = sources.iter().map(|(module, _)| &module[..]).collect();
        let uses = |module: &Module, code: &str| {
            let paths = paths(module, code);
            let known = paths.iter().filter_map(|path| owner(&modules, path));
            known.filter(|used| used != module).collect()
        };
        Uses(sources.iter().map(|(module, code)| (module.clone(), uses(module, code))).collect())
    }

    /// The modules at the root.
    pub fn top(&self) -> BTreeSet<&str> {
        self.0.keys().filter_map(|module| module.first()).map(String::as_str).collect()
    }

    /// Which of the modules in a folder uses which other, by their names, and a file that does.
    pub fn within(&self, folder: &[String]) -> BTreeMap<(&str, &str), String> {
        let child = |module: &'_ Module| {
            let is_below = module.len() > folder.len() && module.starts_with(folder);
            is_below.then_some(folder.len())
        };
        let mut all = BTreeMap::new();
        for (module, used) in &self.0 {
            for used in used {
                if let (Some(at), Some(to)) = (child(module), child(used))
                    && module[at] != used[to]
                {
                    let example = format!("{} uses {}", module.join("::"), used.join("::"));
                    all.entry((&*module[at], &*used[to])).or_insert(example);
                }
            }
        }
        all
    }

    /// Every folder, the root first.
    pub fn folders(&self) -> BTreeSet<Module> {
        self.0.keys().flat_map(|it| (0..it.len()).map(|length| it[..length].to_vec())).collect()
    }
}

fn collect(directory: &Path, module: &mut Module, files: &mut Vec<(Module, String)>) {
    let entries = directory.read_dir().expect("the sources are there");
    for entry in entries.map(|entry| entry.expect("the directory can be read").path()) {
        let name = entry.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() {
            module.push(name);
            collect(&entry, module, files);
            module.pop();
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).expect("it is text");
            let own = (!["mod", "lib", "main"].contains(&&*name)).then_some(name);
            files.push((module.iter().cloned().chain(own).collect(), text));
        }
    }
}

/// The text without comments and unit tests.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The module in which a path ends.
fn owner(modules: &BTreeSet<&[String]>, path: &[String]) -> Option<Module> {
    let prefixes = (1..=path.len()).rev().map(|length| &path[..length]);
    prefixes.into_iter().find(|prefix| modules.contains(prefix)).map(<[String]>::to_vec)
}

/// All paths in a module's code from the root of the crate.
fn paths(module: &Module, code: &str) -> Vec<Module> {
    let mut all = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            tree(&mut Vec::new(), &code[at + 7..], &mut all);
        }
    }
    for (at, _) in code.match_indices("super::") {
        if !code[..at].ends_with("super::") {
            let (ups, rest) = climb(&code[at..]);
            let base = &module[..module.len().saturating_sub(ups)];
            tree(&mut base.to_vec(), rest, &mut all);
        }
    }
    all
}

/// How many times a path goes up, and where it goes then.
fn climb(mut path: &str) -> (usize, &str) {
    let mut ups = 0;
    while let Some(rest) = path.strip_prefix("super::") {
        (path, ups) = (rest, ups + 1);
    }
    (ups, path)
}

/// Adds the paths of a use tree, and returns what follows it.
fn tree<'a>(base: &mut Module, text: &'a str, all: &mut Vec<Module>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = tree(base, rest, all).trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let length = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(length);
    base.push(name.to_string());
    let rest = match rest.strip_prefix("::") {
        Some(deeper) => tree(base, deeper, all),
        None => {
            all.push(base.clone());
            rest
        }
    };
    base.pop();
    match rest.trim_start().strip_prefix("as ") {
        Some(renamed) => renamed.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => rest,
    }
}
