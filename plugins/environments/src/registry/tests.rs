use super::*;
use crate::environment::{Person, example};

const HOUR: Duration = Duration::from_secs(3_600);

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_300_000_000)
}

fn of(branch: &str, owner: &str) -> Environment {
    Environment {
        branch: branch.to_owned(),
        owner: Person {
            id: owner.to_owned(),
            name: owner.to_owned(),
        },
        begun: false,
        ..example(Phase::Creating)
    }
}

fn claim(registry: &mut Registry, environment: &Environment, name: &str) -> Claim {
    let distinct = format!("{name}-1a2b3c");
    registry.claim(&Wanted {
        environment,
        names: [name, &distinct],
        taken: &BTreeSet::from(["taken".to_owned(), "taken-1a2b3c".to_owned()]),
        quota: 2,
    })
}

fn new(name: &str) -> Claim {
    Claim::New {
        name: name.to_owned(),
        failed: None,
    }
}

fn with(phase: Phase) -> Registry {
    Registry {
        environments: BTreeMap::from([("x".to_owned(), example(phase))]),
    }
}

fn request<'a>(why: &'a Why, at_once: bool) -> Request<'a> {
    Request {
        why,
        holder: "run-2",
        over_at: now() + HOUR,
        now: now(),
        at_once,
    }
}

#[test]
fn a_branch_has_one_environment() {
    let mut registry = Registry::default();
    assert_eq!(claim(&mut registry, &of("a", "ada"), "x"), new("x"));
    let there = Claim::There("x".to_owned(), Box::new(of("a", "ada")));
    assert_eq!(claim(&mut registry, &of("a", "bob"), "x"), there);
}

#[test]
fn branches_with_the_same_name_are_told_apart() {
    let mut registry = Registry::default();
    assert_eq!(claim(&mut registry, &of("a/b", "ada"), "x"), new("x"));
    assert_eq!(
        claim(&mut registry, &of("a-b", "bob"), "x"),
        new("x-1a2b3c")
    );
    assert_eq!(claim(&mut registry, &of("a_b", "eve"), "x"), Claim::Clash);
    assert_eq!(claim(&mut registry, &of("c", "eve"), "taken"), Claim::Clash);
}

#[test]
fn nobody_has_too_many() {
    let mut registry = Registry::default();
    claim(&mut registry, &of("a", "ada"), "x");
    claim(&mut registry, &of("b", "ada"), "y");
    assert_eq!(claim(&mut registry, &of("c", "bob"), "z"), new("z"));
    let Claim::Quota(own) = claim(&mut registry, &of("d", "ada"), "w") else {
        panic!("it was claimed");
    };
    let names: Vec<&str> = own.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x", "y"]);
    registry.held("x", "run-1", |one| one.phase = Phase::Failed(String::new()));
    assert_eq!(claim(&mut registry, &of("d", "ada"), "w"), new("w"));
}

#[test]
fn there_are_not_too_many_altogether() {
    let mut registry = Registry::default();
    for number in 0..ENVIRONMENTS_MAX {
        let name = number.to_string();
        assert_eq!(claim(&mut registry, &of(&name, &name), &name), new(&name));
    }
    assert_eq!(claim(&mut registry, &of("a", "ada"), "a"), Claim::Full);
}

#[test]
fn a_failed_one_is_made_again_in_its_place() {
    let mut registry = with(Phase::Failed("No.".to_owned()));
    let again = of("feature/login", "bob");
    let claimed = claim(&mut registry, &again, "other");
    let Claim::New { name, failed } = claimed else {
        panic!("{claimed:?}");
    };
    assert_eq!((name.as_str(), failed.is_some()), ("x", true));
    assert_eq!(registry.environments["x"].owner.id, "bob");
}

#[test]
fn only_the_run_that_holds_it_says_how_it_went() {
    let mut registry = with(Phase::Creating);
    let ready = |one: &mut Environment| one.phase = Phase::Ready;
    assert_eq!(registry.held("x", "run-9", ready), None);
    assert_eq!(registry.forget("x", "run-9"), None);
    assert!(registry.made("x", "run-1", |_| {}, ready).is_some());
    assert!(registry.made("x", "run-1", |_| {}, ready).is_none());
    assert!(registry.forget("x", "run-1").is_some());
    assert_eq!(registry.forget("x", "run-1"), None);
}

#[test]
fn what_is_found_out_of_an_unwanted_one_is_noted() {
    let mut registry = with(Phase::Creating);
    registry.begin_removal("x", &request(&Why::Expired, false));
    let note = |one: &mut Environment| one.deployment = Some(99);
    let made = registry.made("x", "run-1", note, |one| one.phase = Phase::Ready);
    assert_eq!(made, None);
    let one = &registry.environments["x"];
    assert_eq!(one.deployment, Some(99));
    assert!(matches!(one.phase, Phase::Destroying { .. }));
}

#[test]
fn it_is_taken_away_by_one_run_at_a_time() {
    let wanted = Why::Wanted("ada".to_owned());
    let mut registry = with(Phase::Ready);
    let begun = registry.begin_removal("x", &request(&wanted, true));
    assert_eq!(begun, Removal::Begun(Box::new(example(Phase::Ready))));
    let second = registry.begin_removal("x", &request(&Why::Expired, true));
    assert_eq!(second, Removal::UnderWay(wanted));
    assert_eq!(
        registry.begin_removal("y", &request(&Why::Expired, true)),
        Removal::Gone
    );
}

#[test]
fn it_is_tried_again_with_growing_pauses() {
    let minutes = |attempts| pause(attempts).map(|pause| pause.as_secs() / 60);
    assert_eq!([1, 2, 3, 4].map(minutes), [5, 15, 45, 135].map(Some));
    assert_eq!(minutes(5), None);

    let mut registry = with(Phase::Ready);
    registry.begin_removal("x", &request(&Why::Expired, false));
    assert_eq!(registry.stick("x", "run-1", "No.", now()), None);
    registry.stick("x", "run-2", "No.", now()).unwrap();
    assert!(registry.over(now()).is_empty());
    let early = registry.begin_removal("x", &request(&Why::Expired, false));
    assert_eq!(early, Removal::UnderWay(Why::Expired));
    assert_eq!(registry.over(now() + PAUSE_FIRST), [("x", Why::Expired)]);
    let by_hand = registry.begin_removal("x", &request(&Why::Wanted("bob".to_owned()), true));
    assert!(matches!(by_hand, Removal::Begun(_)));
    let Phase::Destroying { attempt, .. } = registry.environments["x"].phase else {
        panic!("it is not begun");
    };
    assert_eq!(attempt, 2);
}

#[test]
fn what_makes_it_is_known_until_it_was_seen_to_end() {
    let mut registry = with(Phase::Creating);
    let mut makers = Vec::new();
    for _ in 0..2 {
        let begun = registry.begin_removal("x", &request(&Why::Expired, true));
        let Removal::Begun(before) = begun else {
            panic!("it is not begun: {begun:?}");
        };
        makers.push(before.maker);
        registry.stick("x", "run-2", "No.", now()).unwrap();
        let noted = registry.made("x", "run-1", |one| one.log = Some("1".to_owned()), |_| {});
        assert_eq!(noted, None);
        assert_eq!(registry.environments["x"].log.as_deref(), Some("1"));
    }
    assert_eq!(makers, [Some("run-1".to_owned()), Some("run-1".to_owned())]);
    registry.made("x", "run-0", |one| one.log = None, |_| {});
    assert!(registry.environments["x"].log.is_some());
}

#[test]
fn an_attempt_whose_run_is_no_more_is_made_again() {
    let mut registry = with(Phase::Ready);
    registry.begin_removal("x", &request(&Why::Expired, false));
    assert!(registry.over(now()).is_empty());
    assert_eq!(registry.over(now() + HOUR), [("x", Why::Expired)]);
}

#[test]
fn it_stays_for_longer_but_not_for_ever() {
    let mut registry = with(Phase::Ready);
    let until = Timestamp::from_millis(registry.environments["x"].until);
    let left = until.since(now());
    let bounds = (left + HOUR, HOUR / 2);
    let Extension::Extended(one) = registry.extend("x", HOUR, bounds, now()) else {
        panic!("it was not extended");
    };
    assert_eq!(one.until, (until + HOUR).as_millis());
    assert_eq!(
        registry.extend("x", HOUR, bounds, now()),
        Extension::TooLong(left + HOUR)
    );
    registry.begin_removal("x", &request(&Why::Expired, false));
    assert_eq!(
        registry.extend("x", HOUR, bounds, now()),
        Extension::Leaving
    );
    assert_eq!(registry.extend("y", HOUR, bounds, now()), Extension::Gone);
}

#[test]
fn owners_are_warned_once_before_the_end() {
    let mut registry = with(Phase::Ready);
    let one = &registry.environments["x"];
    let warn_at = Timestamp::from_millis(one.warn_at.unwrap());
    let until = Timestamp::from_millis(one.until);
    assert!(registry.nearly_over(now()).is_empty());
    assert_eq!(registry.nearly_over(warn_at), ["x"]);
    assert!(registry.nearly_over(until).is_empty());
    assert!(registry.warn("x", warn_at).is_some());
    assert!(registry.warn("x", warn_at).is_none());
    assert_eq!(registry.over(until), [("x", Why::Expired)]);
}

#[test]
fn a_closed_pull_request_concerns_its_branch() {
    let mut registry = with(Phase::Ready);
    assert_eq!(registry.of_branch("feature/login"), ["x"]);
    assert!(registry.of_branch("feature").is_empty());
    registry.begin_removal("x", &request(&Why::Expired, false));
    assert!(registry.of_branch("feature/login").is_empty());
}
