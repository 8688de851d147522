//! `exit`: this thread exits.

use super::{Call, Kind, Next, Rule, Who};

/// `exit`.
pub static EXIT: Kind =
    Kind::new("exit", Who::User, "this thread exits; its last operation", perform).rule(Rule::End);

fn perform(_: &Call<'_>) -> Next {
    Next::Exit
}
