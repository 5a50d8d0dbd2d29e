//! RV113: required lookups that go in a circle, so that no first row can be written.
//! Never minds a circle that one optional lookup opens.

use std::collections::{HashMap, HashSet, VecDeque};

use super::survey::{Site, Survey};
use super::words::{circle, shown};
use crate::diagnostic::Diagnostic;
use crate::model::field::{Field, FieldType};
use crate::model::repository::Remark;
use crate::yaml::Part;

/// One required lookup: the number of the entity it points to, its name and itself.
type Edge<'r> = (usize, &'r str, &'r Field);

pub fn check(survey: &Survey<'_>, found: &mut Vec<Remark>) {
    let sites: Vec<&Site<'_>> = survey.sites.iter().filter(|site| site.entity().is_some()).collect();
    let numbers: HashMap<&str, usize> = sites.iter().enumerate().map(|(n, site)| (site.name(), n)).collect();
    let edges: Vec<Vec<Edge<'_>>> = sites.iter().map(|site| required(site, &numbers)).collect();
    for (site, edges) in sites.iter().zip(&edges) {
        for (_, name, field) in edges.iter().filter(|(to, _, _)| sites[*to].name() == site.name()) {
            let entity = shown(site.name());
            let message =
                format!("the first `{entity}` could only point to itself: `{}` is required", shown(name));
            let diagnostic = Diagnostic::warning("RV113", message).help("leave `required` out");
            let path = ["spec", "fields", name, "required"];
            found.push(site.member(field.standard, &path, Part::Value, diagnostic));
        }
    }
    let next: Vec<Vec<usize>> =
        edges.iter().map(|of_one| of_one.iter().map(|edge| edge.0).collect()).collect();
    for group in groups(&next).into_iter().filter(|group| group.len() > 1) {
        let around = shortest(&group, &next);
        let names: Vec<&str> = around.iter().map(|n| sites[*n].name()).collect();
        let [first, second, ..] = around.as_slice() else { continue };
        let between = |(from, to): (&usize, &usize)| edges[*from].iter().find(|edge| edge.0 == *to);
        let steps = || around.iter().zip(around.iter().cycle().skip(1));
        let message = format!("required lookups go in a circle: {}", circle(&names));
        // What a vendor owns cannot be mended here, and was there before us.
        let is_vendors = steps().filter_map(between).all(|(_, _, field)| field.standard);
        let diagnostic = match is_vendors {
            true => Diagnostic::warning("RV113", message),
            false => Diagnostic::error("RV113", message),
        };
        let diagnostic = diagnostic.help("no first row can be written; leave `required` out of one of them");
        if let Some((_, name, field)) = between((first, second)) {
            let path = ["spec", "fields", name, "required"];
            found.push(sites[*first].member(field.standard, &path, Part::Value, diagnostic));
        }
    }
}

/// The lookups to one entity that every row must have: those of the primary key among them.
fn required<'r>(site: &Site<'r>, numbers: &HashMap<&str, usize>) -> Vec<Edge<'r>> {
    let Some(entity) = site.entity() else { return Vec::new() };
    let key: HashSet<&String> = entity.primary_key.iter().flatten().collect();
    let mut found = Vec::new();
    for (name, field) in &entity.fields {
        if let FieldType::Lookup { entity: Some(to), .. } = &field.ty
            && (field.is_required() || key.contains(name))
            && let Some(number) = numbers.get(to.as_str())
        {
            found.push((*number, name.as_str(), field));
        }
    }
    found
}

/// The strongly connected groups of a graph, each sorted, in the order of their first members (Tarjan, 1972).
fn groups(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; next.len()];
    let mut lowest = vec![UNSEEN; next.len()];
    let mut is_open = vec![false; next.len()];
    let mut open = Vec::new();
    let mut groups = Vec::new();
    let mut count = 0;
    for root in 0..next.len() {
        // A stack of our own: a chain of lookups may be longer than the thread's.
        let mut stack = Vec::new();
        let mut enter = (order[root] == UNSEEN).then_some(root);
        loop {
            if let Some(at) = enter.take() {
                (order[at], lowest[at], is_open[at]) = (count, count, true);
                count += 1;
                open.push(at);
                stack.push((at, 0));
            }
            let Some((at, edge)) = stack.last_mut() else { break };
            let at = *at;
            if let Some(to) = next[at].get(*edge).copied() {
                *edge += 1;
                match (order[to] == UNSEEN, is_open[to]) {
                    (true, _) => enter = Some(to),
                    (false, true) => lowest[at] = lowest[at].min(order[to]),
                    (false, false) => {}
                }
                continue;
            }
            stack.pop();
            if let Some((parent, _)) = stack.last() {
                lowest[*parent] = lowest[*parent].min(lowest[at]);
            }
            if lowest[at] == order[at] {
                let first = open.iter().rposition(|one| *one == at).unwrap_or(0);
                let mut group = open.split_off(first);
                group.iter().for_each(|one| is_open[*one] = false);
                group.sort_unstable();
                groups.push(group);
            }
        }
    }
    groups.sort();
    groups
}

/// The shortest way from the first member of a group back to it, without its end.
fn shortest(group: &[usize], next: &[Vec<usize>]) -> Vec<usize> {
    let Some(start) = group.first().copied() else { return Vec::new() };
    let mut came_from: HashMap<usize, usize> = HashMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(at) = waiting.pop_front() {
        for to in next[at].iter().copied().filter(|to| group.binary_search(to).is_ok()) {
            if to == start && at != start {
                let mut around = vec![at];
                let mut back = at;
                while let Some(before) = came_from.get(&back) {
                    around.push(*before);
                    back = *before;
                }
                around.reverse();
                return around;
            }
            if to != start && !came_from.contains_key(&to) {
                came_from.insert(to, at);
                waiting.push_back(to);
            }
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_in_graphs_of_any_depth() {
        let graph = |edges: &[(usize, usize)], size: usize| {
            let mut next = vec![Vec::new(); size];
            edges.iter().for_each(|(from, to)| next[*from].push(*to));
            next
        };
        let next = graph(&[(0, 1), (1, 2), (2, 1), (3, 4), (4, 5), (5, 3), (4, 3), (5, 0)], 6);
        assert_eq!(groups(&next), [vec![0], vec![1, 2], vec![3, 4, 5]]);
        assert_eq!(shortest(&[3, 4, 5], &next), [3, 4]);
        let ring: Vec<(usize, usize)> = (0..20_000).map(|n| (n, (n + 1) % 20_000)).collect();
        let next = graph(&ring, 20_000);
        let found = groups(&next);
        assert_eq!(found.len(), 1);
        assert_eq!(shortest(&found[0], &next).len(), 20_000);
    }
}
