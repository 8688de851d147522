//! `mmu_close`: the process lets go of the latest secondary MMU that it has open.

use super::{Call, Kind, Next, Rule, Who};
use mmreap::syscall::guest;

/// `mmu_close`.
pub static MMU_CLOSE: Kind = Kind::new(
    "mmu_close",
    Who::User,
    "close the latest secondary MMU of this process that is open",
    perform,
)
.rule(Rule::Close)
.weights(4, 0);

fn perform(_: &Call<'_>) -> Next {
    guest::close();
    Next::Operation
}
