/** Greets people. */
import { config, definePlugin, type Event } from "@witbot/sdk";

export default definePlugin({
  summary: "Greets people.",
  commands: [
    {
      usage: "{{name}} [<who>]",
      summary: "Greets somebody, or else you.",
      examples: ["{{name}} Ada"],
      handler: greet,
    },
  ],
  settings: { greeting: { summary: "The first word, `Hello` unless set." } },
});

function greet(event: Event): void {
  const greeting = config.get("/greeting") ?? "Hello";
  const who = event.argument("who") ?? event.userName;
  event.reply(`${greeting}, ${who}!`);
}
