//! Settings for the tests.
#![cfg(test)]

use super::Settings;

/// Applications in the short form, and one with everything.
pub fn example() -> Settings {
    witbot_sdk::config::parse(EXAMPLE).expect("the example fits the settings")
}

const EXAMPLE: &str = r#"{
    "aliases": { "prod": "production", "stg": "staging" },
    "people": { "U1": "octo-ada" },
    "apps": {
        "api": {
            "repository": "acme/api",
            "environments": ["staging", "production"],
            "default_environment": "staging"
        },
        "web": {
            "repository": "acme/web",
            "environments": ["staging", "production"],
            "default_ref": "trunk"
        },
        "docs": { "repository": "acme/docs", "environments": ["pages"] },
        "old": { "repository": "acme/old", "environments": ["pages"], "force": "nobody" },
        "shop": {
            "repository": "acme/shop",
            "channels": ["C1", "ops"],
            "announce": "deploys",
            "contexts": ["ci/test"],
            "environments": {
                "production": {
                    "order": 2,
                    "url": "https://shop.example",
                    "after": "staging",
                    "aliases": ["live"],
                    "contexts": ["ci/test", "e2e"],
                    "behind": "refuse",
                    "force": ["U1"],
                    "freezes": [{ "days": ["fri"], "from": "16:00", "zone": "Europe/Berlin", "reason": "weekend" }]
                },
                "staging": { "order": 1, "auto": true }
            }
        }
    }
}"#;
