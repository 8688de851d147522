//! Reads the `schedule` line and the `run` lines below it.

use super::{Mistake, Parser, Reader, demand, keyword, unknown};
use crate::case::{
    Segment, Stop, Strategy,
    check::{Item, bounds},
};

impl<'a> Parser<'a> {
    pub(super) fn strategy(&mut self, reader: &mut Reader<'a, '_>) -> Result<Strategy, Mistake> {
        let names = ["in_order", "random", "sticky", "pct", "pos", "burst", "surw"];
        let word = reader.expect("a strategy, such as `in_order` or `pos seed 1`")?;
        self.mark(Item::Schedule, "", word.span());
        Ok(match word.text {
            "in_order" => Strategy::InOrder,
            "random" => Strategy::Random { seed: self.seed(reader)? },
            "sticky" => Strategy::Sticky { seed: self.seed(reader)? },
            "pct" => {
                let seed = self.seed(reader)?;
                let depth = self.parameter("depth", &bounds::DEPTH, reader)?;
                Strategy::Pct { seed, depth }
            }
            "pos" => Strategy::Pos { seed: self.seed(reader)? },
            "burst" => Strategy::Burst { seed: self.seed(reader)? },
            "surw" => Strategy::Surw { seed: self.seed(reader)? },
            _ => return Err(unknown(word, "strategies", &names)),
        })
    }

    fn seed(&mut self, reader: &mut Reader<'a, '_>) -> Result<u64, Mistake> {
        self.parameter("seed", &bounds::SEED, reader)
    }

    /// `KEY N`, where the key must come next.
    fn parameter<T: TryFrom<i128>>(
        &mut self,
        key: &'static str,
        bounds: &bounds::Bounds,
        reader: &mut Reader<'a, '_>,
    ) -> Result<T, Mistake> {
        keyword(key, reader)?;
        self.number(Item::Schedule, key, bounds, reader)
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
