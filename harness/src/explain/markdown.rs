//! An explanation for a bug tracker: a title that can be searched for, the diagram as it is, prose as a
//! list, and the case to replay it with.

use super::Report;
use std::fmt::Write;

/// The report in GitHub's Markdown.
pub fn render(report: &Report) -> String {
    let why = &report.explanation;
    let mut text = format!("## {}\n\n`{}` on {}\n\n", why.headline, why.signature, why.kernel);
    text += &fence("text", &why.diagram.to_string());
    for sentence in why.sentences() {
        let _ = writeln!(text, "* {}", escaped(&sentence));
    }
    for detail in &why.details {
        let _ = writeln!(text, "* {}", escaped(detail));
    }
    let _ = writeln!(text, "* group: {}", escaped(&why.group.to_string()));
    let case = fence("text", &report.case);
    text += "\n<details><summary>The case, for <code>mmreap replay</code></summary>\n\n";
    text + &case + "</details>\n"
}

fn fence(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```\n\n", text.trim_end())
}

/// Kernel names are full of what Markdown takes for emphasis and HTML.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        if "\\`*_[]<>#|".contains(c) {
            all.push('\\');
        }
        all.push(c);
        all
    })
}
