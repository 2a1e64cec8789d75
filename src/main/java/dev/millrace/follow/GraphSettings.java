package dev.millrace.follow;

import dev.millrace.settings.SettingsReader;

/**
 * When searches use a graph of the items, and how it is watched.
 *
 * @param minItems items from which on there is one; 0 for never
 * @param rebuildShare of items that differ from it, above which it is built anew
 * @param maxMove how far a vector may be from the graph's for its item not to differ
 * @param threads that build it
 * @param sampleEvery of so many answers by the graph, one is repeated exactly; 0 for none
 */
public record GraphSettings(int minItems, double rebuildShare, double maxMove, int threads, int sampleEvery) {

    /** All searches are exact. */
    public static final GraphSettings NEVER = new GraphSettings(0, 1, 0, 1, 0);

    public static GraphSettings read(SettingsReader reader) {
        return new GraphSettings(
                reader.integer(
                        "serve.graph.min-items",
                        100_000,
                        0,
                        Integer.MAX_VALUE,
                        "least number of items for which a graph is built and searched, nearly exactly; 0: never"),
                reader.number(
                        "serve.graph.rebuild-share",
                        0.1,
                        0.001,
                        1,
                        "share of items that differ from the graph above which a new graph is built; "
                                + "until then they are searched beside it"),
                reader.number(
                        "serve.graph.max-move",
                        0.1,
                        0,
                        2,
                        "how far a vector may move before its item is searched beside the graph; scores use the newest vector"),
                reader.integer(
                        "serve.graph.threads",
                        1,
                        1,
                        256,
                        "threads that build a graph, beside those that answer and read"),
                reader.integer(
                        "serve.graph.sample-every",
                        100,
                        0,
                        1_000_000_000,
                        "one of so many answers of the graph is repeated exactly, to measure recall; 0: none"));
    }
}
