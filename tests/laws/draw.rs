//! Choices drawn from a list of numbers: proptest shrinks the list, and a shorter list is a simpler world.
//! Never draws from anything else, so the same list gives the same world.

use proptest::collection::vec;
use proptest::prelude::*;

/// The numbers still to be drawn; when they run out, every choice is the first.
#[derive(Clone, Debug)]
pub struct Draw {
    numbers: Vec<u16>,
    next: usize,
}

pub fn numbers(most: usize) -> impl Strategy<Value = Vec<u16>> {
    vec(any::<u16>(), 0..most)
}

impl Draw {
    pub fn new(numbers: Vec<u16>) -> Draw {
        Draw { numbers, next: 0 }
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        let drawn = self.numbers.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        usize::from(drawn) % n.max(1)
    }

    /// True once in `n` times, and never when the numbers have run out.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
