//! Reads the `expect` and `on` lines.

use super::{Mistake, Parser, Reader};
use crate::case::{
    Case, Expect, Signature,
    check::{Item, place::SITES},
};

impl<'a> Parser<'a> {
    pub(super) fn other(
        &mut self,
        case: &mut Case,
        reader: &mut Reader<'a, '_>,
    ) -> Result<(), Mistake> {
        let item = Item::Other(case.others.len());
        let kernel = reader.expect("a revision, such as `v4.15`")?;
        self.mark(item, "", kernel.span());
        let expect = self.expect(item, reader)?;
        case.others.push((kernel.text.into(), expect));
        Ok(())
    }

    pub(super) fn expect(
        &mut self,
        item: Item,
        reader: &mut Reader<'a, '_>,
    ) -> Result<Expect, Mistake> {
        let oracle = reader.expect("`pass`, or an oracle such as `O-PT-UAF`")?;
        self.mark(item, "ORACLE", oracle.span());
        if oracle.text == "pass" {
            return Ok(Expect::Pass);
        }
        let object = reader.expect("the kind of object, such as `page_table`")?;
        self.mark(item, "OBJECT", object.span());
        let mut sites = Vec::new();
        while let Some(site) = reader.next() {
            self.mark(item, SITES[sites.len().min(2)], site.span());
            sites.push(site.text.into());
        }
        let [oracle, object] = [oracle, object].map(|word| word.text.into());
        Ok(Expect::Fail(Signature { oracle, object, sites }))
    }
}
