//! Reads the `fault` lines.

use super::{Mistake, Parser, Reader, Word, unknown};
use crate::case::{
    Case, Fault, FaultPoint,
    check::{Item, bounds},
};
use crate::fault_point;

impl<'a> Parser<'a> {
    pub(super) fn fault(
        &mut self,
        case: &mut Case,
        first: Word,
        reader: &mut Reader<'a, '_>,
    ) -> Result<(), Mistake> {
        let item = Item::Fault(case.faults.len());
        self.mark(item, "", first.span());
        let points: Vec<_> = fault_point::all().copied().collect();
        let mut fault = Fault::always(reader.choice("fault points", &points, FaultPoint::name)?);
        while let Some(key) = reader.key()? {
            self.knob(&mut fault, item, key, reader)?;
        }
        case.faults.push(fault);
        Ok(())
    }

    fn knob(
        &mut self,
        fault: &mut Fault,
        item: Item,
        key: Word,
        reader: &mut Reader<'a, '_>,
    ) -> Result<(), Mistake> {
        match key.text {
            "probability" => {
                fault.probability =
                    self.number(item, "probability", &bounds::PROBABILITY, reader)?;
            }
            "interval" => {
                fault.interval = self.number(item, "interval", &bounds::INTERVAL, reader)?
            }
            "times" => fault.times = Some(self.number(item, "times", &bounds::CALLS, reader)?),
            "space" => fault.space = self.number(item, "space", &bounds::CALLS, reader)?,
            "fail-nth" => {
                fault.fail_nth = Some(self.number(item, "fail-nth", &bounds::FAIL_NTH, reader)?);
            }
            "task-filter" => {
                let task = reader.expect("a task, such as `oom_reaper`")?;
                self.mark(item, "task-filter", task.span());
                fault.task_filter = Some(task.text.into());
            }
            _ => {
                let keys = ["probability", "interval", "times", "space", "fail-nth", "task-filter"];
                return Err(unknown(key, "keys of `fault`", &keys));
            }
        }
        Ok(())
    }
}
