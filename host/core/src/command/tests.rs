use super::*;

/// `fits a=1 b=2`, `wrong: why`, or `no`.
fn fit(usage: &str, text: &str) -> String {
    match Usage::parse(usage).unwrap().fit(text) {
        Fit::Fits(given) => {
            let given = given
                .iter()
                .map(|(name, value)| format!(" {name}={value:?}"));
            format!("fits{}", given.collect::<String>())
        }
        Fit::Wrong(reason) => format!("wrong: {reason}"),
        Fit::No => "no".to_owned(),
    }
}

fn check(usage: &str, table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(fit(usage, text), *expected, "{usage} <- {text}");
    }
}

#[test]
fn the_example_of_the_contract() {
    check(
        "deploy <app>[/<ref>] [to|in|on <env>]",
        &[
            ("deploy api", r#"fits app="api""#),
            ("  DEPLOY \t api  ", r#"fits app="api""#),
            ("deploy api/main", r#"fits app="api" ref="main""#),
            ("deploy api/fix/login", r#"fits app="api" ref="fix/login""#),
            ("deploy api to staging", r#"fits app="api" env="staging""#),
            (
                "deploy api/fix/login ON prod",
                r#"fits app="api" ref="fix/login" env="prod""#,
            ),
            ("deploy to to to", r#"fits app="to" env="to""#),
            ("deploy", "no"),
            ("deploy api/", "no"),
            ("deploy /main", "no"),
            ("deploy api staging", "no"),
            ("deploy api to", "no"),
            ("deployapi", "no"),
            ("deploys api", "no"),
            ("please deploy api", "no"),
            ("deploy api to staging now", "no"),
        ],
    );
}

#[test]
fn an_argument_ends_at_the_first_character_that_follows_it() {
    check(
        "go <a>[/<b>][@<c>]",
        &[
            ("go x", r#"fits a="x""#),
            ("go x/y", r#"fits a="x" b="y""#),
            ("go x@z", r#"fits a="x" c="z""#),
            ("go x/y@z/@", r#"fits a="x" b="y" c="z/@""#),
        ],
    );
    check("go <a>x<b>", &[("go 1X2x3", r#"fits a="1" b="2x3""#)]);
    check(
        "compare <base>[..<head>]",
        &[
            ("compare v1.0..v2.0", r#"fits base="v1.0" head="v2.0""#),
            ("compare v1.0", r#"fits base="v1.0""#),
        ],
    );
    check(
        "go <a>[-<b>] <c>",
        &[("go 1-2 3-4", r#"fits a="1" b="2" c="3-4""#)],
    );
    check("go <a>", &[("go ]^-", r#"fits a="]^-""#)]);
}

#[test]
fn words_can_be_quoted() {
    check(
        "say <what> [to <who>]",
        &[
            (
                r#"say "two words" to ann"#,
                r#"fits what="two words" who="ann""#,
            ),
            ("say “a b”", r#"fits what="a b""#),
            (r#"say 5""#, r#"fits what="5\"""#),
            (r#"say "open"#, "no"),
            (r#"say "two words"x"#, "no"),
            (r#"say """#, "no"),
        ],
    );
    check("go <a>/<b>", &[(r#"go "x/y"/z"#, r#"fits a="x/y" b="z""#)]);
    check("two <a> <b>", &[(r#"two "not both""#, "no")]);
}

#[test]
fn text_takes_the_rest() {
    check(
        "note [for <who:user>] <what:text>",
        &[
            ("note  a \"b\"  c ", r#"fits what="a \"b\"  c""#),
            ("note a\nb", r#"fits what="a\nb""#),
            (
                "note for <@U1|ann b> do it",
                r#"fits who="U1" what="do it""#,
            ),
            ("note for ever", r#"fits what="for ever""#),
            ("note", "no"),
        ],
    );
}

#[test]
fn a_wrong_argument_is_named() {
    check(
        "scale <app> to <count:integer> [after <t:duration>]",
        &[
            ("scale api to 3", r#"fits app="api" count="3""#),
            (
                "scale api to 3 after 1m",
                r#"fits app="api" count="3" t="60000""#,
            ),
            (
                "scale api to abc",
                "wrong: `count` must be a whole number, not `abc`",
            ),
            (
                "scale api to 99999999999999999999",
                "wrong: `count` must be a whole number, not `99999999999999999999`",
            ),
            (
                "scale api to 3 after 5",
                "wrong: `t` must be a length of time such as `90s`, `15m` or `1h30m`, not `5`",
            ),
            (r#"scale api to "3""#, r#"fits app="api" count="3""#),
            ("scale api 3", "no"),
        ],
    );
    check(
        "tell <who:user> [in <where:channel>]",
        &[
            ("tell <@U1> in <#C2|dev>", r#"fits who="U1" where="C2""#),
            ("tell @ann in #dev", r#"fits who="ann" where="dev""#),
            (
                "tell #dev",
                "wrong: `who` must be a person such as `@name`, not `#dev`",
            ),
        ],
    );
}

#[test]
fn an_optional_typed_argument_is_not_taken_for_the_next() {
    check(
        "list [<count:integer>] [<name>]",
        &[
            ("list", "fits"),
            ("list 5", r#"fits count="5""#),
            ("list api", r#"fits name="api""#),
            ("list 5 api", r#"fits count="5" name="api""#),
            (
                "list x api",
                "wrong: `count` must be a whole number, not `x`",
            ),
        ],
    );
}

#[test]
fn brackets_nest_and_spaces_in_them_count() {
    check(
        "a [[b] c [d]] e",
        &[
            ("a e", "fits"),
            ("a c e", "fits"),
            ("a b c e", "fits"),
            ("a b c d e", "fits"),
            ("a b e", "no"),
            ("ae", "no"),
        ],
    );
    check(
        "deploy <app>[ to <env>]",
        &[
            ("deploy api to x", r#"fits app="api" env="x""#),
            ("deploy apito x", "no"),
        ],
    );
    check(
        "deploy [please ]<app>",
        &[
            ("deploy please api", r#"fits app="api""#),
            ("deploy api", r#"fits app="api""#),
        ],
    );
    check(
        "lock[s|ed] now",
        &[("LOCKED now", "fits"), ("lockx now", "no")],
    );
}

#[test]
fn letters_of_any_alphabet_and_signs_stand_for_themselves() {
    check("größe|ÜBER c++ <x>", &[("über C++ é", r#"fits x="é""#)]);
    check("a.b*c $ ^", &[("a.b*c $ ^", "fits"), ("axbbc $ ^", "no")]);
}

#[test]
fn a_name_can_end_with_an_argument_behind_a_colon() {
    check(
        "deploy:<task>! <app>",
        &[
            ("deploy:migrate! api", r#"fits task="migrate" app="api""#),
            ("deploy:migrate api", "no"),
            ("deploy:! api", "no"),
            ("deploy! api", "no"),
        ],
    );
}

#[test]
fn names_are_the_leading_words() {
    #[rustfmt::skip]
    let table: [(&str, &[&str]); 12] = [
        ("Deploy <app>", &["deploy"]),
        ("where can I   deploy <app>", &["where can i deploy"]),
        ("deploy|ship <app>", &["deploy", "ship"]),
        ("show|list all|my runs", &["show all runs", "show my runs", "list all runs", "list my runs"]),
        ("status [all]", &["status"]),
        ("deploy[s|ed] now", &["deploys now", "deployed now", "deploy now"]),
        ("show v<x>", &["show"]),
        ("show runs[/<x>]", &["show"]),
        ("deploy:lock <app>", &["deploy:lock"]),
        ("deploy:<task> <app>", &["deploy:"]),
        ("Deploy:<task>! <app>", &["deploy:"]),
        ("a[b c] d", &["ab c d", "a d"]),
    ];
    for (usage, names) in table {
        assert_eq!(Usage::parse(usage).unwrap().names(), names, "{usage}");
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    let mut all = String::new();
    for usage in [
        "",
        "   ",
        "<app> deploy",
        "[please] deploy",
        "v<x>",
        "deploy[/<x>] <y>",
        "deploy [to <env>",
        "deploy <app>]",
        "deploy <app",
        "deploy <app[x]>",
        "deploy app>",
        "deploy <>",
        "deploy <1st>",
        "deploy <n:interger>",
        "deploy <n:list>",
        "deploy <a> <a>",
        "deploy <why:text> <app>",
        "deploy [<why:text>] now",
        "deploy <a><b>",
        "deploy <a>[<b>]",
        "deploy <a>[/<b>]<c>",
        "deploy [x]y",
        "deploy a|b/<x>",
        "deploy a| b",
        "deploy |b",
        "deploy <a>|<b>",
        "deploy []",
        "deploy (a|b)",
        "deploy <args>...",
        "deploy \"x\"",
        "a [[[[[[[[[b]]]]]]]]]",
        "a|b|c|d|e a|b|c|d|e a|b|c",
        "a[b][c][d][e][f][g][h][i][j]",
    ] {
        let error = Usage::parse(usage).unwrap_err();
        all += &format!("{usage:30} {error}\n");
    }
    insta::assert_snapshot!(all, @r#"
                                   the usage is empty: begin with the command's name (at character 1)
                                   the usage is empty: begin with the command's name (at character 1)
    <app> deploy                   begin with a word that is always there: it is the command's name (at character 1)
    [please] deploy                begin with a word that is always there: it is the command's name (at character 1)
    v<x>                           put a space between the command's name and this (at character 2)
    deploy[/<x>] <y>               put a space between the command's name and this (at character 7)
    deploy [to <env>               this `[` is never closed: add its `]` (at character 8)
    deploy <app>]                  this `]` closes nothing: remove it, or add its `[` (at character 13)
    deploy <app                    this `<` is never closed: write an argument as `<name>` (at character 8)
    deploy <app[x]>                this `<` is never closed: write an argument as `<name>` (at character 8)
    deploy app>                    this `>` closes nothing: write an argument as `<name>` (at character 11)
    deploy <>                      `` cannot name an argument: use letters, digits, `-` and `_`, beginning with a letter (at character 8)
    deploy <1st>                   `1st` cannot name an argument: use letters, digits, `-` and `_`, beginning with a letter (at character 8)
    deploy <n:interger>            there is no type `interger`: did you mean `integer`? (at character 8)
    deploy <n:list>                there is no type `list`: use one of word, text, integer, number, boolean, duration, user, channel (at character 8)
    deploy <a> <a>                 there are two arguments `a`: give each its own name (at character 12)
    deploy <why:text> <app>        `<why:text>` takes all the rest of the line: move it to the end (at character 8)
    deploy [<why:text>] now        `<why:text>` takes all the rest of the line: move it to the end (at character 9)
    deploy <a><b>                  put a space, or a character such as `/`, between two arguments (at character 11)
    deploy <a>[<b>]                put a space, or a character such as `/`, between two arguments (at character 12)
    deploy <a>[/<b>]<c>            put a space, or a character such as `/`, between two arguments (at character 17)
    deploy [x]y                    put a space after the `]` before this (at character 11)
    deploy a|b/<x>                 put spaces around `a|b`, or brackets (at character 12)
    deploy a| b                    `|` stands between two words, as in `to|in`: write the word that is missing (at character 10)
    deploy |b                      `|` stands between two words, as in `to|in`: write the word that is missing (at character 8)
    deploy <a>|<b>                 `|` stands between two words, as in `to|in`: write the word that is missing (at character 11)
    deploy []                      `[]` is empty: write in it what can be left out (at character 8)
    deploy (a|b)                   round brackets mean nothing: write `a|b` for either, `[…]` for what can be left out (at character 8)
    deploy <args>...               dots do not repeat anything: `<name:text>` takes all the rest of the line (at character 14)
    deploy "x"                     quotation marks are for people who type a command: leave them out here (at character 8)
    a [[[[[[[[[b]]]]]]]]]          brackets are nested at most 8 deep: write two commands (at character 11)
    a|b|c|d|e a|b|c|d|e a|b|c      the command has more than 64 names: declare several commands (at character 21)
    a[b][c][d][e][f][g][h][i][j]   the command has more than 64 names: declare several commands (at character 20)
    "#);
    let long = format!("deploy {}", "x".repeat(limits::USAGE_CHARS_MAX));
    let error = Usage::parse(&long).unwrap_err().to_string();
    assert!(
        error.starts_with("a usage has at most 500 characters"),
        "{error}"
    );
}

#[test]
fn the_largest_usages_compile() {
    let arguments: Vec<String> = (0..limits::ARGUMENTS_MAX)
        .map(|n| format!("[<a{n}:duration>]"))
        .collect();
    let usage = Usage::parse(&format!("x {}", arguments.join(" "))).unwrap();
    assert!(matches!(
        usage.fit(&"x".repeat(limits::INPUT_CHARS_MAX)),
        Fit::No
    ));
}
