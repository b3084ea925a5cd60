//! The plugin `pipeline` alone: deployments that somebody makes at GitHub, carried out by CircleCI and GitHub Actions.

mod actions;
mod again;
mod circleci;
mod line;
mod world;
