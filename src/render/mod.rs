//! Values in, text out: plans, diagnostics, reports, history and drift as people and machines read them.
//! Never prints, never reads a file or a clock, and lets no control character of a value through.

pub mod adoption_text;
pub mod annotations;
mod budget;
mod catalogue;
pub mod diagnostics;
mod diagram;
pub mod diff_text;
pub mod drift_text;
mod excerpt;
mod finding;
pub mod history_text;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod hostile_preview;
pub mod import_text;
mod markdown;
mod member;
pub mod metrics;
pub mod package;
mod page;
pub mod paint;
pub mod plan_markdown;
pub mod plan_text;
pub mod power_text;
pub mod preview_html;
pub mod preview_markdown;
pub mod preview_text;
pub mod rehearsal_text;
pub mod remarks;
pub mod report_text;
pub mod resume_text;
mod row;
#[cfg(test)]
pub mod sample;
pub mod sarif;
mod setting;
pub mod status_text;
pub mod suspension_text;
mod table;
mod task;
pub mod trash_text;
pub mod watch_text;
