//! The report as one page: tables and survival curves, without scripts, and without a second file.

use super::chart::{Chart, HEIGHT, WIDTH};
use super::key::Key;
use super::report::Report;
use super::sheet::{Group, Sheet, notes};
use askama::Template;

/// What `templates/bench.html` is filled with.
#[derive(Template)]
#[template(path = "bench.html")]
struct Page<'a> {
    report: &'a Report,
    keys: Vec<Key>,
    means: Option<Table>,
    mean_costs: Option<Table>,
    panels: Vec<Panel>,
    notes: Vec<String>,
    width: f64,
    height: f64,
}

/// A bug: in runs, drawn, and what a find takes of a processor, if somebody asked.
struct Panel {
    table: Table,
    chart: Chart,
    cost: Option<Table>,
}

/// A table whose rows bear the marks of their arms.
struct Table {
    groups: Vec<Group>,
    rows: Vec<(Key, Vec<String>)>,
}

/// Writes the report as a page.
pub fn render(report: &Report) -> String {
    let panels = report.bugs.iter().map(|panel| Panel {
        table: Sheet::of_bug(report, panel).into(),
        chart: Chart::new(panel, report.cap),
        cost: Sheet::of_cost(report, panel).map(Table::from),
    });
    let page = Page {
        report,
        keys: keys(report),
        means: Sheet::of_means(report).map(Table::from),
        mean_costs: Sheet::of_mean_costs(report).map(Table::from),
        panels: panels.collect(),
        notes: notes(report),
        width: WIDTH,
        height: HEIGHT,
    };
    page.render().expect("a page can be written to memory")
}

/// The arms that the report speaks of. The first bug has all that any bug has: hunts are in that order.
fn keys(report: &Report) -> Vec<Key> {
    let rows = report.bugs.first().map_or(&[][..], |panel| &panel.arms);
    rows.iter().map(|row| Key::of(row.arm)).collect()
}

impl From<Sheet> for Table {
    fn from(sheet: Sheet) -> Self {
        let rows = sheet.rows.into_iter().map(|mut cells| {
            let rest = cells.split_off(1);
            (Key::of(&cells[0]), rest)
        });
        Table { groups: sheet.groups, rows: rows.collect() }
    }
}
