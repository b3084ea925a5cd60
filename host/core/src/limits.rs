//! Every bound that witbot sets, with its reason.

pub mod plugin;

use std::ops::RangeInclusive;
use std::time::Duration;

/// A call that computes longer than this is ended: people wait for its answer. The time of waits does not count.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(10);
/// A call with all that it asks of services, which are bounded each by itself; waits do not count.
pub const CALL_WALL_TIME_MAX: Duration = Duration::from_secs(120);
/// How often a running plugin is interrupted, so that its time is counted and others get their turn: often enough for
/// limits of seconds, and so seldom that it costs nothing.
pub const EPOCH: Duration = Duration::from_millis(10);
/// Describing is returning constants. Interpreters that start up need about a second.
pub const DESCRIBE_TIME_MAX: Duration = Duration::from_secs(2);
/// All memories of an instance together. Interpreters need 64 MiB to start.
pub const MEMORY_BYTES_MAX: usize = 64 << 20;
/// C# and JavaScript engines need more than the usual 20,000.
pub const TABLE_ELEMENTS_MAX: usize = 100_000;
/// The largest interpreter in use makes components of 18 MB.
pub const COMPONENT_BYTES_MAX: u64 = 32 << 20;
/// Compiling takes all of a core, and the bot has to go on answering.
pub const COMPILES_AT_ONCE_MAX: usize = 1;
/// Processor time of one compile. An interpreter of 18 MB takes 14 to 16 s, and a quarter of the speed is still a machine
/// that one can work with.
pub const COMPILE_PROCESSOR_TIME_MAX: Duration = Duration::from_secs(60);
/// The same by the clock on the wall: twice as long, as a compile has the lowest priority and others compute as well.
pub const COMPILE_WALL_TIME_MAX: Duration = Duration::from_secs(120);
/// Address space of a compile. An interpreter needs 400 MB of memory, and threads reserve more than they use.
pub const COMPILE_MEMORY_BYTES_MAX: u64 = 2 << 30;
/// Threads of a compile: with more, plugins are not ready sooner, and each reserves address space.
pub const COMPILE_THREADS_MAX: usize = 4;
/// The compiled code of one plugin: it is two to three times as large as the file, with room for odd ones.
pub const COMPILED_BYTES_MAX: u64 = 5 * COMPONENT_BYTES_MAX;
/// What a compile says when it fails: a sentence, with the names of a few functions in it.
pub const COMPILE_REASON_BYTES_MAX: usize = 4 << 10;
/// A refusal that took this long is remembered, so that a plugin made to be slow costs that once. What is refused faster
/// is not worth a file.
pub const REFUSAL_KEPT_FROM: Duration = Duration::from_secs(1);
/// Refusals that are remembered: as many files as anybody tries out in a year.
pub const REFUSALS_KEPT_MAX: usize = 1_000;
/// A file that a compile left half written is removed after this: none takes so long to write.
pub const LEFT_OVER_AFTER: Duration = Duration::from_secs(600);
/// Functions in all modules of a plugin. Each costs time and memory to compile, however small it is: 200,000 empty ones
/// take 1.1 GB. Interpreters have some ten thousand.
pub const FUNCTIONS_MAX: u64 = 100_000;
/// One function. The loops of interpreters, which are the largest, have some hundred thousand bytes.
pub const FUNCTION_BYTES_MAX: u64 = 1 << 20;
/// Variables of one function. Builds without optimisation have some thousand.
pub const LOCALS_MAX: u64 = 10_000;
/// Blocks within blocks of one function. A `switch` is one for each of its cases.
pub const BLOCK_DEPTH_MAX: usize = 5_000;
/// Loops within loops of one function. The compiler has to follow each variable through each of them: 2,000 loops with 100
/// variables are a file of 24 KB and take 23 s. People write four, and after inlining there are some dozen.
pub const LOOP_DEPTH_MAX: usize = 100;
/// Core modules in a plugin, and how often they are instantiated, as far as that can be counted in the file. Interpreters
/// are some dozen.
pub const CORE_MODULES_MAX: u64 = 64;
/// Components within a plugin: one for each interface, at the most.
pub const COMPONENTS_MAX: u64 = 100;
/// Memories of a plugin: one for each module that computes.
pub const MEMORIES_MAX: u64 = 16;
/// Tables of a plugin: one or two for each module.
pub const TABLES_MAX: u64 = 64;
/// Debug information, names and the like, which is no code. That of a plugin that was built without optimisation is some
/// megabytes.
pub const CUSTOM_SECTION_BYTES_MAX: u64 = 16 << 20;
/// Handlers that ask more than this in one run are stuck in a loop, or should be several runs.
pub const CALLS_MAX: u32 = 500;
/// What a plugin may hand to the host in one call: the largest value is an http body of 1 MiB.
pub const CALL_BYTES_MAX: usize = 2 << 20;
/// What an instance has the host hold for it in requests and declarations that it builds. They live outside of its own
/// memory, and a few bodies of http requests are the most that one needs at a time.
pub const HELD_BYTES_MAX: usize = 8 << 20;
/// What each thing that is held costs besides its text.
pub const HELD_ITEM_BYTES: usize = 128;
/// What a run may hand to the host in all its calls together: all of it is recorded, and read again when it is resumed.
pub const RUN_BYTES_MAX: usize = 32 << 20;
/// A name, a reference, an address or the like: far more than any service takes, so that it is the service that says no.
pub const TEXT_BYTES_MAX: usize = 4 << 10;
/// A question: Slack refuses longer texts in a block with buttons.
pub const QUESTION_CHARS_MAX: usize = 3_000;
/// Handles that an instance can hold; the longest list that is returned are the checks of a commit, of which GitHub has
/// 1,000 of each kind.
pub const HANDLES_MAX: usize = 2_500;
/// Settings that a plugin says are wrong: an operator puts right a few, and looks again.
pub const SETTINGS_REJECTED_MAX: usize = 50;
/// Why one is: a sentence.
pub const SETTINGS_REASON_CHARS_MAX: usize = 500;
/// Lines of a plugin's log in one run; enough to follow it, not enough to fill a disk.
pub const LOG_BYTES_MAX: usize = 64 << 10;
/// What all runs of one plugin together may log in a second, in the long run: someone can still read along, and a day of it
/// fills 6 GB.
pub const LOG_BYTES_PER_SECOND: u32 = 64 << 10;
/// And what they may log at once: sixteen runs that log as much as each may.
pub const LOG_BYTES_AT_ONCE: u32 = 1 << 20;
/// A message; Slack cuts at 40,000 characters, and people stop reading earlier.
pub const MESSAGE_BYTES_MAX: usize = 16 << 10;
/// Whatever one run has people see: messages, edits, questions, reactions, and messages taken away.
pub const MESSAGES_MAX: u32 = 50;
/// Pieces of all texts of one message: mentions, links, and words between them. Slack's blocks stay far below their own
/// bounds, and nobody reads more.
pub const SPANS_MAX: usize = 500;
/// The title of a card: Slack refuses longer headings.
pub const CARD_TITLE_CHARS_MAX: usize = 150;
/// Details of a card: people look for one of a few. Slack takes 10 in a block, and 50 blocks.
pub const FIELDS_MAX: usize = 20;
/// The name of a detail: a word or three.
pub const FIELD_NAME_CHARS_MAX: usize = 100;
/// Its value: together with the name it has to fit the 2,000 characters that Slack takes in a field, with room for escapes.
pub const FIELD_VALUE_CHARS_MAX: usize = 1_000;
/// Links of a card.
pub const LINKS_MAX: usize = 10;
/// Labels of links, buttons and menus, and choices of a question: Slack refuses longer ones.
pub const LABEL_CHARS_MAX: usize = 75;
/// An address: browsers and Slack's buttons take no longer ones for sure.
pub const URL_CHARS_MAX: usize = 2_000;
/// Buttons of a card; more are a menu.
pub const BUTTONS_MAX: usize = 10;
/// The command of a button: as long as a usage can be. Slack takes 2,000.
pub const BUTTON_COMMAND_CHARS_MAX: usize = 500;
/// Menus of a card.
pub const MENUS_MAX: usize = 3;
/// Commands in one menu: Slack refuses more.
pub const MENU_OPTIONS_MAX: usize = 100;
/// The command of one: Slack refuses longer values of options.
pub const OPTION_COMMAND_CHARS_MAX: usize = 150;
/// Choices of a question. With more, people no longer see what is asked.
pub const CHOICES_MAX: usize = 10;
/// People who may answer a question, when they are named one by one.
pub const ANSWERERS_MAX: usize = 50;
/// The name of an emoji: Slack takes no longer ones.
pub const EMOJI_CHARS_MAX: usize = 100;
/// Plugin instances at once, which is also the size of the pool that they are taken from.
pub const INSTANCES_MAX: u32 = 64;
/// Instances at once of a single plugin, so that one cannot take all.
pub const INSTANCES_PER_PLUGIN_MAX: usize = 8;
/// Calls of a single plugin that wait for its instances. At this length people are told that it is busy rather than left
/// to wait, and what is in the store waits there.
pub const WAITING_PER_PLUGIN_MAX: u32 = 100;
/// Runs of a single plugin that wait in the store and are known by heart: the next ones. How many there are behind them is for the
/// disk to bear.
pub const DEFERRED_KNOWN_MAX: usize = 1_000;
/// Instances that are made to have a plugin describe itself or check its settings. They have no part in those for runs, so
/// that a folder full of new plugins holds up nobody.
pub const DESCRIBES_AT_ONCE_MAX: usize = 4;
/// Instances for runs: the rest.
pub const RUNS_AT_ONCE_MAX: usize = INSTANCES_MAX as usize - DESCRIBES_AT_ONCE_MAX;
/// Of these, so many are kept for plugins of which fewer than [`RUNS_FROM_RESERVE_MAX`] run: however many others are at
/// their limits, there is room for the first calls of a plugin.
pub const RUNS_RESERVED: usize = 20;
/// Runs of one plugin that may take from what is reserved.
pub const RUNS_FROM_RESERVE_MAX: usize = 2;
/// What a run computes beyond this is done in turns with others that do, on fewer than all processors, so that short calls
/// find one free. Most calls are over in less.
pub const COMPUTING_UNSHARED: Duration = Duration::from_millis(20);
/// Threads that the bot's tasks run on, for each processor: what waits on one behind a guest that computes is taken over by
/// another, and the system shares the processors out among them.
pub const WORKERS_PER_PROCESSOR: usize = 2;
/// The last calls to the host that the report of a failure names.
pub const REPORT_CALLS_MAX: usize = 10;
/// And the last lines of the log.
pub const REPORT_LOG_LINES_MAX: usize = 20;
/// Of one of those lines: it is kept with the run.
pub const REPORT_LINE_BYTES_MAX: usize = 500;
/// The backtrace in it: some twenty functions with long names.
pub const REPORT_TRACE_BYTES_MAX: usize = 8 << 10;
/// How often an instance is tried for which the pool has no room: it has room for most plugins at any time, but not for
/// the largest ones all at once.
pub const POOL_TRIES_MAX: u32 = 20;
/// The pause in between: a call that does not wait is over in less.
pub const POOL_PAUSE: Duration = Duration::from_millis(50);
/// A wait that is over within this time does not end the instance.
pub const WAIT_GRACE: Duration = Duration::from_millis(20);
/// The longest wait: dedupe rows are kept as long.
pub const WAIT_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// GitHub sends a webhook within seconds, if it sends it at all. When none comes of what the bot itself did, it has a look
/// for itself after this.
pub const WEBHOOK_PATIENCE: Duration = Duration::from_secs(15);
/// Webhooks that did not arrive are looked for this often: three requests a repository, of the 5,000 an hour that GitHub
/// allows.
pub const RECONCILE_EVERY: Duration = Duration::from_secs(5 * 60);
/// GitHub keeps what it could not deliver for 3 days:
/// <https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries>.
pub const DELIVERY_AGE_MAX: Duration = Duration::from_secs(3 * 24 * 3600);
/// What was refused this often will be refused again.
pub const REDELIVERIES_MAX: u32 = 5;
/// And when GitHub cannot be asked, again after this.
pub const EXPECTED_AGAIN: Duration = Duration::from_secs(30);
/// What GitHub has made is shown to all of its readers within seconds. What it does not show for so long was removed.
pub const EXPECTED_MISSING_MAX: Duration = Duration::from_secs(2 * 60);
/// And is looked for again after this at first.
pub const EXPECTED_MISSING_AGAIN: Duration = Duration::from_secs(1);
/// Such events that are looked for in one go: more than a handful only come together when webhooks are lost for long.
pub const EXPECTED_AT_ONCE_MAX: u32 = 50;
/// Events and runs that ended are kept so long: services send an event again for up to 30 days.
pub const KEPT: Duration = Duration::from_secs(35 * 24 * 3600);
/// But what a schedule began, if it went well with nothing said: no service sends it again, there is one every 30 s, and nobody
/// asks after last week's.
pub const TICKS_KEPT: Duration = Duration::from_secs(3 * 24 * 3600);
/// And are forgotten this often; a few hours more or less do not matter.
pub const FORGET_EVERY: Duration = Duration::from_secs(6 * 3600);
/// A run that the bot was killed in this often, or that could not go on this often, is put aside.
pub const ATTEMPTS_MAX: u32 = 5;
/// The right to a run, from its last commit on. No timer renews it: a run is at work for [`CALL_WALL_TIME_MAX`] at the
/// most and then ends in a commit, whatever it does. One that waits for its turn as an instance can outlast it, which does
/// no harm: one bot at a time has the data folder, and each commit asks whose the run is, not how late it is.
pub const LEASE: Duration = Duration::from_secs(300);
const _: () = assert!(
    LEASE.as_secs() >= 2 * CALL_WALL_TIME_MAX.as_secs(),
    "a run could be at work for longer than it is its owner's"
);
/// A run that could not go on is tried again after this: somebody may be putting a file back, or freeing memory.
pub const RESUME_AGAIN: Duration = Duration::from_secs(3);

/// Orders of operators that are carried out at once: people type them.
pub const CONTROL_AT_ONCE_MAX: usize = 4;
/// An order and its answer are a line each, of a few hundred bytes.
pub const CONTROL_LINE_BYTES_MAX: usize = 8 << 10;
/// An order that does not arrive, or is not answered: it takes one or two writes to the disk.
pub const CONTROL_TIME_MAX: Duration = Duration::from_secs(10);
/// Runs of one person in one channel that are listed in the chat.
pub const RUNS_SHOWN_MAX: u32 = 20;

/// Versions of each plugin that can be gone back to, the one that serves among them: who needs an older one has its file.
pub const VERSIONS_KEPT_MAX: u32 = 5;
/// The first runs of a version, which are its trial: after these it is known well enough for people to decide.
pub const TRIAL_RUNS: u32 = 20;
/// So many of them that crash, and no fewer than half, put the version before it back. One crash can be the command's fault.
pub const TRIAL_CRASHES: u32 = 3;
/// Among so many of the newest runs of all plugins those of one version are counted: reading that many takes a tenth of a second.
pub const TRIAL_LOOKED_AT_MAX: u32 = 100_000;
/// How long an order about a plugin waits until it is followed, before it is answered that it will be: less than
/// [`CONTROL_TIME_MAX`].
pub const ORDER_FOLLOWED_MAX: Duration = Duration::from_secs(8);
/// Why a plugin is held or rolled back: a sentence.
pub const ORDER_REASON_CHARS_MAX: usize = 300;
/// Versions of plugins that no unfinished run needs any more are kept for `witbot replay` up to this: some hundred plugins
/// in Rust, or a few interpreters.
pub const ARTEFACTS_SPARE_BYTES_MAX: u64 = 256 << 20;
/// The same for compiled code, which is several times as large, and only saves time.
pub const COMPILED_SPARE_BYTES_MAX: u64 = 512 << 20;

/// The name of a line that runs stand in: as long as a key.
pub const LINE_NAME_BYTES_MAX: usize = 256;
/// Runs that stand in one line. Whoever comes later would wait for hours, and is better told so.
pub const LINE_LENGTH_MAX: u32 = 100;
/// Key of the kv store, in bytes.
pub const KV_KEY_BYTES_MAX: usize = 256;
/// Value of the kv store: larger things belong elsewhere.
pub const KV_VALUE_BYTES_MAX: usize = 64 << 10;
/// Keys and values of one plugin together, unless its grant says less or more.
pub const KV_BYTES_MAX_DEFAULT: u64 = 10 << 20;
/// Keys that are listed at once.
pub const KV_KEYS_LISTED_MAX: u32 = 1_000;

/// Events that one run publishes in topics: as many as it has messages.
pub const PUBLISHED_MAX: u32 = 50;
/// Events of one topic that wait until they are told: more than plugins that work together ever have, and few enough for
/// those that answer each other several times over, which would come to thousands of millions within the depth below.
pub const TOPIC_WAITING_MAX: u32 = 1_000;
/// What such an event is about: as long as a key.
pub const TOPIC_SUBJECT_BYTES_MAX: usize = 256;
/// What it says: as large as a value.
pub const TOPIC_BODY_BYTES_MAX: usize = 64 << 10;
/// Events of topics that come one of the other: plugins that work together need two or three, those that answer each other
/// for ever any number.
pub const TOPIC_DEPTH_MAX: u8 = 8;

/// Headers that one grant adds: a key and its id, with room to spare.
pub const HTTP_HEADERS_ADDED_MAX: usize = 10;
/// The value of one before the secret is put in: a word such as `Bearer`, and the name of a variable.
pub const HTTP_HEADER_ADDED_BYTES_MAX: usize = 1 << 10;
/// The name of a header: none in use is nearly as long.
pub const HTTP_HEADER_NAME_BYTES_MAX: usize = 100;
/// The name of an environment variable.
pub const VARIABLE_NAME_BYTES_MAX: usize = 100;
/// A secret that is added to requests. It is looked for in each answer, where a shorter one would be found by chance; and
/// servers take no longer ones in a header.
pub const ADDED_SECRET_BYTES: RangeInclusive<usize> = 8..=(8 << 10);

/// A secret with which others prove themselves. Shorter ones are guessed, or were one sentence that is now several secrets.
pub const SHARED_SECRET_BYTES_MIN: usize = 8;
/// Requests to the web in one run.
pub const HTTP_REQUESTS_MAX: u32 = 20;
/// What is sent with one.
pub const HTTP_REQUEST_BYTES_MAX: usize = 1 << 20;
/// What is read of an answer.
pub const HTTP_RESPONSE_BYTES_MAX: usize = 4 << 20;
/// The whole of a request, unless the plugin asks for less or more.
pub const HTTP_TIME_DEFAULT: Duration = Duration::from_secs(10);
/// And at the most.
pub const HTTP_TIME_MAX: Duration = Duration::from_secs(30);
/// Headers of a request or an answer: services send about 30.
pub const HTTP_HEADERS_MAX: usize = 100;
/// Their names and values together: servers refuse more than this.
pub const HTTP_HEADERS_BYTES_MAX: usize = 32 << 10;

/// A request to GitHub or a CI service: both answer within 10 s or not at all.
pub const SERVICE_TIME_MAX: Duration = Duration::from_secs(20);
/// What is read of an answer of a CI service: a page of 20 pipelines with all of their parameters has 1.5 MB.
pub const CI_RESPONSE_BYTES_MAX: usize = 4 << 20;
/// Pages of one list: 500 pipelines since a call was begun, or workflows of a pipeline.
pub const CI_PAGES_MAX: usize = 25;
/// How far the clocks of a CI service and ours may be apart.
pub const CI_CLOCK_SKEW: Duration = Duration::from_secs(60);
/// A pipeline that was asked for is listed this soon, or was not started.
pub const CI_LISTED_WITHIN: Duration = Duration::from_secs(5);
/// Between a pipeline and its workflows, or a workflow and its automatic rerun, there is nothing to see for this long.
pub const CI_SETTLED_WITHIN: Duration = Duration::from_secs(60);
/// A dispatched run of GitHub Actions is listed this soon, mostly within five seconds. After it nobody knows.
pub const ACTIONS_LISTED_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks for it.
pub const ACTIONS_LISTED_PAUSE: Duration = Duration::from_secs(2);
/// Inputs of a workflow, by GitHub's own limit.
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>
pub const ACTIONS_INPUTS_MAX: usize = 25;
/// Runs that are listed at once: more than anybody reads in a chat.
pub const CI_RECENT_MAX: u32 = 30;
/// Failures and approvals that a status tells: people read no more of them in a chat.
pub const CI_LISTED_MAX: usize = 20;
/// What could not be stored is tried again after this: a full disk is not emptied at once.
pub const STORE_AGAIN: Duration = Duration::from_secs(3);
/// What a chat service did not take is tried again after this, where the service does not say when.
pub const OUTBOX_AGAIN: Duration = Duration::from_secs(5);
/// What a chat service looked at so often and did not take is given up: everything else in its channel waits for it.
pub const OUTBOX_ATTEMPTS_MAX: u32 = 10;
/// A message that is not found after a connection broke is looked for once more after this: the request can still be
/// under way at the service.
pub const DOUBT_GRACE: Duration = Duration::from_secs(2);
/// Messages that wait for one channel: about eight minutes at Slack's pace. Nobody reads that, so plugins are told to
/// say less.
pub const OUTBOX_CHANNEL_MAX: u32 = 500;
/// After a crash, a service that cannot be asked about an effect is asked again after these pauses. Together with the
/// requests they stay well below [`CALL_WALL_TIME_MAX`].
pub const FIND_PAUSES: [Duration; 3] = [
    Duration::from_secs(2),
    Duration::from_secs(6),
    Duration::from_secs(15),
];
/// A status that comes without a webhook is found this soon at first.
pub const POLL_FIRST: Duration = Duration::from_secs(5);
/// And this often later; it grows in between.
pub const POLL_SLOWEST: Duration = Duration::from_secs(30);

/// Connecting takes well under a second where there is a way at all.
pub const GITHUB_CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Silence on a connection to GitHub: short enough for a second try within `SERVICE_TIME_MAX`.
pub const GITHUB_SILENCE_MAX: Duration = Duration::from_secs(9);
/// How often something is read from GitHub until it works: what fails three times is more than a hiccup.
pub const GITHUB_READS_MAX: u32 = 3;
/// The pause before something is read again; it doubles.
pub const GITHUB_READ_PAUSE: Duration = Duration::from_millis(500);
/// A write that was under way when the bot was killed may be listed a moment later: what is not listed so long after it was
/// begun was not done.
pub const GITHUB_LISTED_WITHIN: Duration = Duration::from_secs(5);
/// How long GitHub is given to finish a write whose answer was lost, before it is looked for.
pub const GITHUB_SETTLE: Duration = Duration::from_secs(1);
/// What is read of an answer: a page of 100 check runs can have 128 KiB of text in each.
pub const GITHUB_ANSWER_BYTES_MAX: usize = 16 << 20;
/// Pages of 100: GitHub itself reports no more than the 1,000 newest checks of a commit.
pub const GITHUB_PAGES_MAX: u32 = 10;
/// What GitHub asks to wait for when it says only that there was too much.
pub const GITHUB_LIMIT_WAIT: Duration = Duration::from_secs(60);
/// Repositories whose installation of the app is remembered; few organizations have more.
pub const GITHUB_INSTALLATIONS_MAX: usize = 1_000;
/// And how long: an app can be taken out of one organization and put into another.
pub const GITHUB_INSTALLATION_AGE_MAX: Duration = Duration::from_secs(3600);
/// A token of an installation is renewed so long before its end that no request outlives it.
pub const GITHUB_TOKEN_MARGIN: Duration = Duration::from_secs(60);
/// Tokens of installations that are kept: one for each repository that is granted by name, for each way to grant it.
pub const GITHUB_TOKENS_MAX: usize = 1_000;
/// How long somebody may take to type the code that shows who they are at GitHub: as long as GitHub's codes last.
pub const LINK_TIME_MAX: Duration = Duration::from_secs(900);
/// The pause between two looks whether they did, whatever GitHub says.
pub const LINK_PAUSE_MIN: Duration = Duration::from_millis(100);
/// How much longer it is when GitHub finds it too short, and what it is at least when GitHub cannot be asked.
pub const LINK_SLOWER: Duration = Duration::from_secs(5);
/// So many people can have a code at once: each is asked about every few seconds.
pub const LINK_ATTEMPTS_MAX: usize = 100;
/// GitHub refuses longer descriptions of deployments and of their statuses.
pub const GITHUB_DESCRIPTION_CHARS_MAX: usize = 140;
/// Deployments that are listed at once: a page of GitHub's.
pub const GITHUB_DEPLOYMENTS_MAX: u32 = 100;
/// Branches that are listed at once: nobody reads more, and these are ten requests already.
pub const GITHUB_BRANCHES_MAX: u32 = 1_000;
/// Commits that a comparison tells: a deploy of more is read on GitHub's page.
pub const GITHUB_COMMITS_MAX: u32 = 50;
/// What is told of the first line of a commit's message, and of a name: git knows no limit, and a chat shows one line.
pub const GITHUB_TITLE_CHARS_MAX: usize = 250;
/// How much GitHub's clock may be behind ours when a status or a merge is looked for. It counts in whole seconds.
pub const GITHUB_CLOCK_SKEW_MAX: Duration = Duration::from_secs(30);
/// GitHub sends no more than this. <https://docs.github.com/en/webhooks/webhook-events-and-payloads>
pub const GITHUB_HOOK_BYTES_MAX: usize = 25 << 20;
/// CircleCI's webhooks are a few kilobytes.
pub const CIRCLECI_HOOK_BYTES_MAX: usize = 1 << 20;
/// Slack's messages have at most 40,000 characters, in the text and once more in their blocks.
pub const SLACK_HOOK_BYTES_MAX: usize = 1 << 20;
/// Alertmanager, the largest sender that we know of, groups alerts into some hundred kilobytes.
pub const INBOUND_HOOK_BYTES_MAX: usize = 1 << 20;
/// What was signed earlier than this, or as much later by a clock that differs, may have been overheard and sent again. The
/// tolerance of Standard Webhooks' own libraries.
pub const INBOUND_SIGNED_WITHIN: Duration = Duration::from_secs(300);
/// Without an id, the same body within the same minute is taken for one that was sent again: who gets no answer sends it
/// again after seconds, and what is told again later is news, such as an alert that goes on.
pub const INBOUND_SAME_WITHIN: Duration = Duration::from_secs(60);
/// What Slack signed earlier than this may have been overheard and sent again; its own retries are signed anew.
pub const SLACK_SIGNED_WITHIN: Duration = Duration::from_secs(300);
/// A webhook's body that stops arriving.
pub const HOOK_READ_TIME_MAX: Duration = Duration::from_secs(10);
/// Connections to one address that the bot listens at. Whoever comes after that waits until one of them ends. Together with
/// what the bot opens itself it stays below the 1,024 files that a process usually may have.
pub const CONNECTIONS_MAX: usize = 256;
/// For so long a connection may be without a whole head of a request: a new one, and one that is kept for the next request.
/// Senders of webhooks have theirs ready when they connect.
pub const REQUEST_HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// Webhooks of more than `HOOK_SMALL_BYTES_MAX` that are read at once: nobody has proved who they are before they are read.
pub const HOOKS_LARGE_AT_ONCE_MAX: usize = 4;
/// Nearly all webhooks are smaller.
pub const HOOK_SMALL_BYTES_MAX: usize = 256 << 10;
/// Refused webhooks are logged this often, so that a stranger cannot fill the log.
pub const HOOK_REFUSAL_LOG_EVERY: Duration = Duration::from_secs(60);

/// A connection to Slack, TLS and proxy included: it takes well under a second where there is a way at all.
pub const SLACK_CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// Slack is asked again who the bot is after this, when it could not be reached at the start.
pub const SLACK_AGAIN: Duration = Duration::from_secs(5);
/// A connection to Slack that nothing is sent over is asked this often whether it still stands: routers and firewalls
/// forget one after some minutes.
pub const SLACK_KEEPALIVE: Duration = Duration::from_secs(60);
/// Sockets that are held open, so that one is there while another is replaced. Slack allows 10 for an app, and while
/// they are replaced there are twice as many.
pub const SLACK_SOCKETS: usize = 2;
/// What operators can set for that: half of what Slack allows, so that all of them can be replaced at the same time.
pub const SLACK_CONNECTIONS: RangeInclusive<u32> = 1..=5;
/// Messages a second in one channel, as operators can set them: fewer than one in a quarter of an hour are as good as
/// none, and more than ten thousand are no pace.
pub const CHANNEL_RATES: RangeInclusive<f64> = 0.001..=10_000.0;
/// Messages in one channel at once, as operators can set them.
pub const CHANNEL_BURSTS: RangeInclusive<u32> = 1..=10_000;
/// From asking for the address of a socket to Slack's hello: Slack's addresses are good for about as long.
pub const SLACK_SOCKET_OPEN_TIME_MAX: Duration = Duration::from_secs(30);
/// A frame of Slack: the largest are messages with many blocks, which have some hundred KiB.
pub const SLACK_FRAME_BYTES_MAX: usize = 4 << 20;
/// What is read of a socket at once: about ten messages. All of it is filled with zeros before each read.
pub const SLACK_READ_BYTES: usize = 16 << 10;
/// Envelopes of one socket that are being stored. When they are more, no more is read: as many as are stored with one
/// write to the disk.
pub const SLACK_ENVELOPES_MAX: usize = STORE_BATCH_MAX;
/// Storing an envelope: it takes milliseconds, and Slack, which waits for 3 s, has sent it again long before.
pub const SLACK_ENVELOPE_TIME_MAX: Duration = Duration::from_secs(10);
/// Writing to a socket: a peer that takes nothing for this long is gone.
pub const SLACK_SOCKET_WRITE_TIME_MAX: Duration = Duration::from_secs(10);
/// How often Slack is asked for a sign of life; with its own pings every few seconds there is one anyway.
pub const SLACK_SOCKET_PING_EVERY: Duration = Duration::from_secs(15);
/// A socket without any sign of life is dead: four of our pings were not answered.
pub const SLACK_SOCKET_SILENCE_MAX: Duration = Duration::from_secs(70);
/// A socket that was replaced stays for what Slack may still send over it. Slack closes it about 10 s after its warning.
pub const SLACK_SOCKET_OLD_TIME_MAX: Duration = Duration::from_secs(60);
/// Before a socket is closed by us, what came over it is stored and acknowledged, if that takes no longer than this.
pub const SLACK_SOCKET_DRAIN_MAX: Duration = Duration::from_secs(3);
/// Slack's answer to a close frame, which is no more than politeness.
pub const SLACK_SOCKET_CLOSE_MAX: Duration = Duration::from_secs(1);
/// A stop of all sockets: more than the two above, and less than [`SHUTDOWN_MAX`].
pub const SLACK_STOP_TIME_MAX: Duration = Duration::from_secs(5);
/// A socket that lasted this long, or brought anything, was a good one: the pauses begin anew after it.
pub const SLACK_SOCKET_GOOD_AFTER: Duration = Duration::from_secs(10);
/// The longest pause before a socket is opened again. It doubles with each try, and a random part of it is taken, so that
/// not all bots come back at the same moment when Slack does.
pub const SLACK_SOCKET_PAUSE_FIRST: Duration = Duration::from_secs(1);
/// And at the most: what happens while there is no socket is lost to the bot.
pub const SLACK_SOCKET_PAUSE_MAX: Duration = Duration::from_secs(30);
/// The pause while Slack says that there are too many sockets, as long as there is another.
pub const SLACK_SOCKETS_TOO_MANY_PAUSE: Duration = Duration::from_secs(60);
/// The pause while Socket Mode is switched off: somebody has to click in a browser.
pub const SLACK_SWITCHED_OFF_PAUSE: Duration = Duration::from_secs(60);
/// The longest that Slack can make us wait before the next try.
pub const SLACK_RETRY_AFTER_MAX: Duration = Duration::from_secs(600);
/// And when it says that there was too much, but not how long to wait.
pub const SLACK_RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(30);
/// A call of Slack's Web API: more than [`SLACK_CONNECT_TIME_MAX`], so that a call which did not get as far as a connection
/// is known to have done nothing.
pub const SLACK_CALL_TIME_MAX: Duration = Duration::from_secs(15);
/// What is read from Slack waits this long at the most for its turn; a plugin waits for it.
pub const SLACK_TURN_WAIT_MAX: Duration = Duration::from_secs(20);
/// The answer to the first call, of which more is read than of others.
pub const SLACK_ANSWER_BYTES_MAX: usize = 1 << 20;
/// What Slack does not take because of the token is tried again after this: somebody has to make a new one.
pub const SLACK_TOKEN_AGAIN: Duration = Duration::from_secs(60);
/// A text is shown as a whole up to this. Slack recommends it for posts, and refuses more in an edit.
pub const SLACK_TEXT_CHARS_BEST: usize = 4_000;
/// A text of a post that cannot be put into a file: Slack cuts off what is longer.
/// <https://docs.slack.dev/reference/methods/chat.postMessage/>
pub const SLACK_TEXT_CHARS_MAX: usize = 40_000;
/// A text that one person alone sees, and that no file can belong to. A little below the same bound.
pub const SLACK_WHISPER_CHARS_MAX: usize = 39_000;
/// Where a text goes on, or why it does not: a sentence.
pub const SLACK_NOTE_CHARS_MAX: usize = 200;
/// All texts in the blocks of one message. Slack's bound is documented nowhere: it took 9,597 characters and refused
/// 11,341 of somebody who measured it. <https://github.com/slackapi/bolt-js/issues/2867>
pub const SLACK_BLOCKS_CHARS_MAX: usize = 9_500;
/// Blocks of a message. This and what follows: <https://docs.slack.dev/reference/block-kit/blocks/>
pub const SLACK_BLOCKS_MAX: usize = 50;
/// The text of a section.
pub const SLACK_SECTION_CHARS_MAX: usize = 3_000;
/// Fields of a section.
pub const SLACK_FIELDS_MAX: usize = 10;
/// The text of a field, and of small print.
pub const SLACK_FIELD_CHARS_MAX: usize = 2_000;
/// Texts in a block of small print.
pub const SLACK_CONTEXT_MAX: usize = 10;
/// Buttons and menus in a block.
pub const SLACK_ACTIONS_MAX: usize = 25;
/// What is written on a button, and to the left of an option; a menu may have more, but nobody sees it.
pub const SLACK_LABEL_CHARS_MAX: usize = 75;
/// What a button stands for.
pub const SLACK_BUTTON_VALUE_CHARS_MAX: usize = 2_000;
/// What an option of a menu stands for.
pub const SLACK_OPTION_VALUE_CHARS_MAX: usize = 150;
/// Options of a menu.
pub const SLACK_OPTIONS_MAX: usize = 100;
/// People, and channels, and direct messages that are remembered, of each so many: those that a bot meets in a day.
pub const SLACK_KNOWN_MAX: usize = 5_000;
/// And how long. Slack says when something changes, but perhaps at a moment when nobody listens.
pub const SLACK_KNOWN_AGE_MAX: Duration = Duration::from_secs(3600);
/// What decides who may do something is asked for again after this: a change that nobody told us of, such as a channel that is
/// now shared with another organisation, must not be missed for long. Slack answers 20 times a minute who is in a group,
/// so 100 groups can be looked at as often as that.
pub const SLACK_DECIDING_AGE_MAX: Duration = Duration::from_secs(300);
/// After all channels were looked through for a name, it is believed for so long that there is none.
pub const SLACK_LISTED_AGE_MAX: Duration = Duration::from_secs(30);
/// What is asked for at once of a list: Slack recommends no more than 200.
pub const SLACK_PAGE: usize = 200;
/// Pages of one list: a bot in more than 10,000 channels is more than can be gone through.
pub const SLACK_PAGES_MAX: usize = 50;
/// Messages of a channel that are asked for at once when one is looked for: as many as Slack gives. It allows 50 questions
/// a minute, and after a crash one message of each channel is looked for, twice.
pub const SLACK_HISTORY_PAGE: usize = 999;
/// Pages of those: a channel with more messages in the time in which one is looked for is more than can be gone through.
pub const SLACK_HISTORY_PAGES_MAX: usize = 10;
/// How much the clocks of Slack and ours may be apart when a message is looked for.
pub const SLACK_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Commands of one plugin.
pub const COMMANDS_MAX: usize = 100;
/// Listeners of one plugin.
pub const LISTENERS_MAX: usize = 50;
/// Subscriptions of one plugin.
pub const SUBSCRIPTIONS_MAX: usize = 50;
/// Schedules of one plugin, each of which the operator reads before granting.
pub const SCHEDULES_MAX: usize = 20;
/// Webhooks of one plugin.
pub const WEBHOOKS_MAX: usize = 20;
/// A line of cron with a time zone; the longest that says something is half of it.
pub const SCHEDULE_CHARS_MAX: usize = 200;
/// The shortest `every`: what has to be known sooner is told by a webhook.
pub const SCHEDULE_EVERY_MIN: Duration = Duration::from_secs(10);
/// The longest `every`; a line of cron says more exactly when.
pub const SCHEDULE_EVERY_MAX: Duration = Duration::from_secs(366 * 86_400);
/// The clock is looked at this often at least, as somebody may set it, and plugins and settings may change what is due.
pub const SCHEDULES_LOOKED_AT_EVERY: Duration = Duration::from_secs(5);
/// Settings that one plugin names.
pub const SETTINGS_MAX: usize = 50;
/// Usage or pattern.
pub const USAGE_CHARS_MAX: usize = 500;
/// Arguments of one command; people cannot keep more apart.
pub const ARGUMENTS_MAX: usize = 20;
/// Brackets within brackets in a usage; people read two or three.
pub const USAGE_DEPTH_MAX: usize = 8;
/// Names of one command, all alternatives together: each is an entry of the routing table.
pub const NAMES_MAX: usize = 64;
/// Ids of handlers and names of settings.
pub const ID_CHARS_MAX: usize = 100;
/// Why a plugin wants a capability.
pub const REASON_CHARS_MAX: usize = 500;
/// What is repeated of somebody's input in an answer to it.
pub const SHOWN_CHARS_MAX: usize = 100;
/// One-line summaries.
pub const SUMMARY_CHARS_MAX: usize = 200;
/// A version, such as `1.4.0-rc.1+build.7`.
pub const VERSION_CHARS_MAX: usize = 40;
/// Examples of one command.
pub const EXAMPLES_MAX: usize = 10;
/// Longer help of a command.
pub const DETAILS_CHARS_MAX: usize = 2_000;
/// Compiled size of one pattern: about 100 times the longest one that is allowed.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Compiled size of all patterns of one plugin: all of them are tried on every message.
pub const PATTERNS_BYTES_MAX: usize = 4 << 20;
/// Patterns that are tried in one pass. With many more, what makes a pass fast no longer fits: the same 1,000 patterns
/// take 900 us in one set, and a few in sets of this size.
pub const PATTERNS_TOGETHER: usize = 64;
/// What is read of a chat message before it is matched.
pub const INPUT_CHARS_MAX: usize = 40_000;

/// After a change in the plugins folder, wait until it is quiet: linkers write in pieces.
pub const RELOAD_QUIET: Duration = Duration::from_millis(150);
/// The folder is looked at this often whatever the watcher says: it is blind on network drives.
pub const RESCAN: Duration = Duration::from_secs(15);
/// The same where the watcher is known to be blind, and how often it is seen whether the folder is still the one that is watched.
pub const RESCAN_BLIND: Duration = Duration::from_secs(2);
/// For so long a file that cannot be loaded has to stay as it is before that is told: some builds write in pieces, with pauses
/// that are longer than [`RELOAD_QUIET`].
pub const REFUSAL_GRACE: Duration = Duration::from_secs(2);
/// A deleted file may be about to be written again: many tools delete first.
pub const DELETE_GRACE: Duration = Duration::from_secs(2);

/// How long a stop may take: process supervisors send `SIGKILL` after about 10 s.
pub const SHUTDOWN_MAX: Duration = Duration::from_secs(8);
/// How long the store may take to close after that, still before `SIGKILL`. What it has answered is on the disk already,
/// so nothing is lost when it takes longer: what is left is to empty its log, which the next start does.
pub const STORE_CLOSE_MAX: Duration = Duration::from_millis(1_500);

/// Changes that wait to be stored. When they are more, the doors wait, and with them the senders.
pub const STORE_QUEUE_MAX: usize = 1_024;
/// Changes that are stored with one write to the disk: more would only let the first of them wait for the last.
pub const STORE_BATCH_MAX: usize = 256;
/// Threads that read the store: one for the long lists of operators, one for the rest.
pub const STORE_READERS: usize = 2;
/// How long the store waits for somebody else who has its database open. A stop has to be over sooner than `SHUTDOWN_MAX`.
pub const STORE_BUSY_MAX: Duration = Duration::from_secs(2);
/// Pages of 4 KiB in the write-ahead log from which on it is moved into the database in a quiet moment.
pub const STORE_LOG_PAGES_QUIET: i64 = 1_000;
/// And from which on that is done at once: readers get slower with its length, and a start after a crash reads all of it.
pub const STORE_LOG_PAGES_MAX: i64 = 8_000;
/// Answers of calls are kept in the journal up to this many bytes of JSON, and out of line above it: a few pages of the
/// database hold the rest of a whole run, and few answers are larger.
pub const OUTCOME_INLINE_BYTES_MAX: usize = 16 << 10;
/// Up to this it is counted what waits in the store: from there on it is "too much", and counting takes time.
pub const BACKLOG_COUNTED_MAX: u32 = 10_000;
/// Rows that are forgotten in one change, so that others need not wait long.
pub const STORE_PRUNE_ROWS: u32 = 500;

/// How long a command waits until it is known who somebody is and where: people take it for lost after a few seconds. What is
/// not known by then is a reason to deny.
pub const FACTS_TIME_MAX: Duration = Duration::from_secs(5);
/// What could not be found out is asked for once more after this: most hiccups of a service are over by then.
pub const FACT_AGAIN: Duration = Duration::from_millis(500);
/// The audit is kept for this long at the least: as long as the runs that it tells of, so that each of them can be explained.
pub const AUDIT_KEPT_MIN: Duration = KEPT;
/// How many records of the audit are forgotten in one change: a day of a busy bot, in well under a second, as all who store
/// something wait for it meanwhile.
pub const AUDIT_FORGOTTEN_ROWS: u32 = 5_000;
/// Of the value of a setting that changed, in the audit, around where it changed: a rule is told whole, and a whole file is
/// not copied.
pub const SETTING_RECORDED_CHARS_MAX: usize = 4_000;
/// How many people a rule can want to approve something: more would never be found at the same time.
pub const APPROVALS_MAX: u32 = 10;
/// How many people of a role are named to somebody who asks who can do something: a message, not a directory.
pub const PEOPLE_NAMED_MAX: usize = 20;
/// Names in what a handler asks permission for: more than the arguments of any usage.
pub const SUBJECT_NAMES_MAX: usize = 50;
/// As settings and usages name things.
pub const SUBJECT_NAME_BYTES_MAX: usize = 256;
/// What people still read before they approve it.
pub const SUBJECT_VALUE_BYTES_MAX: usize = 2_000;
/// Of the question whether something is approved: below what a question may have, as a mention goes before it.
pub const DEMAND_CHARS_MAX: usize = 2_900;

/// Days, before today, for which it is counted what plugins use: a grant that nothing needed in a month can be taken back.
pub const USAGE_DAYS: u64 = 30;
/// Different things that are counted for one plugin on one day, far beyond what a plugin has to do with. What comes on top is
/// counted together, so that no plugin can fill the disk by asking for ever new things.
pub const USAGE_SUBJECTS_MAX: u32 = 500;
/// Of a line of the settings that is kept with what was denied: a plugin chooses some of the words in it.
pub const USAGE_LINE_BYTES_MAX: usize = 1_000;
/// Lines of each part of a permission sheet in a chat, where nobody reads pages.
pub const SHEET_LINES_MAX: usize = 15;
/// Of one of those lines: the line of a grant, which somebody copies, is shorter in all but odd cases.
pub const SHEET_LINE_CHARS_MAX: usize = 300;

/// Answers to `/metrics` that are made at once: a monitor asks every few seconds, and there may be two of them.
pub const SCRAPES_AT_ONCE_MAX: usize = 2;
/// How long the store may take to count what waits in it. Without that, `/metrics` is answered without these numbers.
pub const SCRAPE_STORE_TIME_MAX: Duration = Duration::from_secs(2);
/// How often it is looked whether the loop turns and the store answers: often enough for probes, which come every few
/// seconds, and so seldom that it costs nothing.
pub const HEALTH_LOOKED_AT_EVERY: Duration = Duration::from_secs(2);
/// Without a sign of life for this long, the bot is not well: a busy disk takes seconds, and nothing that goes on by itself
/// takes longer than this.
pub const HEALTH_SILENCE_MAX: Duration = Duration::from_secs(30);
/// A request that comes before the bot is ready to take it waits for this long: senders of webhooks give up after about 10 s,
/// and not all of them try again.
pub const START_PATIENCE: Duration = Duration::from_secs(9);
/// Runs whose first answer is awaited, so that it can be said how long it took. Of what comes on top that is not known.
pub const ANSWERS_TIMED_MAX: usize = 1_000;
/// And for how long it is awaited. Many listeners never answer.
pub const ANSWER_TIMED_MAX: Duration = Duration::from_secs(300);
