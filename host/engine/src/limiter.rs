//! Bounds the memory of one instance: all its memories and tables together.

use wasmtime::ResourceLimiter;
use witbot_core::limits;

/// What an instance has taken.
#[derive(Default)]
pub(crate) struct Limiter {
    memory_bytes: usize,
    table_elements: usize,
    /// Whether something was refused: then a trap that follows is explained by it.
    pub(crate) refused: bool,
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
        let fits = total <= limits::MEMORY_BYTES_MAX;
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
        let fits = total <= limits::TABLE_ELEMENTS_MAX;
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
        let mut limiter = Limiter::default();
        let half = limits::MEMORY_BYTES_MAX / 2;
        assert!(limiter.memory_growing(0, half, None).unwrap());
        assert!(limiter.memory_growing(0, half, None).unwrap());
        assert!(!limiter.memory_growing(half, half + 1, None).unwrap());
        assert!(limiter.refused);
    }
}
