/** How facts that are read at the moment of a question are cited: `live:price/iron%20lamp`. */
export const liveUri = (name: string, thing: string) => `live:${name}/${encodeURIComponent(thing)}`;

/** Whether a passage or a citation is of such a fact and of no document. */
export const isLive = ({ uri }: { uri: string }) => uri.startsWith('live:');

/** The fact without what it was asked of, which may be a person's name; every other uri as it is. */
export const withoutThing = (uri: string) => uri.replace(/^(live:[^/]*).*/, '$1');
