package dev.millrace.serve;

import static dev.millrace.serve.RecallScene.NOW;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.FakeFeed;
import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.ServedState;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.recall.FakeEncoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Generations that come, change, answer and go without pause, and what is in each of them at any moment.
 *
 * <p>One thread changes them. What a vector is follows from generation, item and step, so an answer tells which vectors are behind it. All
 * are exact in floats, and so are their products with the query (1, weight of the channel like). Generations of even numbers have two
 * channels and three attributes, those of odd numbers one channel and one attribute.
 */
final class ChangingGenerations {

    static final int ITEMS = 60;
    private static final int FIRST_ITEMS = 40;
    private static final int CATEGORIES = 5;
    private static final byte[] ENTRY = {1};

    private final Random random;
    private final FakeFeed feed = new FakeFeed(ChangingGenerations::encoder);
    private final Map<String, Contents> contents = new ConcurrentHashMap<>();
    private final List<String> promotions = new CopyOnWriteArrayList<>();
    private final List<String> living = new ArrayList<>();
    private volatile int promoted; // of the promotions, those that are over
    private int started;
    private String changed = "";

    ChangingGenerations(long seed) {
        this.random = new Random(seed);
    }

    /**
     * What a generation holds.
     *
     * @param steps of the items' vectors, by item
     * @param newest step
     * @param isChanging true while the next vector or removal is on its way
     */
    record Contents(Map<String, Long> steps, long newest, boolean isChanging) {}

    /**
     * What was known at one moment.
     *
     * @param promoted promotions that were over
     */
    record Moment(Map<String, Contents> contents, int promoted) {}

    Moment now() {
        int over = promoted;
        return new Moment(Map.copyOf(contents), over);
    }

    /** Whether a generation was the one to answer at some time since a moment. */
    boolean answeredSince(Moment before, String generation) {
        return promotions.stream().skip(Math.max(0, before.promoted() - 1)).anyMatch(generation::equals);
    }

    FakeFeed feed() {
        return feed;
    }

    /** Starts a first generation, which answers from then on. */
    void begin(ServedState state) {
        for (FollowedTopic topic : FollowedTopic.values()) {
            state.caughtUp(topic, 1);
        }
        state.userFeatures(new UserFeatures("u1", 1, Features.NONE, List.of("i1", "i2", "gone")));
        String first = start(state);
        mark(state, first);
        promote(state, first);
    }

    /** Changes one thing. */
    void change(ServedState state) {
        int what = random.nextInt(1_000);
        if (what < 4 && living.size() < 6) {
            String next = start(state);
            if (random.nextBoolean()) {
                mark(state, next);
                promote(state, next);
            } else { // the one before it answers until its mark comes
                say(state, next, Kind.PROMOTED);
                promotions.add(next);
                mark(state, next);
                afterPromotion();
            }
        } else if (what < 8) {
            promote(state, any(living));
        } else if (what < 11) {
            retire(state);
        } else if (what < 20) {
            say(state, any(living), Kind.STARTED);
        } else if (what < 40) {
            changeUser(state);
        } else {
            if (random.nextInt(200) == 0 || !living.contains(changed)) { // the others stay as they are for a while
                changed = any(living);
            }
            String item = "i" + random.nextInt(ITEMS);
            put(state, changed, item, random.nextInt(4) == 0);
        }
    }

    private String any(List<String> generations) {
        return generations.get(random.nextInt(generations.size()));
    }

    private String start(ServedState state) {
        String generation = "g" + started++;
        say(state, generation, Kind.STARTED);
        contents.put(generation, new Contents(Map.of(), 0, false));
        living.add(generation);
        for (int item = 0; item < FIRST_ITEMS; item++) {
            put(state, generation, "i" + item, false);
        }
        state.modelUpdate(generation, ENTRY, Optional.of(ENTRY));
        state.endOfModelUpdates(generation);
        return generation;
    }

    private static void say(ServedState state, String generation, Kind kind) {
        state.generation(new GenerationFact(generation, kind, NOW, 1, ITEMS, "test"));
    }

    private static void mark(ServedState state, String generation) {
        state.embedding(new ItemEmbedding("", Optional.of(new float[0]), generation, 1, 1, 0), NOW, 0);
    }

    private void promote(ServedState state, String generation) {
        promotions.add(generation);
        say(state, generation, Kind.PROMOTED);
        afterPromotion();
    }

    private void afterPromotion() {
        promoted = promotions.size();
        living.removeIf(each -> feed.of(each).isEmpty());
        contents.keySet().retainAll(living);
    }

    /** Retires one that does not answer. */
    private void retire(ServedState state) {
        List<String> others = new ArrayList<>(living);
        others.remove(promotions.get(promotions.size() - 1));
        if (!others.isEmpty()) {
            String retired = any(others);
            living.remove(retired);
            contents.remove(retired);
            say(state, retired, Kind.RETIRED);
        }
    }

    private void changeUser(ServedState state) {
        String user = "u" + random.nextInt(4);
        if (random.nextInt(3) == 0) {
            state.userRemoved(user);
        } else {
            List<String> history = List.of("i" + random.nextInt(ITEMS), "i1", "gone");
            state.userFeatures(new UserFeatures(user, 1, Features.NONE, history));
        }
    }

    private void put(ServedState state, String generation, String item, boolean isRemoval) {
        Contents before = Objects.requireNonNull(contents.get(generation));
        Map<String, Long> steps = new HashMap<>(before.steps());
        long step = isRemoval ? before.newest() : before.newest() + 1;
        Optional<float[]> vector = isRemoval ? Optional.empty() : Optional.of(vector(generation, item, step));
        vector.ifPresentOrElse(some -> steps.put(item, step), () -> steps.remove(item));
        contents.put(generation, new Contents(before.steps(), before.newest(), true));
        state.embedding(
                new ItemEmbedding(
                        item, vector, generation, step, 1, NOW, PublishedPopularity.NONE, 0, attributes(item)),
                NOW,
                0);
        contents.put(generation, new Contents(Map.copyOf(steps), step, false));
    }

    /** [2 or 3] A vector of multiples of 2^-20 in (-1, 1); its second component is a multiple of 2^-10. */
    private static float[] vector(String generation, String item, long step) {
        Random own = new Random((generation + "/" + item + "/" + step).hashCode() * 31L + step);
        float[] vector = new float[hasChannels(generation) ? 2 : 3];
        vector[0] = (own.nextInt(1 << 21) - (1 << 20)) / (float) (1 << 20);
        vector[1] = (own.nextInt(1 << 11) - (1 << 10)) / (float) (1 << 10);
        return vector;
    }

    /** The score of a vector for a query of this weight of the channel like. */
    static float score(String generation, String item, long step, float like) {
        float[] vector = vector(generation, item, step);
        return vector[0] + like * vector[1];
    }

    private static boolean hasChannels(String generation) {
        return number(generation) % 2 == 0;
    }

    static String category(String item) {
        return "c" + number(item) % CATEGORIES;
    }

    static int number(String name) {
        return Integer.parseInt(name.substring(1));
    }

    private static Features attributes(String item) {
        return Features.of(Map.of(
                "category", new FeatureValue.Category(category(item)),
                "price", new FeatureValue.Quantity(number(item)),
                "tags", new FeatureValue.Bag(List.of("t", category(item)))));
    }

    private static FakeEncoder encoder(String generation) {
        boolean hasChannels = hasChannels(generation);
        return new FakeEncoder(
                hasChannels ? Map.of("click", 1.0, "like", 0.0) : Map.of(),
                hasChannels ? List.of("category", "price", "tags") : List.of("category"),
                PriorWeights.NONE,
                (weights, out) -> {
                    double like = hasChannels ? weights.getOrDefault("like", 0.0) : 0;
                    if (weights.getOrDefault("click", 1.0) + like <= 0) { // as the true encoder does
                        throw new IllegalArgumentException("no channel has a weight above 0");
                    }
                    out[0] = 1;
                    out[1] = (float) like;
                });
    }
}
