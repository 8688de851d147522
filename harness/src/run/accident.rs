//! Accidents: a panic of the model, or of what is made of a run, is a finding and not the end of a campaign.
//!
//! A patch may do what nobody foresaw, and then its case is what somebody needs. So a panic in here is kept
//! in place of being printed, with all that shuttle would say besides, and becomes the failure O-SELF of the
//! run. Panics elsewhere are what they always are.

use mmreap::sync::engine::Engine;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Once;

/// A panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accident {
    /// What it says.
    pub message: String,
    /// File and line.
    pub place: String,
}

thread_local! {
    /// Whether a panic is to be kept.
    static KEEPS: Cell<bool> = const { Cell::new(false) };
    /// The first one that was. Later ones follow from it.
    static KEPT: RefCell<Option<Accident>> = const { RefCell::new(None) };
}

/// Does something: what comes of it, or the panic that ended it.
pub fn guarded<R>(action: impl FnOnce() -> R) -> Result<R, Accident> {
    static HOOK: Once = Once::new();
    HOOK.call_once(keep_panics);
    let outside = KEEPS.replace(true);
    let result = catch_unwind(AssertUnwindSafe(action));
    KEEPS.set(outside);
    let kept = KEPT.take();
    result.map_err(|_| kept.unwrap_or_else(|| Accident::at("a panic without a message", None)))
}

/// Sets the hook that keeps panics, above that of shuttle, which its first execution sets.
fn keep_panics() {
    drop(Engine::new());
    let hook = take_hook();
    set_hook(Box::new(move |panic| if KEEPS.get() { keep(panic) } else { hook(panic) }));
}

fn keep(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("a panic without a message");
    KEPT.with_borrow_mut(|kept| {
        kept.get_or_insert_with(|| Accident::at(message, panic.location()));
    });
}

impl Accident {
    fn at(message: &str, location: Option<&Location<'_>>) -> Self {
        let place = location.map_or("nowhere".to_string(), place);
        Accident { message: message.to_string(), place }
    }
}

/// File and line, without where on this machine the file of somebody else's crate is.
fn place(location: &Location<'_>) -> String {
    let file = Path::new(location.file());
    let name = file.file_name().map(Path::new).filter(|_| file.is_absolute());
    format!("{}:{}", name.unwrap_or(file).display(), location.line())
}
