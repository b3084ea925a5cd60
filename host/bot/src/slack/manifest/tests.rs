use super::*;

fn app(events: Events) -> App {
    App {
        name: "witbot".to_owned(),
        command: "/witbot".to_owned(),
        events,
    }
}

#[test]
fn an_app_with_sockets_has_no_addresses() {
    insta::assert_snapshot!(app(Events::Socket).manifest(), @r##"
    display_information:
      name: witbot
      description: "Answers commands with plugins that may do what they were granted."
    features:
      app_home:
        home_tab_enabled: false
        messages_tab_enabled: true
        messages_tab_read_only_enabled: false
      bot_user:
        display_name: witbot
        always_online: true
      slash_commands:
        -
          command: "/witbot"
          description: "Gives a command to the bot."
          usage_hint: help
          should_escape: true
    oauth_config:
      scopes:
        bot:
          # hear when it is mentioned
          - app_mentions:read
          # hear what is said in public channels that it was invited to, and find its own messages there
          - channels:history
          # hear what is said in private channels that it was invited to, and find its own messages there
          - groups:history
          # hear direct messages, and find its own messages there
          - im:history
          # hear group direct messages that it was added to, and find its own messages there
          - mpim:history
          # have a slash command
          - commands
          # write, edit and delete its own messages
          - chat:write
          # upload what is too long for a message
          - files:write
          # add reactions
          - reactions:write
          # begin direct messages
          - im:write
          # know the names of public channels, which of them it is in, and which are shared with another organisation
          - channels:read
          # know the names of private channels that it was invited to, and which are shared with another organisation
          - groups:read
          # know a direct message from a channel
          - im:read
          # know a group direct message from a channel
          - mpim:read
          # know the names of people, and who is a guest
          - users:read
          # know who is in which user group
          - usergroups:read
    settings:
      event_subscriptions:
        bot_events:
          - app_mention
          - app_uninstalled
          - channel_archive
          - channel_deleted
          - channel_id_changed
          - channel_left
          - channel_rename
          - channel_shared
          - channel_unarchive
          - channel_unshared
          - group_archive
          - group_deleted
          - group_left
          - group_rename
          - group_unarchive
          - member_joined_channel
          - member_left_channel
          - message.channels
          - message.groups
          - message.im
          - message.mpim
          - subteam_created
          - subteam_members_changed
          - subteam_updated
          - tokens_revoked
          - user_change
      interactivity:
        is_enabled: true
      org_deploy_enabled: false
      socket_mode_enabled: true
      token_rotation_enabled: false
    "##);
}

#[test]
fn an_app_with_requests_has_three_addresses() {
    let manifest = app(Events::Http("https://bot.example.com".to_owned())).manifest();
    let of_http: Vec<&str> = manifest
        .lines()
        .filter(|line| line.contains("url") || line.contains("socket"))
        .map(str::trim)
        .collect();
    assert_eq!(
        of_http,
        [
            "url: https://bot.example.com/hooks/slack/commands",
            "request_url: https://bot.example.com/hooks/slack/events",
            "request_url: https://bot.example.com/hooks/slack/interactions",
            "socket_mode_enabled: false",
        ]
    );
}

#[test]
fn every_scope_is_there_once_and_says_what_it_is_for() {
    let names: BTreeSet<&str> = SCOPES.iter().map(|scope| scope.name).collect();
    assert_eq!(names.len(), SCOPES.len());
    for scope in SCOPES {
        let used =
            !scope.events.is_empty() || !scope.methods.is_empty() || scope.name == "commands";
        assert!(used, "{} is for nothing", scope.name);
    }
}

#[test]
fn a_missing_scope_is_named_with_what_it_is_for() {
    assert_eq!(
        missing("reactions:write"),
        "the bot token lacks the scope `reactions:write` (to add reactions): add it at \
         https://api.slack.com/apps under `OAuth & Permissions`, and install the app again"
    );
    let several = missing("channels:read, team:read");
    assert!(
        several.contains("(to know the names of public"),
        "{several}"
    );
    assert!(several.contains(" or `team:read`: add it"), "{several}");
}
