//! Bounds the memory of one instance: all its memories and tables together.

use wasmtime::ResourceLimiter;
use witbot_core::limits::TABLE_ELEMENTS_MAX;

/// What an instance has taken.
pub(crate) struct Limiter {
    memory_bytes_max: usize,
    memory_bytes: usize,
    table_elements: usize,
    /// Whether something was refused: then a trap that follows is explained by it.
    pub(crate) refused: bool,
}

impl Limiter {
    pub(crate) fn new(memory_bytes_max: usize) -> Limiter {
        Limiter {
            memory_bytes_max,
            memory_bytes: 0,
            table_elements: 0,
            refused: false,
        }
    }

    /// How much memory there is. It never becomes less.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self
            .memory_bytes
            .saturating_add(desired.saturating_sub(current));
        let fits = total <= self.memory_bytes_max;
        if fits {
            self.memory_bytes = total;
        }
        self.refused |= !fits;
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self
            .table_elements
            .saturating_add(desired.saturating_sub(current));
        let fits = total <= TABLE_ELEMENTS_MAX;
        if fits {
            self.table_elements = total;
        }
        self.refused |= !fits;
        Ok(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_counted_together() {
        let half = 1 << 20;
        let mut limiter = Limiter::new(2 * half);
        assert!(limiter.memory_growing(0, half, None).unwrap());
        assert!(limiter.memory_growing(0, half, None).unwrap());
        assert!(!limiter.memory_growing(half, half + 1, None).unwrap());
        assert!(limiter.refused);
    }
}
