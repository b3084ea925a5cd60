// @ts-check
/** Something that the author can put right. It is told without a trace; an empty one was told already. */
export class Mistake extends Error {}
