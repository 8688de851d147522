//! Reads the `schedule` line and the `run` lines below it.

use super::{Mistake, Parser, Reader, demand, keyword, unknown};
use crate::case::{
    Segment, Stop, Strategy,
    check::{
        Item,
        bounds::{self, Bounds},
    },
};
use crate::schedule;

impl<'a> Parser<'a> {
    pub(super) fn strategy(&mut self, reader: &mut Reader<'a, '_>) -> Result<Strategy, Mistake> {
        let word = reader.expect("a strategy, such as `in_order` or `pos seed 1`")?;
        self.mark(Item::Schedule, "", word.span());
        let Some(kind) = schedule::find(word.text) else {
            let names: Vec<&str> = schedule::all().map(|kind| kind.word).collect();
            return Err(unknown(word, "strategies", &names));
        };
        let mut numbers = Vec::new();
        for parameter in kind.parameters {
            keyword(parameter.key, reader)?;
            let bounds = Bounds::from(parameter);
            numbers.push(self.number(Item::Schedule, parameter.key, &bounds, reader)?);
        }
        Ok(kind.of(&numbers))
    }

    pub(super) fn segment(
        &mut self,
        segments: &mut Vec<Segment>,
        reader: &mut Reader<'a, '_>,
    ) -> Result<(), Mistake> {
        let item = Item::Segment(segments.len());
        let task = reader.expect("a task, such as `oom_reaper`")?;
        self.mark(item, "", task.span());
        let mut until = None;
        if let Some(word) = reader.next() {
            demand(word, "until")?;
            until = Some(self.stop(item, reader)?);
        }
        segments.push(Segment { task: task.text.into(), until });
        Ok(())
    }

    fn stop(&mut self, item: Item, reader: &mut Reader<'a, '_>) -> Result<Stop, Mistake> {
        let site = reader.expect("a site, such as `exit_mmap`")?;
        self.mark(item, "until", site.span());
        let mut stop = Stop { site: site.text.into(), nth: 1 };
        if let Some(word) = reader.next() {
            demand(word, "nth")?;
            stop.nth = self.number(item, "nth", &bounds::NTH, reader)?;
        }
        Ok(stop)
    }
}
