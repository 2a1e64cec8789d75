package dev.millrace.serve;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.EncoderFeed;
import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.ServedState;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.recall.UserEncoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Generations that come, change, answer and go without pause, and what is in each of them at any moment.
 *
 * <p>One thread changes them. What a vector is follows from generation, item and step, so an answer tells which vectors are behind it. All
 * are exact in floats, and so are their products with the query (1, weight of the channel like). Generations of even numbers have two
 * channels and three attributes, those of odd numbers one channel and one attribute.
 */
final class ChangingGenerations implements EncoderFeed {

    static final int ITEMS = 60;
    private static final int FIRST_ITEMS = 40;
    private static final int CATEGORIES = 5;
    private static final byte[] ENTRY = {1};

    private final Random random;
    private final Map<String, Boolean> ready = new ConcurrentHashMap<>();
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
    record Contents(Map<String, Long> steps, long newest, boolean isChanging) {

        Contents changing() {
            return new Contents(steps, newest, true);
        }

        Contents with(String item, long step) {
            Map<String, Long> next = new HashMap<>(steps);
            next.put(item, step);
            return new Contents(Map.copyOf(next), step, false);
        }

        Contents without(String item) {
            Map<String, Long> next = new HashMap<>(steps);
            next.remove(item);
            return new Contents(Map.copyOf(next), newest, false);
        }
    }

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

    int promotions() {
        return promoted;
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
                promoteThenMark(state, next);
            }
        } else if (what < 8) {
            promote(state, living.get(random.nextInt(living.size())));
        } else if (what < 11) {
            retire(state);
        } else if (what < 20) {
            describe(state, living.get(random.nextInt(living.size())));
        } else if (what < 40) {
            changeUser(state);
        } else {
            if (random.nextInt(200) == 0 || !living.contains(changed)) { // the others stay as they are for a while
                changed = living.get(random.nextInt(living.size()));
            }
            changeItem(state, changed);
        }
    }

    private String start(ServedState state) {
        String generation = "g" + started++;
        describe(state, generation);
        contents.put(generation, new Contents(Map.of(), 0, false));
        living.add(generation);
        for (int item = 0; item < FIRST_ITEMS; item++) {
            put(state, generation, "i" + item);
        }
        state.modelUpdate(generation, ENTRY, Optional.of(ENTRY));
        state.endOfModelUpdates(generation);
        return generation;
    }

    private void describe(ServedState state, String generation) {
        state.generation(new GenerationFact(generation, Kind.STARTED, RecallScene.NOW, 1, ITEMS, "test"));
    }

    private void mark(ServedState state, String generation) {
        state.embedding(new ItemEmbedding("", Optional.of(new float[0]), generation, 1, 1, 0), RecallScene.NOW, 0);
    }

    private void promote(ServedState state, String generation) {
        promotions.add(generation);
        fact(state, generation, Kind.PROMOTED);
        afterPromotion();
    }

    private void promoteThenMark(ServedState state, String generation) {
        fact(state, generation, Kind.PROMOTED);
        promotions.add(generation);
        mark(state, generation);
        afterPromotion();
    }

    private void afterPromotion() {
        promoted = promotions.size();
        living.removeIf(each -> !ready.containsKey(each));
        contents.keySet().retainAll(living);
    }

    /** Retires one that does not answer. */
    private void retire(ServedState state) {
        String answering = promotions.get(promotions.size() - 1);
        List<String> others =
                living.stream().filter(each -> !each.equals(answering)).toList();
        if (!others.isEmpty()) {
            String retired = others.get(random.nextInt(others.size()));
            living.remove(retired);
            contents.remove(retired);
            fact(state, retired, Kind.RETIRED);
        }
    }

    private void fact(ServedState state, String generation, Kind kind) {
        state.generation(new GenerationFact(generation, kind, RecallScene.NOW, 1, ITEMS, "test"));
    }

    private void changeUser(ServedState state) {
        String user = "u" + random.nextInt(4);
        if (random.nextInt(3) == 0) {
            state.userRemoved(user);
        } else {
            state.userFeatures(
                    new UserFeatures(user, 1, Features.NONE, List.of("i" + random.nextInt(ITEMS), "i1", "gone")));
        }
    }

    private void changeItem(ServedState state, String generation) {
        String item = "i" + random.nextInt(ITEMS);
        if (random.nextInt(4) == 0) {
            Contents before = Objects.requireNonNull(contents.get(generation));
            contents.put(generation, before.changing());
            state.embedding(
                    new ItemEmbedding(item, Optional.empty(), generation, before.newest(), 1, 0), RecallScene.NOW, 0);
            contents.put(generation, before.without(item));
        } else {
            put(state, generation, item);
        }
    }

    private void put(ServedState state, String generation, String item) {
        Contents before = Objects.requireNonNull(contents.get(generation));
        long step = before.newest() + 1;
        contents.put(generation, before.changing());
        state.embedding(
                new ItemEmbedding(
                        item,
                        Optional.of(vector(generation, item, step)),
                        generation,
                        step,
                        1,
                        RecallScene.NOW,
                        PublishedPopularity.NONE,
                        0,
                        attributes(item)),
                RecallScene.NOW,
                0);
        contents.put(generation, before.with(item, step));
    }

    /** [2 or 3] A vector of multiples of 2^-20 in (-1, 1); its second component is a multiple of 2^-10. */
    static float[] vector(String generation, String item, long step) {
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

    static boolean hasChannels(String generation) {
        return Integer.parseInt(generation.substring(1)) % 2 == 0;
    }

    static String category(String item) {
        return "c" + number(item) % CATEGORIES;
    }

    static int number(String item) {
        return Integer.parseInt(item.substring(1));
    }

    private static Features attributes(String item) {
        return Features.of(Map.of(
                "category", new FeatureValue.Category(category(item)),
                "price", new FeatureValue.Quantity(number(item)),
                "tags", new FeatureValue.Bag(List.of("t", category(item)))));
    }

    @Override
    public void describe(String generation, SortedMap<String, String> settings) {}

    @Override
    public void update(String generation, byte[] key, byte[] value) {
        ready.put(generation, false);
    }

    @Override
    public void remove(String generation, byte[] key) {}

    @Override
    public void drop(String generation) {
        ready.remove(generation);
    }

    @Override
    public void refresh(String generation) {
        ready.replace(generation, true);
    }

    @Override
    public void neighbours(String generation, String item, Optional<NeighbourList> list) {}

    @Override
    public void refreshAll() {
        ready.replaceAll((generation, before) -> true);
    }

    @Override
    public UserEncoder of(String generation) {
        return new UserEncoder() {
            @Override
            public boolean isReady() {
                return ready.getOrDefault(generation, false);
            }

            @Override
            public SortedMap<String, Double> queryWeights() {
                return hasChannels(generation) ? new TreeMap<>(Map.of("click", 1.0, "like", 0.0)) : new TreeMap<>();
            }

            @Override
            public List<String> attributes() {
                return hasChannels(generation) ? List.of("category", "price", "tags") : List.of("category");
            }

            @Override
            public double temperature() {
                return 0.5;
            }

            @Override
            public PriorWeights prior() {
                return PriorWeights.NONE;
            }

            @Override
            public boolean encode(UserFeatures user, Features context, Map<String, Double> weights, float[] out) {
                double like = hasChannels(generation) ? weights.getOrDefault("like", 0.0) : 0;
                if (weights.getOrDefault("click", 1.0) + like <= 0) {
                    throw new IllegalArgumentException("no channel has a weight above 0"); // as the true encoder does
                }
                out[0] = 1;
                out[1] = (float) like;
                return isReady();
            }
        };
    }
}
