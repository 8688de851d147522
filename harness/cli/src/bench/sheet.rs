//! The tables of a report as words, alike in the terminal and on the page.

use super::ratio::Ratio;
use super::report::{Panel, Report, Row, Versus};
use super::survival::Interval;

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Columns that belong together. The first group bears the title of the table.
    pub groups: Vec<Group>,
    /// The cells below, row by row; the first of each is an arm.
    pub rows: Vec<Vec<String>>,
}

/// Columns that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they are about.
    pub name: String,
    /// What each is called.
    pub columns: &'static [&'static str],
}

/// What stands where there is nothing to say.
const NOTHING: &str = "-";

impl Sheet {
    /// One bug.
    pub fn of_bug(report: &Report, panel: &Panel) -> Self {
        let title = format!("{} on {}", panel.bug, panel.kernel);
        let rows = panel.arms.iter().map(|row| {
            let mut cells = vec![
                row.arm.to_string(),
                format!("{}/{}", row.missed, report.seeds),
                median(row, report.cap),
                interval(row.interval),
            ];
            for versus in &row.versus {
                cells.extend([ratio(versus.map(|it| it.ratio)), p(*versus)]);
            }
            cells
        });
        Sheet {
            groups: groups(report, title, &["arm", "missed", "median", "95 %"], &["ratio", "p"]),
            rows: rows.collect(),
        }
    }

    /// All bugs of which every arm is through; `None` if there is none.
    pub fn of_means(report: &Report) -> Option<Self> {
        let hunts = report.seeds * report.whole_bugs as u64;
        let rows = report.means.iter().map(|mean| {
            let mut cells = vec![mean.arm.to_string(), format!("{}/{hunts}", mean.missed)];
            cells.extend(mean.versus.iter().copied().map(ratio));
            cells
        });
        let title = match report.whole_bugs {
            1 => "mean, 1 bug".to_string(),
            bugs => format!("mean, {bugs} bugs"),
        };
        let groups = groups(report, title, &["arm", "missed"], &["ratio"]);
        (report.whole_bugs > 0).then(|| Sheet { groups, rows: rows.collect() })
    }
}

/// What a find takes of a processor.
impl Sheet {
    /// One bug; `None` if nobody asked.
    pub fn of_cost(report: &Report, panel: &Panel) -> Option<Self> {
        let title = format!("{} on {}", panel.bug, panel.kernel);
        let rows = panel.arms.iter().map(|row| {
            let cost = row.cost?;
            let mark = if cost.finds == 0 { ">" } else { "" };
            let per_find = format!("{mark}{}", two_figures(cost.per_find()));
            let mut cells = vec![row.arm.to_string(), per_find];
            cells.extend(row.versus.iter().map(|versus| ratio(versus.and_then(|it| it.cost))));
            Some(cells)
        });
        let groups = groups(report, title, &["arm", "CPU s/find"], &["ratio"]);
        Some(Sheet { groups, rows: rows.collect::<Option<_>>()? })
    }

    /// All bugs of which every arm is through; `None` if there is none, or nobody asked.
    pub fn of_mean_costs(report: &Report) -> Option<Self> {
        let rows = report.means.iter().filter(|mean| !mean.cost.is_empty()).map(|mean| {
            let mut cells = vec![mean.arm.to_string()];
            cells.extend(mean.cost.iter().copied().map(ratio));
            cells
        });
        let rows: Vec<_> = rows.collect();
        let groups = groups(report, "mean of CPU s/find".to_string(), &["arm"], &["ratio"]);
        (!rows.is_empty()).then_some(Sheet { groups, rows })
    }
}

fn groups(
    report: &Report,
    title: String,
    own: &'static [&'static str],
    versus: &'static [&'static str],
) -> Vec<Group> {
    let baselines = report.baselines.iter();
    let baselines = baselines.map(|name| Group { name: name.to_string(), columns: versus });
    [Group { name: title, columns: own }].into_iter().chain(baselines).collect()
}

/// What a reader has to know, a paragraph each.
pub fn notes(report: &Report) -> Vec<String> {
    let Report { seeds, schedules, cap, .. } = report;
    let mut notes = vec![
        format!(
            "All numbers are runs until the bug shows, with {schedules} schedules of each case, but for \
             patient arms and campaigns, which decide for themselves. missed: how many of {seeds} seeds did \
             not find it in {cap} runs. median: Kaplan-Meier. 95 %: where the median is, after Brookmeyer and \
             Crowley on the log-log scale; without a number on the right, it is not bounded there."
        ),
        "ratio: the arm's median over that of the baseline named above; below 1, the arm is faster. A \
         median beyond the cap counts as the cap: the true ratio is then greater (>) or less (<) than \
         the number, or unknown (~). mean: the geometric mean of the ratios over bugs."
            .to_string(),
        "p: log-rank test against that baseline, not corrected for the number of tests. It takes the arms \
         to be independent; that they have the same cases makes it claim too little rather than too much."
            .to_string(),
    ];
    if report.means.iter().any(|mean| !mean.cost.is_empty()) {
        notes.push(
            "CPU s/find: the seconds that threads had a processor in all hunts, over the number of finds. Other \
             than the runs, they differ from machine to machine, and a little from time to time."
                .to_string(),
        );
    }
    if !report.complete {
        notes
            .insert(0, "Interrupted: an arm is shown where all its seeds are through.".to_string());
    }
    notes
}

fn median(row: &Row, cap: u64) -> String {
    row.median.map_or(format!(">{cap}"), |median| median.to_string())
}

fn interval(interval: Interval) -> String {
    let high = interval.high.map(|high| high.to_string()).unwrap_or_default();
    interval.low.map_or(NOTHING.to_string(), |low| format!("{low}..{high}"))
}

fn ratio(ratio: Option<Ratio>) -> String {
    let text = ratio.map(|ratio| format!("{}{}", ratio.truth.mark(), two_figures(ratio.value)));
    text.unwrap_or_else(|| NOTHING.to_string())
}

fn p(versus: Option<Versus>) -> String {
    let test = versus.and_then(|versus| versus.test);
    match test.map(|test| test.p) {
        None => NOTHING.to_string(),
        Some(p) if p < 0.0005 => format!("{p:.0e}"),
        Some(p) => format!("{p:.3}"),
    }
}

/// At least two figures that mean something.
fn two_figures(value: f64) -> String {
    match value {
        10.0.. => format!("{value:.0}"),
        1.0.. => format!("{value:.1}"),
        0.1.. => format!("{value:.2}"),
        0.01.. => format!("{value:.3}"),
        _ => format!("{value:.1e}"),
    }
}
