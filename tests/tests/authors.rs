//! `witbot plugin test`, as authors use it: conversations that go as written, and every way in which they do not.

use std::fs;
use std::path::PathBuf;

use witbot_tests::home::{self, Answer, Home};

/// A folder with conversations, and a plugin to have them with.
struct Project {
    home: Home,
    plugin: PathBuf,
}

impl Project {
    fn of(name: &str, plugin: &[u8]) -> Project {
        let home = Home::new();
        fs::create_dir(home.folder().join("conversations")).expect("there is room");
        let file = home.folder().join(format!("{name}.wasm"));
        fs::write(&file, plugin).expect("there is room");
        Project { home, plugin: file }
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.home.folder().join("conversations").join(file);
        fs::write(file, text).expect("there is room");
    }

    fn read(&self, file: &str) -> String {
        let file = self.home.folder().join("conversations").join(file);
        fs::read_to_string(file).expect("it is there")
    }

    async fn test(&self, more: &[&str]) -> Answer {
        let plugin = self.plugin.to_str().expect("it is text");
        let common = ["plugin", "test", "--plugin", plugin];
        self.home.witbot(&[&common, more].concat()).await
    }

    /// What is printed when it goes otherwise than written.
    async fn goes_wrong(&self) -> String {
        let answer = self.test(&["--patience", "3"]).await;
        assert_eq!(answer.code, Some(1), "{}", answer.printed);
        answer.printed
    }
}

fn hello() -> Project {
    Project::of("hello", &home::plugin("hello"))
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_as_written_is_told_with_what_was_tried_besides() {
    let project = hello();
    project.write("a.chat", "> hello\n#console witbot: Hello, you!\n");
    project.write("b.chat", "> @ada #ops: hello Bob\n#ops witbot: Hello, …!\n");
    let printed = project.test(&[]).await.ok();
    let tried = "ok  examples: 1, odd lines: 9; ";
    has(
        &printed,
        &[
            "ok  ./conversations/a.chat (",
            tried,
            "2 conversations, all as written",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fuel_of_a_handler_is_shown_and_the_same_each_time() {
    let project = hello();
    project.write("a.chat", "> hello Bob\n#console witbot: Hello, Bob!\n");
    let mut fuels = Vec::new();
    for _ in 0..2 {
        let printed = project.test(&["--fuel"]).await.ok();
        let row = printed.lines().find(|line| line.starts_with("hello hello"));
        let row = row.unwrap_or_else(|| panic!("no row of its handler in\n{printed}"));
        let fuel = row.split_whitespace().nth(4).map(str::parse::<u64>);
        fuels.push(fuel.expect("a column").expect("a number"));
    }
    assert!(fuels[0] > 1_000, "{fuels:?}");
    assert_eq!(fuels[0], fuels[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_otherwise_is_told_with_its_line_and_can_be_accepted() {
    let project = hello();
    let written =
        "# First.\n> hello\n#console witbot: Hi, you!\n\n> hello Bob\n#console witbot: Hello, …!\n";
    project.write("a.chat", written);
    let printed = project.goes_wrong().await;
    let differs =
        "a.chat:3: expected:\n#console witbot: Hi, you!\nand not:\n#console witbot: Hello, you!";
    has(
        &printed,
        &[differs, "1 of them went otherwise; 1 conversations in all"],
    );

    let printed = project.test(&["--accept"]).await.ok();
    has(&printed, &["changed  ./conversations/a.chat"]);
    assert_eq!(project.read("a.chat"), written.replace("Hi", "Hello"));
    project.test(&[]).await.ok();

    project.write("a.chat", "> hello\n#console witbot: Hello, you!\n> hello Bob\n#console witbot: Hello, Bob!\n#console witbot: And more.\n");
    has(
        &project.goes_wrong().await,
        &["a.chat:5: this did not come within 3 s:\n#console witbot: And more."],
    );
    project.write(
        "a.chat",
        "> hello\n#console witbot: Hello, you!\n> hello Bob\n",
    );
    has(
        &project.goes_wrong().await,
        &["nobody expected:\n#console witbot: Hello, Bob!"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_stands_beside_the_conversations() {
    let project = Project::of("remembers", &home::guest("remembers"));
    project.write(
        "a.chat",
        "> count\n#console witbot: Count: 1.\n> recall\n#console witbot: I remember 1.\n",
    );
    has(
        &project.goes_wrong().await,
        &[
            "the plugin is held: it needs a grant for kv",
            "kv = [{ max_bytes = 1048576 }]",
            "beside the conversations",
        ],
    );
    project.write(
        "witbot.toml",
        "[plugins.remembers.grants]\nkv = [{ max_bytes = 1024 }]\n",
    );
    project.test(&[]).await.ok();
    // Each conversation begins with nothing.
    project.write("b.chat", "> recall\n#console witbot: I remember 0.\n");
    project.test(&[]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_line_and_a_missing_file_are_told_with_what_to_do() {
    let project = hello();
    let complained = project.test(&[]).await.complained;
    has(
        &complained,
        &["there is no conversation in ./conversations: write one"],
    );
    for (text, told) in [
        (
            "> hello\nHello!\n",
            "a.chat:2: `Hello!` is no message of the bot",
        ),
        ("> hello\n", "a.chat:1: nothing is expected of the bot"),
        (
            "* github: explodes\n> hello\n#console witbot: x\n",
            "a.chat:1: `* github: explodes` is nothing that can happen here",
        ),
    ] {
        project.write("a.chat", text);
        let answer = project.test(&[]).await;
        assert_eq!(answer.code, Some(1));
        has(&answer.complained, &[told]);
    }
    project.write("a.chat", "> hello\n#console witbot: Hello, you!\n");
    let answer = project.home.witbot(&["plugin", "test"]).await;
    has(
        &answer.complained,
        &["there is no plugin in ./dist: make it with `witbot plugin build .`"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_crashes_is_found_without_a_conversation_about_it() {
    let project = Project::of("traps", &home::guest("traps"));
    project.write(
        "a.chat",
        "> @ada #ops: number 7\n#ops witbot: I do not know that command. …\n…\n",
    );
    let printed = project.goes_wrong().await;
    has(
        &printed,
        &["FAILED  whatever is said: `trap panic` ends in an error in the log: ERROR [traps]"],
    );
}

const DEPLOYS: &str = r#"
[plugins.deploy.settings.apps.api]
repository = "acme/api"
environments = ["staging"]

[plugins.deploy.grants]
github = [{ repository = "acme/api", permissions = ["contents:write", "deployments:write"], environments = ["staging"] }]
kv = [{ max_bytes = 65536 }]
chat = [{ channel = "ops" }]

[[rules]]
commands = ["deploy*"]
decision = "allow"
"#;

fn deploys() -> Project {
    let project = Project::of("deploy", &home::plugin("deploy"));
    project.write("witbot.toml", DEPLOYS);
    project
}

#[tokio::test(flavor = "multi_thread")]
async fn services_answer_as_it_is_written() {
    let project = deploys();
    project.write(
        "a.chat",
        "* github.commit reference=main answers {\"sha\": \"aaaaaaabbbbbbbbccccccccddddddddeeeeeeee0\"}\n\
         * github.checks answers {\"state\": \"none\", \"all\": []}\n\
         * github.deployments answers []\n\
         * github.create-deployment request.environment=staging fails invalid: No such environment\n\
         > @ada #ops: deploy api/main to staging\n\
         #ops witbot: Deploying api main (aaaaaaa) to staging for ada\n\
         \x20 #ops witbot: [waiting] api to staging\n\
         \x20     …\n\
         \x20 #ops witbot (edited): [failure] api to staging\n\
         \x20     The deployment was not created: No such environment\n\
         \x20     …\n",
    );
    let printed = project.test(&[]).await.ok();
    has(&printed, &["1 conversations, all as written"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_goes_the_same_way_after_a_crash_at_each_of_its_steps() {
    let project = deploys();
    let sha = "aaaaaaabbbbbbbbccccccccddddddddeeeeeeee0";
    project.write(
        "a.chat",
        &format!(
            "* github.commit reference=main answers {{\"sha\": \"{sha}\"}}\n\
             * github.checks answers {{\"state\": \"none\", \"all\": []}}\n\
             * github.deployments answers []\n\
             * github.create-deployment answers {{\"id\": 7, \"sha\": \"{sha}\"}}\n\
             * github.next-deployment-status deployment=7 answers {{\"state\": \"in_progress\"}}\n\
             * github.next-deployment-status answers {{\"id\": 4, \"state\": \"success\"}}\n\
             > @ada #ops: deploy api/main to staging\n\
             #ops witbot: Deploying api main (aaaaaaa) to staging for ada\n\
             \x20 #ops witbot: [waiting] api to staging\n\
             \x20     …\n\
             \x20 #ops witbot (edited): [success] api to staging\n\
             \x20     …\n"
        ),
    );
    let printed = project.test(&["--crash"]).await.ok();
    let steps = printed
        .split_once("a crash at each of ")
        .and_then(|(_, rest)| rest.split_once(' '))
        .and_then(|(steps, _)| steps.parse::<u32>().ok());
    assert!(steps.is_some_and(|steps| steps >= 20), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_and_not_answered_is_told_and_what_is_answered_and_not_asked() {
    let project = deploys();
    let begins = "> @ada #ops: deploy api/main to staging\n#ops witbot: …\n…\n";
    project.write("a.chat", begins);
    let printed = project.goes_wrong().await;
    let line = "Write what is answered, such as: * github.commit reference=main repository=acme/api answers";
    has(&printed, &["FAILED  ./conversations/a.chat:3: ", line]);
    let answers = "* github.commit fails not-found: no such branch\n* github.branches answers\n* github.compare answers\n";
    project.write("a.chat", &format!("{answers}{begins}"));
    let printed = project.goes_wrong().await;
    let unasked = "a.chat:3: nobody asked for this answer";
    has(&printed, &[unasked]);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_passes_over_sleeps_and_questions_without_a_wait() {
    let project = Project::of("waits", &home::guest("waits"));
    project.write(
        "a.chat",
        "> wait time 7200000\n#console witbot: Good night.\n> wait answer\n#console witbot: Tea or coffee? [Tea / Coffee]\n\
         * time passes: 59m\n> @you #console presses: Tea\n#console witbot (edited): Tea or coffee?\n    Tea, said @you.\n\
         #console witbot: you chose Tea.\n* time passes: 61m\n#console witbot: Good morning.\n",
    );
    let printed = project.test(&[]).await.ok();
    has(&printed, &["1 conversations, all as written"]);
    project.write(
        "a.chat",
        "> hello\n* it is: 2001-01-01 00:00\n#console witbot: Never.\n",
    );
    has(
        &project.goes_wrong().await,
        &["a.chat:2: it is later already: time only goes on"],
    );
}
