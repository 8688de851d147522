//! `exit_group`: the whole process exits.

use super::{Call, Kind, Next, Rule, Who};

/// `exit_group`.
pub static EXIT_GROUP: Kind = Kind::new(
    "exit_group",
    Who::User,
    "the whole process exits; the last operation of its thread",
    perform,
)
.rule(Rule::End);

fn perform(_: &Call<'_>) -> Next {
    Next::ExitGroup
}
