//! A table of texts: each column as wide as its widest cell, under its heading.
//! Never cuts a cell.

use super::page::{Page, width};
use super::paint::{Role, clean};

/// Writes rows under their headings. `role` says how a cell is painted, by its row and column.
pub fn write<const N: usize>(
    page: &mut Page,
    heads: &[&str; N],
    rows: &[[String; N]],
    role: impl Fn(usize, usize) -> Role,
) {
    let mut columns = [0; N];
    let mut at = 0;
    for (i, head) in heads.iter().enumerate() {
        columns[i] = at;
        at += 2 + rows.iter().map(|row| width(&clean(&row[i]))).max().unwrap_or(0).max(head.len());
    }
    for (column, head) in columns.iter().zip(heads) {
        page.tab(*column).put(Role::Heading, head);
    }
    page.end();
    for (y, row) in rows.iter().enumerate() {
        for (x, cell) in row.iter().enumerate() {
            page.tab(columns[x]).put(role(y, x), cell);
        }
        page.end();
    }
}
