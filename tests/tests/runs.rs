//! What operators and people do with runs: look into them, end them, try them again, replay them.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use witbot_core::journal::Entry;
use witbot_core::limits::OUTCOME_INLINE_BYTES_MAX;
use witbot_store::Store;
use witbot_store::invocations::{Filter, Invocation};
use witbot_tests::bot::Bot;
use witbot_tests::fakes::CheckState;
use witbot_tests::home::{Home, guest, plugin};
use witbot_tests::services::{REPOSITORY, Services};

const CHANGE_TIME_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The newest run, beside the bot.
async fn newest_if_any(home: &Home) -> Option<Invocation> {
    let store = Store::open_to_read(&home.data()).expect("there is a store");
    let filter = Filter {
        plugin: None,
        status: None,
        limit: 1,
    };
    let runs = store.invocations(filter).await.expect("it can be read");
    runs.into_iter().next()
}

async fn newest(home: &Home) -> Invocation {
    newest_if_any(home).await.expect("there is a run")
}

/// The newest run, as soon as it is so.
async fn newest_that(home: &Home, what: &str, is: impl Fn(&Invocation) -> bool) -> Invocation {
    let until = Instant::now() + CHANGE_TIME_MAX;
    loop {
        let run = newest_if_any(home).await;
        match run {
            Some(run) if is(&run) => return run,
            other => assert!(Instant::now() < until, "it is never {what}: {other:#?}"),
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Waits until an event is in the inbox that nothing stored has come of yet.
async fn arrived(home: &Home) {
    let store = Store::open_to_read(&home.data()).expect("there is a store");
    let until = Instant::now() + CHANGE_TIME_MAX;
    while store
        .events_unrouted()
        .await
        .expect("it can be read")
        .is_empty()
    {
        assert!(Instant::now() < until, "no event arrives");
        sleep(LOOK_EVERY).await;
    }
}

async fn stands(home: &Home, status: &str) -> Invocation {
    newest_that(home, status, |run| run.status.as_str() == status).await
}

async fn waiting() -> Bot {
    Bot::start(Home::new().with_guest("waits")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_is_canceled_beside_the_bot_and_cleans_up() {
    let mut bot = waiting().await;
    bot.ask("@ada #ops: wait tidily", "#ops witbot: Waiting tidily.")
        .await;
    let run = stands(bot.home(), "parked").await;
    let list = bot.home().witbot(&["runs", "--state", "parked"]).await.ok();
    assert!(
        list.contains("parked   waits tidily  @ada #ops  since 20")
            && list.contains("  waits until 20"),
        "{list}"
    );
    let none = bot.home().witbot(&["runs", "--state", "dead"]).await.ok();
    assert_eq!(none, "There are no such runs.\n");
    let socket = bot.home().data().join("control.sock");
    let mode = socket.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let short = run.id.short();
    let canceled = bot.home().witbot(&["runs", "cancel", short]).await.ok();
    assert!(canceled.contains("is canceled"), "{canceled}");
    let line = format!("#ops witbot: `waits` (run {short}) was canceled by an operator.");
    bot.expect(&line).await;
    bot.expect("#ops witbot: Cleaned up: canceled by an operator.")
        .await;
    stands(bot.home(), "done").await;

    let again = bot.home().witbot(&["runs", "cancel", short]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.printed.contains("is over already: done"), "{again:?}");
    let shown = bot.home().witbot(&["runs", short]).await.ok();
    for part in [
        "from     @ada (ada) in #ops",
        "flow.sleep {\"milliseconds\":3600000} -> canceled: canceled by an operator",
        "It was canceled by an operator.",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    assert!(audit.contains(r#""action":"run.cancel""#), "{audit}");
    bot.stop().await;
    assert!(!socket.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_does_not_care_is_ended_and_says_nothing_more() {
    let mut bot = waiting().await;
    bot.ask("wait stubbornly", "#console witbot: Waiting stubbornly.")
        .await;
    let run = stands(bot.home(), "parked").await;
    bot.home()
        .witbot(&["runs", "cancel", run.id.as_str()])
        .await
        .ok();
    bot.expect("#console witbot: `waits` (run …) was canceled by an operator.")
        .await;
    let run = stands(bot.home(), "failed").await;
    assert_eq!(run.reason.as_deref(), Some("canceled by an operator"));
    bot.expect_log("INFO [waits] I do not care: canceled by an operator")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bot_a_run_is_canceled_all_the_same_and_ends_after_the_start() {
    let mut bot = waiting().await;
    bot.ask(
        "@ada #ops: wait answer",
        "#ops witbot: Tea or coffee? [Tea / Coffee]",
    )
    .await;
    stands(bot.home(), "parked").await;
    bot.kill9().await;
    let run = newest(bot.home()).await;
    let canceled = bot
        .home()
        .witbot(&["runs", "cancel", run.id.short()])
        .await
        .ok();
    assert!(canceled.contains("No bot runs"), "{canceled}");
    bot.restart().await;
    // What was said but perhaps not yet crossed off is said again.
    bot.expect_soon("#ops witbot (edited): Tea or coffee?")
        .await;
    bot.expect("    This was canceled.").await;
    bot.expect_soon("#ops witbot: `waits` (run …) was canceled by an operator.")
        .await;
    stands(bot.home(), "failed").await;
    bot.ask(
        "@ada #ops: tea",
        "#ops witbot: I do not know that command. …",
    )
    .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_and_stop_their_own_runs_and_nobody_elses() {
    let mut bot = waiting().await;
    let nothing = "#ops witbot: Nothing of yours goes on in this channel.";
    bot.ask("@ada #ops: runs", nothing).await;
    bot.ask("@ada #ops: stop", nothing).await;
    bot.ask("@ada #ops: wait tidily", "#ops witbot: Waiting tidily.")
        .await;
    let hers = stands(bot.home(), "parked").await;
    let short = hers.id.short();
    bot.ask(
        "@ada #ops: runs",
        "#ops witbot: What goes on for you in this channel:",
    )
    .await;
    bot.expect(&format!("    - {short} `wait tidily` waits until 20…Z"))
        .await;
    bot.ask("@bob #ops: stop", nothing).await;
    let refused =
        format!("#ops witbot: The run {short} is not one that you began in this channel. …");
    bot.ask(&format!("@bob #ops: stop {short}"), &refused).await;
    let elsewhere = refused.replace("#ops", "#home");
    bot.ask(&format!("@ada #home: stop {short}"), &elsewhere)
        .await;
    bot.ask(
        "@bob #ops: stop ffffffffff",
        "#ops witbot: I know no such run of yours in this channel. `runs` lists them.",
    )
    .await;
    bot.ask(
        "@bob #ops: stop the press",
        "#ops witbot: Usage: `stop [RUN]`. …",
    )
    .await;

    // With two of them, it has to be said which.
    bot.ask(
        "@ada #ops: wait stubbornly",
        "#ops witbot: Waiting stubbornly.",
    )
    .await;
    let other = newest_that(bot.home(), "another", |run| run.id != hers.id).await;
    stands(bot.home(), "parked").await;
    bot.ask("@ada #ops: stop", "#ops witbot: Which one? …")
        .await;
    bot.expect("    - … `wait stubbornly` …").await;
    bot.expect("    - … `wait tidily` …").await;
    let line = format!(
        "#ops witbot: `waits` (run {}) was canceled by @ada.",
        other.id.short()
    );
    bot.ask(&format!("@ada #ops: stop {}", other.id.short()), &line)
        .await;
    // That one is being canceled, so there is only one left.
    let line = format!("#ops witbot: `waits` (run {short}) was canceled by @ada.");
    bot.ask("@ada #ops: stop", &line).await;
    bot.expect("#ops witbot: Cleaned up: canceled by @ada.")
        .await;
    bot.ask("@ada #ops: runs", nothing).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_brings_the_bot_down_again_and_again_is_put_aside_and_can_be_ended() {
    let mut bot = Bot::start(Home::new().with_guest("traps")).await;
    bot.forgive("ERROR […] the run is put aside: …");
    bot.say("@ada #ops: trap loop").await;
    arrived(bot.home()).await;
    let mut owner = None;
    for _ in 0..5 {
        bot.kill9_and_restart().await;
        // It is stored by the second start, and each takes it up.
        let taken = newest_that(bot.home(), "taken up", |run| {
            run.lease.is_some() && run.lease != owner
        })
        .await;
        owner = taken.lease;
    }
    bot.kill9_and_restart().await;
    bot.expect("#ops witbot: @ada: `trap loop` is put aside: witbot was stopped in the middle of it 5 times. …")
        .await;
    let dead = bot.home().witbot(&["runs", "--state", "dead"]).await.ok();
    assert!(dead.contains("dead     traps loop  @ada #ops"), "{dead}");
    let put_aside = ["audit", "show", "--json", "--action", "run.dead"];
    let told = bot.home().witbot(&put_aside).await.ok();
    assert!(
        told.lines().count() == 1 && told.contains(r#""actor":"ada""#),
        "{told}"
    );
    bot.kill9_and_restart().await;
    let run = newest(bot.home()).await;
    let shown = bot.home().witbot(&["runs", run.id.short()]).await.ok();
    assert!(shown.contains("`witbot runs retry"), "{shown}");
    let canceled = bot
        .home()
        .witbot(&["runs", "cancel", run.id.short()])
        .await
        .ok();
    assert!(canceled.contains("it has ended"), "{canceled}");
    bot.expect_soon("#ops witbot: `traps` (run …) was canceled by an operator.")
        .await;
    stands(bot.home(), "failed").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_version_is_gone_is_put_aside_and_tried_again_when_it_is_back() {
    let mut bot = waiting().await;
    bot.forgive("ERROR […] the run is put aside: …");
    bot.forgive("ERROR cannot read …");
    bot.ask("@ada #ops: wait time 60", "#ops witbot: Good night.")
        .await;
    bot.expect("#ops witbot: Good morning.").await;
    bot.ask("@ada #ops: wait time 5000", "#ops witbot: Good night.")
        .await;
    bot.kill9().await;
    bot.home().put("waits", &guest("traps"));
    let artefacts = bot.home().data().join("artefacts");
    let moved = bot.home().data().join("moved");
    std::fs::rename(&artefacts, &moved).expect("the bot does not run");
    bot.restart().await;
    bot.expect_soon(
        "#ops witbot: @ada: `wait time 5000` is put aside: it could not go on, 5 times: …",
    )
    .await;
    let run = stands(bot.home(), "dead").await;
    let unread = bot.home().witbot(&["replay", run.id.short()]).await;
    assert!(unread.complained.contains("--wasm FILE"), "{unread:?}");

    for file in std::fs::read_dir(&moved).expect("it was moved") {
        let file = file.expect("it can be read");
        std::fs::rename(file.path(), artefacts.join(file.file_name())).expect("it is moved back");
    }
    let retried = bot
        .home()
        .witbot(&["runs", "retry", run.id.short()])
        .await
        .ok();
    assert!(retried.contains("is tried again"), "{retried}");
    bot.expect("#ops witbot: Good morning.").await;
    stands(bot.home(), "done").await;
    let again = bot.home().witbot(&["runs", "retry", run.id.short()]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_run_is_replayed_and_another_plugin_is_tried_on_it() {
    let home = Home::new()
        .with_guest("waits")
        .with_guest("remembers")
        .with_guest("traps")
        .with_settings("[plugins.remembers.grants]\nkv = [{ max_bytes = 1024 }]");
    let mut bot = Bot::start(home).await;
    bot.forgive("ERROR [traps] …");
    bot.ask("count", "#console witbot: Count: 1.").await;
    let done = stands(bot.home(), "done").await;
    let replay = bot.home().witbot(&["replay", done.id.short()]).await.ok();
    for part in [
        "   0  kv.get {\"key\":\"count\"} -> ok\n",
        "   2  chat.reply {",
        "the handler came to its end, as recorded",
    ] {
        assert!(replay.contains(part), "{part}: {replay}");
    }
    bot.ask("count", "#console witbot: Count: 2.").await;

    bot.ask("wait stubbornly", "#console witbot: Waiting stubbornly.")
        .await;
    let parked = stands(bot.home(), "parked").await;
    let replay = bot
        .home()
        .witbot(&["replay", parked.id.as_str()])
        .await
        .ok();
    assert!(
        replay.contains(
            "flow.sleep {\"milliseconds\":3600000} would be next: it was not answered yet"
        ) && replay.contains("the record was followed to its end"),
        "{replay}"
    );
    // It sees what the plugin logged, too.
    let short = parked.id.short();
    bot.home().witbot(&["runs", "cancel", short]).await.ok();
    bot.expect("#console witbot: `waits` …").await;
    stands(bot.home(), "failed").await;
    let replay = bot.home().witbot(&["replay", short]).await.ok();
    assert!(
        replay.contains("      info  I do not care: canceled by an operator\n"),
        "{replay}"
    );

    let file = bot.home().folder().join("changed.wasm");
    std::fs::write(&file, plugin("hello")).expect("a new file");
    let changed = bot
        .home()
        .witbot(&["replay", short, "--wasm", "changed.wasm"])
        .await;
    assert_eq!(changed.code, Some(1), "{changed:?}");
    assert!(changed.printed.contains("call 0 differs"), "{changed:?}");

    bot.ask("trap panic", "#console witbot: `traps` failed: …")
        .await;
    let failed = stands(bot.home(), "failed").await;
    let replay = bot.home().witbot(&["replay", failed.id.short()]).await;
    assert_eq!(replay.code, Some(1), "{replay:?}");
    assert!(
        replay.printed.contains("it failed: it crashed"),
        "{replay:?}"
    );
    // Nothing came of all that.
    bot.ask("count", "#console witbot: Count: 3.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_an_answer_that_is_kept_out_of_line_is_replayed() {
    let services = Arc::new(Services::start().await);
    let settings = format!(
        "{}[plugins.inspects.grants]\ngithub = [{{ repository = \"acme/api\", permissions = [\"contents:read\"] }}]\n",
        services.addresses()
    );
    let home = Home::new().with_guest("inspects").with_settings(&settings);
    let mut bot = Bot::start_for(home, &services).await;
    for number in 0..300 {
        let name = format!("job {number:03}");
        let github = &services.github;
        github.set_check_run(REPOSITORY, "main", &name, CheckState::Success);
    }
    bot.ask(
        "inspect checks main",
        "#console witbot: success: job 000 success…, job 299 success with a page",
    )
    .await;
    let done = stands(bot.home(), "done").await;
    let store = Store::open_to_read(&bot.home().data()).expect("there is a store");
    let journal = store.journal(&done.id).await.expect("it can be read");
    let json = |entry: &Entry| serde_json::to_string(&entry.outcome).expect("it is JSON");
    let largest = journal.iter().map(|entry| json(entry).len()).max();
    assert!(largest > Some(OUTCOME_INLINE_BYTES_MAX), "{largest:?}");
    let replay = bot.home().witbot(&["replay", done.id.short()]).await.ok();
    assert!(
        replay.contains("the handler came to its end, as recorded"),
        "{replay}"
    );
    bot.stop().await;
}
