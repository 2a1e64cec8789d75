package dev.millrace.verify;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.EncoderFeed;
import dev.millrace.index.Draw;
import dev.millrace.index.ItemIndex;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.recall.Answer;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.LoggedAnswer.Item;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.RecallRequest;
import dev.millrace.recall.ServedGeneration;
import dev.millrace.recall.UserEncoder;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.wire.Topic;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.stream.IntStream;

/** One generation as a server had it, made again from the records that the server had read. It answers by the server's own code. One thread. */
final class ReplayedServer {

    /**
     * Whether the logs are known to still have all that the server had read of them.
     *
     * @param ofItems item-embeddings
     * @param ofUsers model-updates
     * @param ofNeighbours item-neighbours
     */
    record Whole(boolean ofItems, boolean ofUsers, boolean ofNeighbours) {}

    /**
     * What came of an answer.
     *
     * @param difference in words; absent if there is none
     */
    record Comparison(AnswerReport.Outcome outcome, Optional<String> difference) {

        private static final Comparison EQUAL = new Comparison(AnswerReport.Outcome.EQUAL, Optional.empty());

        /** A difference, unless the log may have lost what makes it. */
        private static Comparison differs(boolean isWhole, String difference) {
            return isWhole
                    ? new Comparison(AnswerReport.Outcome.DIFFERENT, Optional.of(difference))
                    : new Comparison(AnswerReport.Outcome.COMPACTED, Optional.empty());
        }
    }

    private final String generation;
    private final EncoderFeed encoders;
    private final RecallEngine engine = new RecallEngine(user -> Optional.empty());
    private Optional<ItemIndex> index = Optional.empty();

    /** @param encoders that knows the settings of the generation */
    ReplayedServer(String generation, EncoderFeed encoders) {
        this.generation = generation;
        this.encoders = encoders;
    }

    /** @param publishedAt epoch milliseconds */
    void take(ItemEmbedding embedding, long publishedAt) {
        if (!embedding.generation().equals(generation) || embedding.isMark()) {
            return;
        }
        if (embedding.vector().isEmpty()) {
            index.ifPresent(one -> one.remove(embedding.item()));
            return;
        }
        try {
            ItemIndex into =
                    index.orElseGet(() -> new ItemIndex(embedding.vector().get().length));
            into.upsert(embedding, publishedAt);
            index = Optional.of(into);
        } catch (IllegalArgumentException unusable) {
            // a server leaves it out, too
        }
    }

    void take(ModelUpdate update) {
        if (!update.generation().equals(generation)) {
            return;
        }
        try {
            update.entry()
                    .ifPresentOrElse(
                            entry -> encoders.update(generation, update.key(), entry),
                            () -> encoders.remove(generation, update.key()));
        } catch (CorruptEntryException unusable) {
            // a server leaves it out, too
        }
    }

    void take(Topic.ItemNeighbours neighbours) {
        if (neighbours.generation().equals(generation)) {
            encoders.neighbours(generation, neighbours.item(), neighbours.list());
        }
    }

    /** The networks that have been taken so far encode from now on. */
    void refresh() {
        encoders.refresh(generation);
    }

    /**
     * Answers the question again, and compares.
     *
     * @param user as known to the server; absent if nothing was known
     */
    Comparison compare(LoggedAnswer logged, Optional<UserFeatures> user, Whole whole) {
        ItemIndex.AsOf had = logged.standing().index();
        int items = index.map(ItemIndex::size).orElse(0);
        if (items != had.items()) { // compaction only ever takes items away from what was
            return Comparison.differs(
                    items > had.items() || whole.ofItems(),
                    "the index had " + had.items() + " items, the log gives " + items);
        }
        Optional<UserEncoder> encoder = encoders.of(generation).filter(UserEncoder::isReady);
        if (encoder.isEmpty() || index.isEmpty()) {
            return Comparison.differs(whole.ofUsers(), "the log does not give the user tower");
        }
        index.get().bringTo(had.moments());
        boolean isUserReplayed =
                user.isPresent() && logged.question().unlogged().isEmpty();
        if (isUserReplayed) {
            Optional<String> difference = difference(logged, user.get(), encoder.get());
            if (difference.isPresent()) {
                return Comparison.differs(whole.ofUsers(), difference.get());
            }
        }
        RecallRequest request = logged.question().request();
        Answer again = engine.recall(
                user.map(request::about).orElse(request),
                new ServedGeneration(
                        generation,
                        index.get(),
                        isUserReplayed ? encoder.get() : new LoggedQuery(encoder.get(), logged.query())),
                true);
        return again.when(
                found -> compare(logged, found, whole.ofNeighbours()),
                refusal -> Comparison.differs(whole.ofUsers(), "the replay does not answer: " + refusal));
    }

    private static Optional<String> difference(LoggedAnswer logged, UserFeatures user, UserEncoder encoder) {
        float[] query = logged.query();
        float[] again = new float[query.length];
        try {
            encoder.encode(
                    user, Features.NONE, logged.question().request().weights().channels(), again);
        } catch (IndexOutOfBoundsException wider) {
            return Optional.of("the user's vector has " + query.length + " components, replayed more");
        }
        return IntStream.range(0, query.length)
                .filter(at -> Float.floatToRawIntBits(query[at]) != Float.floatToRawIntBits(again[at]))
                .mapToObj(at -> "component " + at + " of the user's vector is " + withBits(query[at]) + ", replayed "
                        + withBits(again[at]))
                .findFirst();
    }

    private static List<Item> items(Answer.Found found) {
        return IntStream.range(0, found.items().size())
                .mapToObj(at -> Item.of(found, at))
                .toList();
    }

    private static Comparison compare(LoggedAnswer answer, Answer.Found found, boolean areNeighboursWhole) {
        Optional<String> drawnFrom = difference(
                        "candidate",
                        drawnFrom(answer.draw(), Draw::candidates),
                        drawnFrom(found.draw(), Draw::candidates),
                        ReplayedServer::words)
                .or(() -> difference(
                        "newcomer",
                        drawnFrom(answer.draw(), Draw::newcomers),
                        drawnFrom(found.draw(), Draw::newcomers),
                        each -> words(each.candidate()) + ", " + each.clicks() + " clicks"));
        if (drawnFrom.isPresent()) {
            return Comparison.differs(areNeighboursWhole, drawnFrom.get());
        }
        List<Item> logged = answer.items();
        List<Item> again = items(found);
        return difference("item", logged, again, ReplayedServer::words)
                .map(difference ->
                        Comparison.differs(areNeighboursWhole || haveSameNeighbours(logged, again), difference))
                .orElse(Comparison.EQUAL);
    }

    private static <T> List<T> drawnFrom(Optional<Draw> draw, Function<Draw, List<T>> list) {
        return draw.map(list).orElse(List.of());
    }

    /** Names the first that differs. */
    private static <T> Optional<String> difference(
            String what, List<T> logged, List<T> again, Function<T, String> words) {
        if (logged.equals(again)) {
            return Optional.empty();
        }
        int same = same(logged, again);
        return Optional.of(what + " " + (same + 1) + " is " + words(logged, same, words) + ", replayed "
                + words(again, same, words));
    }

    /** How many are equal, up to the first that is not. */
    private static int same(List<?> logged, List<?> again) {
        return (int) IntStream.range(0, Math.min(logged.size(), again.size()))
                .takeWhile(at -> logged.get(at).equals(again.get(at)))
                .count();
    }

    /** Whether what neighbours add to the logged items is what they add to the replayed ones; nothing, to an item that was not replayed. */
    private static boolean haveSameNeighbours(List<Item> logged, List<Item> again) {
        Map<String, Float> added = new HashMap<>();
        again.forEach(item -> added.put(item.item(), item.parts().neighbours()));
        return logged.stream()
                .allMatch(item ->
                        added.getOrDefault(item.item(), 0f) == item.parts().neighbours());
    }

    private static <T> String words(List<T> all, int at, Function<T, String> words) {
        return at < all.size() ? words.apply(all.get(at)) : "none";
    }

    private static String words(Draw.Candidate candidate) {
        return candidate.item() + " with " + withBits(candidate.score()) + ", " + candidate.values();
    }

    private static String words(Item item) {
        return item.item() + " with " + withBits(item.score()) + " of " + item.parts() + ", " + item.placed();
    }

    private static String withBits(float value) {
        return String.format(Locale.ROOT, "%s (%08x)", value, Float.floatToRawIntBits(value));
    }

    /** An encoder that gives the vector that was logged, of a user whom the log cannot give. */
    private record LoggedQuery(UserEncoder encoder, float[] query) implements UserEncoder {

        @Override
        public boolean isReady() {
            return encoder.isReady();
        }

        @Override
        public SortedMap<String, Double> queryWeights() {
            return encoder.queryWeights();
        }

        @Override
        public List<String> attributes() {
            return encoder.attributes();
        }

        @Override
        public double temperature() {
            return encoder.temperature();
        }

        @Override
        public PriorWeights prior() {
            return encoder.prior();
        }

        @Override
        public Map<String, Double> near(List<String> history, long time) {
            return encoder.near(history, time);
        }

        @Override
        public boolean encode(UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out) {
            System.arraycopy(query, 0, out, 0, Math.min(query.length, out.length));
            return true;
        }
    }
}
