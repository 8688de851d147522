//! An explanation as a page and as a drawing.
//!
//! Text, Markdown and traces are the harness's own business; here is what needs templates.

pub mod html;
pub mod svg;
