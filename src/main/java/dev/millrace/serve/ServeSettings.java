package dev.millrace.serve;

import dev.millrace.access.AccessSettings;
import dev.millrace.batch.GivenWeights;
import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.util.List;

/**
 * How the recall server listens and what it may use.
 *
 * @param host address to bind
 * @param port to listen on; 0 takes a free one
 * @param maxK most items an answer may have
 * @param maxBatch most questions of one request
 * @param maxRate questions a second that are answered, or what costs as much; 0 for no limit
 * @param weights beside cos / τ of requests that give none
 * @param clients what they may take
 * @param threads that answer questions
 * @param keptGenerations of those promoted before the one that answers, for a roll-back
 * @param stateDirectory of what is rebuilt from the topics at each start
 * @param cacheBytes RocksDB's block cache and write buffers together
 * @param access who may ask, and by which certificate
 * @param hasPage true to answer with a page at {@code /}
 */
public record ServeSettings(
        String host,
        int port,
        int maxK,
        int maxBatch,
        int maxRate,
        GivenWeights weights,
        ClientLimits clients,
        int threads,
        int keptGenerations,
        Path stateDirectory,
        long cacheBytes,
        AccessSettings access,
        boolean hasPage) {

    /** Of {@code serve.graph}, which there was. */
    private static final List<String> RETIRED =
            List.of("max-move", "min-items", "rebuild-share", "sample-every", "threads");

    public static ServeSettings read(SettingsReader reader) {
        RETIRED.forEach(key -> reader.retired("serve.graph." + key, "the exact search of all items"));
        String host = reader.text(
                "serve.host",
                "127.0.0.1",
                "address that the recall API binds; another than a loopback address needs tokens and TLS, or serve.insecure");
        return new ServeSettings(
                host,
                reader.integer("serve.port", 8080, 0, 65_535, "port of the recall API; 0 takes a free one"),
                reader.integer("serve.max-k", 1_000, 1, 10_000, "most items one answer may have"),
                reader.integer("serve.max-batch", 100, 1, 10_000, "most questions of one POST to /v1/recall"),
                reader.integer(
                        "serve.max-rate",
                        0,
                        0,
                        10_000_000,
                        "most questions a second, or what costs as much, of all clients together; each question of a batch counts; more get 429; 0: no limit"),
                GivenWeights.read(reader, "serve.", "of answers to requests that give none"),
                ClientLimits.read(reader, "serve."),
                reader.integer(
                        "serve.threads",
                        8,
                        1,
                        256,
                        "threads that answer single questions; batches have half as many of their own, health and"
                                + " metrics one each"),
                reader.integer(
                        "serve.kept-generations",
                        1,
                        0,
                        100,
                        "generations to keep that were promoted earlier, each with its index, for an immediate"
                                + " roll-back"),
                reader.value(
                        "serve.state-dir",
                        ".millrace/serve",
                        Path::of,
                        "must be a path",
                        "directory of user features and user rows; rebuilt from the topics at each start"),
                reader.longInteger(
                        "serve.cache-bytes",
                        64L << 20,
                        4L << 20,
                        1L << 40,
                        "memory for user features and user rows, cache and write buffers together, bytes"),
                AccessSettings.read(reader, "serve.", host),
                reader.flag(
                        "serve.page",
                        true,
                        "whether the server has a page at /, which shows figures, items and the histories of users"));
    }
}
