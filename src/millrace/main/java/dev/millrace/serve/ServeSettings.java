package dev.millrace.serve;

import dev.millrace.access.AccessSettings;
import dev.millrace.index.Exploration;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.util.Optional;

/** How the recall server listens and what it may use. */
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
        boolean hasPage,
        double answersSample,
        Optional<Path> cursorKey,
        Exploring exploring) {

    /**
     * How answers to requests that do not say it are drawn.
     *
     * @param temperature 0 if they are not
     * @param best from how many items
     * @param slots places of items with few clicks, if they are drawn
     */
    public record Exploring(double temperature, int best, int slots) {

        private static Exploring read(SettingsReader reader, double answersSample) {
            double temperature = reader.number(
                    "serve.explore = 0 in [0, 100]: temperature, on the scale of the scores, at which answers to "
                            + "requests that give none are drawn from the best items (docs/api.md); 0: not drawn");
            boolean isOff = temperature == 0;
            reader.require(
                    isOff || temperature >= Exploration.COLDEST,
                    "serve.explore: must be 0, or at least " + Exploration.COLDEST);
            reader.require(
                    isOff || answersSample == 1,
                    "serve.explore: must be 0 without serve.answers.sample = 1, as every draw is logged");
            return new Exploring(
                    temperature,
                    reader.integer("serve.explore.best = 100 in [10, 200]: number of best items that an explored "
                            + "answer is drawn from, and the most that it can have"),
                    reader.integer(
                            "serve.explore.slots = 0 in [0, 100]: places of an explored answer for items with "
                                    + "fewer than ten clicks, unless the request says how many, and at most half of them; 0: none"));
        }
    }

    public static ServeSettings read(SettingsReader reader) {
        String host = reader.text(
                "serve.host = 127.0.0.1: address to bind; one that is not a loopback address needs tokens and TLS, or "
                        + "serve.insecure");
        double answersSample =
                reader.number("serve.answers.sample = 0 in [0, 1]: share of the answers about users that are logged in "
                        + "the topic answers, for millrace verify --answers; 0: none");
        return new ServeSettings(
                host,
                reader.integer("serve.port = 8080 in [0, 65535]: port of the recall API; 0 takes a free one"),
                reader.integer("serve.max-k = 1000 in [1, 10000]: maximum number of items in an answer"),
                reader.integer(
                        "serve.max-batch = 100 in [1, 10000]: maximum number of questions in a POST to /v1/recall"),
                reader.integer(
                        "serve.max-rate = 0 in [0, 10000000]: maximum questions a second of all clients together "
                                + "(docs/api.md has the costs of other requests); each question of a batch counts; "
                                + "beyond it requests get 429; 0: no limit"),
                GivenWeights.read(reader, "serve.", "of answers to requests that give none"),
                ClientLimits.read(reader, "serve"),
                reader.integer(
                        "serve.threads = 8 in [1, 256]: threads that answer single questions; batches have half as "
                                + "many of their own, health and metrics have one each"),
                reader.integer(
                        "serve.kept-generations = 1 in [0, 100]: number of earlier promoted generations to keep, each "
                                + "with its index, for an immediate roll-back"),
                reader.value(
                        "serve.state-dir = .millrace/serve: directory of user features and user rows, rebuilt from "
                                + "the topics at each start",
                        Path::of,
                        "must be a path"),
                reader.longInteger(
                        "serve.cache-bytes = 67108864 in [4194304, 1099511627776]: bytes of memory for user features "
                                + "and user rows, cache and write buffers together"),
                AccessSettings.read(reader, "serve.", host),
                reader.flag(
                        "serve.page = true: serve a page at /, which shows figures, items and the histories of users"),
                answersSample,
                reader.value(
                        "serve.cursor-key.file: file of at least 32 secret bytes, the same for all servers behind a "
                                + "balancer, so that each takes the cursors of the others; empty: a key of this process",
                        text -> text.isEmpty() ? Optional.<Path>empty() : Optional.of(Path.of(text)),
                        "must be a path"),
                Exploring.read(reader, answersSample));
    }
}
