//! Looks up names, and gives the connection only addresses that it may go to. What is checked is what is connected to: a
//! name that means something else a moment later makes no difference.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address;

/// Looks up names with the system's own means.
pub struct Resolver {
    /// Whether private addresses are given.
    pub private_allowed: bool,
}

/// All addresses of a name are private.
#[derive(Debug, thiserror::Error)]
#[error("the name leads into a private network")]
pub struct Private;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private_allowed = self.private_allowed;
        Box::pin(async move {
            // The port is set by the connection.
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed = if private_allowed {
                found
            } else {
                public(found)?
            };
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Some names have addresses for both sides of a network's border.
fn public(mut found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Private> {
    let was_empty = found.is_empty();
    found.retain(|address| address::is_public(address.ip()));
    if found.is_empty() && !was_empty {
        Err(Private)
    } else {
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_given() {
        let addresses = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().map(|text| text.parse().unwrap()).collect()
        };
        let mixed = addresses(&["10.0.0.1:0", "1.1.1.1:0", "[::1]:0"]);
        assert_eq!(public(mixed).unwrap(), addresses(&["1.1.1.1:0"]));
        assert!(public(addresses(&["127.0.0.1:0", "[::ffff:10.0.0.1]:0"])).is_err());
        assert!(public(Vec::new()).unwrap().is_empty());
    }
}
