//! The ids that a stand-in gives out.

use sha2::{Digest as _, Sha256};

use super::clock;

/// Deployment ids must not fit into 32 bits: clients that keep them in fewer are to be found out.
const FIRST_NUMBER: u64 = 1 << 32;
/// Delivery ids must not fit into a floating-point number.
const FIRST_DELIVERY: u64 = (1 << 53) + 1;

/// Numbers and UUIDs, the same ones in every run unless they are fresh.
#[derive(Debug)]
pub(super) struct Ids {
    seed: u64,
    given: u64,
}

impl Ids {
    /// The same ids in every run, for tests.
    pub(super) fn repeatable() -> Ids {
        Ids { seed: 0, given: 0 }
    }

    /// Ids that no earlier run has given out. A bot that outlives the stand-in must not take news for duplicates.
    pub(super) fn fresh() -> Ids {
        Ids {
            seed: clock::now(),
            given: 0,
        }
    }

    /// A number that grows, beyond 32 bits.
    pub(super) fn number(&mut self) -> u64 {
        FIRST_NUMBER + self.next()
    }

    /// A number that grows, beyond 53 bits.
    pub(super) fn delivery(&mut self) -> u64 {
        FIRST_DELIVERY + self.next()
    }

    /// A UUID, version 4 by its looks.
    pub(super) fn uuid(&mut self) -> String {
        let next = self.next();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&Sha256::digest(next.to_be_bytes())[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let text = hex::encode(bytes);
        let (a, b, c) = (&text[..8], &text[8..12], &text[12..16]);
        format!("{a}-{b}-{c}-{}-{}", &text[16..20], &text[20..])
    }

    fn next(&mut self) -> u64 {
        self.given += 1;
        self.seed + self.given
    }
}
