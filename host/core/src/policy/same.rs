//! What rules have in common: many are about the same command or the same people, and that is looked at once for all of them.

use std::collections::HashMap;
use std::hash::Hash;

use super::rule::Rule;
use super::window::Window;

/// A part of a rule, by the first rule that has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct First {
    pub(super) rule: usize,
    pub(super) kind: usize,
}

impl First {
    /// How many kinds of parts there are.
    pub(super) const KINDS: usize = 4;
}

/// The parts of a rule that are looked at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Same {
    pub(super) command: First,
    pub(super) arguments: First,
    pub(super) who: First,
    pub(super) when: First,
}

/// Those of each rule.
pub(super) fn same(rules: &[Rule]) -> Vec<Same> {
    let (mut commands, mut arguments) = (HashMap::new(), HashMap::new());
    let mut people = HashMap::new();
    // There are few, and they cannot be hashed.
    let mut times: Vec<(&Option<Window>, usize)> = Vec::new();
    let each = rules.iter().enumerate().map(|(index, rule)| Same {
        command: first(&mut commands, 0, index, (&rule.plugin, &rule.commands)),
        arguments: first(&mut arguments, 1, index, &rule.arguments),
        who: first(&mut people, 2, index, &rule.who),
        when: First {
            kind: 3,
            rule: match times.iter().find(|(when, _)| *when == &rule.when) {
                Some((_, first)) => *first,
                None => {
                    times.push((&rule.when, index));
                    index
                }
            },
        },
    });
    each.collect()
}

fn first<T: Hash + Eq>(seen: &mut HashMap<T, usize>, kind: usize, index: usize, part: T) -> First {
    let rule = *seen.entry(part).or_insert(index);
    First { rule, kind }
}
