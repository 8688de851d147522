//! `mmreap new`: a crate in which a patch begins, with the present text of the functions that it changes.
//!
//! What it writes builds, attacks and passes its test at once. It writes nothing where there is something.

use super::print::outln;
use super::{AS_EXPECTED, Stop, quote};
use askama::Template;
use mmreap::release::RELEASES;
use mmreap::revision::{PARTS, Revision};
use mmreap::source::{self, Source};
use mmreap_harness::corpus::{self, shown};
use std::path::{Path, PathBuf};

/// Arguments of `mmreap new`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap new careless --on v4.15 --change exit_mmap
  mmreap new pinned --on v4.9 --change __oom_reap_task_mm --change oom_reap_task

In the new directory, `cargo run -- fuzz` attacks the patch (the other commands know it, too), \
`cargo test` demands that it shows nothing new, and `cargo +nightly fuzz run NAME` lets libFuzzer \
make the cases.")]
pub struct Arguments {
    /// What the patch is called: the directory, the crate, and the kernel in cases
    #[arg(value_name = "NAME", value_parser = parse_name)]
    name: String,
    /// The release that it changes
    #[arg(long, value_name = "REV", default_value = "v4.15", value_parser = parse_release)]
    on: &'static Revision,
    /// A function that it changes, by the kernel's name; may be given several times
    #[arg(long, value_name = "FUNCTION", required = true, value_parser = parse_function)]
    change: Vec<&'static str>,
    /// The checkout of mmreap that it builds with [default: the one that this program was built from]
    #[arg(long, value_name = "DIR")]
    mmreap: Option<PathBuf>,
}

/// A name that is one for a crate, a directory and a kernel.
fn parse_name(name: &str) -> Result<String, String> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(inner);
    let taken = ["mmreap", "mmreap-cli", "mmreap-harness", "mmreap-fuzz", "test"].contains(&name);
    if !is_name || taken {
        let rule = "a small letter, then small letters, digits, `_` and `-`";
        return Err(format!("{} cannot be the name of a crate: {rule}", quote(name)));
    }
    Ok(name.to_string())
}

fn parse_release(name: &str) -> Result<&'static Revision, String> {
    let known: Vec<&str> = RELEASES.map(|release| release.name).into();
    let release = RELEASES.into_iter().find(|release| release.name == name);
    release.ok_or_else(|| super::unknown("release", name, &known))
}

fn parse_function(name: &str) -> Result<&'static str, String> {
    let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
    let part = PARTS.iter().find(|part| part.name == name || part.field == name);
    part.map(|part| part.name).ok_or_else(|| super::unknown("function", name, &known))
}

/// A function that is changed.
struct Function {
    kernel_name: &'static str,
    field: &'static str,
    name: String,
    text: String,
}

impl Function {
    fn of(release: &Revision, kernel_name: &'static str) -> Self {
        let source = source::of(release.name, kernel_name);
        let Source { field, name, text } = source.expect("the table has its text");
        let text = text.replace(&format!("\nfn {name}("), &format!("\npub(crate) fn {name}("));
        Function { kernel_name, field, name, text: text.trim().to_string() }
    }
}

/// What is known of the crate to be written.
struct Crate<'a> {
    name: &'a str,
    /// The name in paths.
    crate_name: String,
    on: &'static str,
    /// The name of the release's constant.
    constant: String,
    change: String,
    functions: Vec<Function>,
    checkout: Option<PathBuf>,
}

#[derive(Template)]
#[template(path = "new/Cargo.toml", escape = "none")]
struct Manifest<'a> {
    name: &'a str,
    mmreap: String,
    cli: String,
    harness: String,
    fuzz: Option<String>,
}

#[derive(Template)]
#[template(path = "new/lib.txt", escape = "none")]
struct Lib<'a> {
    name: &'a str,
    on: &'a str,
    constant: &'a str,
    change: &'a str,
    functions: &'a [Function],
}

#[derive(Template)]
#[template(path = "new/function.txt", escape = "none")]
struct File<'a> {
    kernel_name: &'a str,
    on: &'a str,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "new/main.txt", escape = "none")]
struct Main<'a> {
    crate_name: &'a str,
}

#[derive(Template)]
#[template(path = "new/attack.txt", escape = "none")]
struct Attack<'a> {
    crate_name: &'a str,
    on: &'a str,
    constant: &'a str,
}

#[derive(Template)]
#[template(path = "new/fuzz.toml", escape = "none")]
struct FuzzManifest<'a> {
    name: &'a str,
    fuzz_crate: &'a str,
    harness: &'a str,
}

#[derive(Template)]
#[template(path = "new/fuzz_target.txt", escape = "none")]
struct FuzzTarget<'a> {
    name: &'a str,
    crate_name: &'a str,
}

/// Writes the crate.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let directory = PathBuf::from(&arguments.name);
    if directory.exists() {
        let directory = shown(&directory);
        return Err(Stop(format!("error: there is {directory} already; nothing was written")));
    }
    for (file, text) in Crate::new(arguments)?.files() {
        let file = directory.join(file);
        file.parent().map_or(Ok(()), corpus::check_writable)?;
        corpus::write(&file, &text)?;
    }
    let name = &arguments.name;
    let changed = arguments.change.join(", ");
    outln!("{name}/ is {} with {changed} to be changed. From there:", arguments.on.name);
    outln!(
        "  cargo run -- fuzz    attacks it\n  cargo test           demands that it shows nothing new"
    );
    Ok(AS_EXPECTED)
}

impl<'a> Crate<'a> {
    fn new(arguments: &'a Arguments) -> Result<Self, Stop> {
        let Arguments { name, on, change, mmreap } = arguments;
        let mut changed = change.clone();
        changed.sort_unstable();
        changed.dedup();
        Ok(Crate {
            name,
            crate_name: name.replace('-', "_"),
            on: on.name,
            constant: on.name.to_uppercase().replace('.', "_"),
            change: format!("{} changed", changed.join(" and ")),
            functions: changed.into_iter().map(|function| Function::of(on, function)).collect(),
            checkout: checkout(mmreap.as_deref())?,
        })
    }

    /// Every file, by its path in the crate.
    fn files(&self) -> Vec<(String, String)> {
        let Crate { name, crate_name, on, constant, change, functions, .. } = self;
        let mut files = vec![
            ("Cargo.toml".to_string(), render(&self.manifest())),
            (".gitignore".to_string(), "/target\n/findings\n".to_string()),
            ("src/lib.rs".to_string(), render(&Lib { name, on, constant, change, functions })),
            ("src/main.rs".to_string(), render(&Main { crate_name })),
            ("tests/attack.rs".to_string(), render(&Attack { crate_name, on, constant })),
        ];
        files.extend(functions.iter().map(|function| {
            let Function { kernel_name, field, text, .. } = function;
            (format!("src/{field}.rs"), render(&File { kernel_name, on, text }))
        }));
        if let Some(fuzz_crate) = self.path("fuzz") {
            let (fuzz_crate, harness) = (&fuzz_crate, &self.dependency("harness"));
            let manifest = FuzzManifest { name, fuzz_crate, harness };
            files.push(("fuzz/Cargo.toml".to_string(), render(&manifest)));
            let target = FuzzTarget { name, crate_name };
            files.push((format!("fuzz/fuzz_targets/{name}.rs"), render(&target)));
        }
        files
    }

    fn manifest(&self) -> Manifest<'_> {
        Manifest {
            name: self.name,
            mmreap: self.dependency(""),
            cli: self.dependency("harness/cli"),
            harness: self.dependency("harness"),
            fuzz: self.path("fuzz"),
        }
    }

    /// A dependency on a crate of the checkout, or on what was published if there is none.
    fn dependency(&self, directory: &str) -> String {
        let published = || format!("\"{}\"", env!("CARGO_PKG_VERSION"));
        self.path(directory).unwrap_or_else(published)
    }

    /// A dependency on a crate of the checkout.
    fn path(&self, directory: &str) -> Option<String> {
        let path = self.checkout.as_ref()?.join(directory);
        let path = path.components().collect::<PathBuf>();
        Some(format!("{{ path = {:?} }}", path.display().to_string()))
    }
}

fn render(template: &impl Template) -> String {
    template.render().expect("a text can be written into memory").trim_end().to_string() + "\n"
}

/// The checkout that is asked for, or the one that this program was built from if it is still there.
fn checkout(asked: Option<&Path>) -> Result<Option<PathBuf>, Stop> {
    let is_checkout = |path: &Path| path.join("harness/cli/Cargo.toml").is_file();
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match asked {
        Some(path) if !is_checkout(path) => {
            let path = shown(path);
            Err(Stop(format!(
                "error: {path} is no checkout of mmreap: it has no harness/cli/Cargo.toml"
            )))
        }
        Some(path) => Ok(path.canonicalize().ok()),
        None => Ok(built_from.canonicalize().ok().filter(|path| is_checkout(path))),
    }
}
