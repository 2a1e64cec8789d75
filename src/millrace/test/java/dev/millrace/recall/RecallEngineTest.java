package dev.millrace.recall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.event.Features;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.Arrangement;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.ScoredItem;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.popularity.PriorWeights.Young;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecallEngineTest {

    private final Map<String, UserFeatures> users = new HashMap<>();
    private final RecallEngine engine = new RecallEngine(user -> Optional.ofNullable(users.get(user)));

    @Test
    void answersNothingBeforeAGenerationIsServed() {
        assertThat(engine.recall(request("u", 3))).isEqualTo(Answer.Refusal.NOT_READY);
        assertThat(engine.similar("a", 3)).isEqualTo(Answer.Refusal.NOT_READY);
    }

    @Test
    void givenWeightsLeaveOutWhatWasLearnedOfAge() {
        long hour = 3_600_000;
        ItemIndex index = new ItemIndex(2);
        index.upsert(
                new ItemEmbedding(
                        "a",
                        Optional.of(new float[] {1, 0}),
                        "g1",
                        9,
                        10 * hour,
                        0,
                        new PublishedPopularity(2, hour, false),
                        10 * hour - 19 * hour,
                        Features.NONE),
                1_000);
        engine.serve(new ServedGeneration("g1", index, FakeEncoder.of(1, new PriorWeights(0.5, -0.25, 0.75, 0))));

        Answer.Found learned = (Answer.Found) engine.recall(weighed(OptionalDouble.empty()));
        Answer.Found given = (Answer.Found) engine.recall(weighed(OptionalDouble.of(3)));

        // the fake's temperature is .5; the age of 19 hours is log 20
        double age = Math.log(20);
        assertThat(learned.items().get(0).score())
                .isCloseTo((float) (1 + 0.5 * (0.5 * 2 - 0.25 * age + 0.75 * 2)), within(1e-6f));
        assertThat(given.items().get(0).score()).isCloseTo(1 + 0.5f * 3 * 2, within(1e-6f));
    }

    @Test
    void neighboursWeighAsTheirClicksSoFarSay() {
        users.put("u", new UserFeatures("u", 1, Features.NONE, List.of("h")));
        ItemIndex index = new ItemIndex(2);
        Map.of("few", 4, "many", 40)
                .forEach((item, clicks) -> index.upsert(
                        new ItemEmbedding(
                                item,
                                Optional.of(new float[] {0, 1}),
                                "g1",
                                9,
                                0,
                                0,
                                new PublishedPopularity(
                                        List.of(0f, (float) Math.log1p(clicks)),
                                        List.of(3_600_000L, PublishedPopularity.ENDLESS),
                                        false)),
                        1_000));
        Young young = new Young(List.of(0.0, 0.0, 3.0, 0.0), List.of(0.0, 0.0, 0.25, 0.0));
        FakeEncoder encoder = FakeEncoder.of(1, new PriorWeights(0, 0, 0, 0.5).withYoung(young));
        encoder.neighbours("h", Optional.of(new NeighbourList(0, 7, List.of("few", "many"), new float[] {3, 3})));
        engine.serve(new ServedGeneration("g1", index, encoder));

        List<ScoredItem> found = found(2, false, OptionalDouble.empty());

        // the fake's temperature is .5, and n = log(1 + 3 / (7 + 3) / .01); of 3 to 9 clicks ν is .75, and b is 3
        assertThat(found).extracting(ScoredItem::item).containsExactly("few", "many");
        assertThat(found.get(0).score()).isCloseTo((float) (0.5 * (3 + 0.75 * Math.log(31))), within(1e-5f));
        assertThat(found.get(1).score()).isCloseTo((float) (0.5 * 0.5 * Math.log(31)), within(1e-5f));
    }

    /** As scoring each item alone and sorting has it. */
    @Test
    void repeatsAreAddedToWhatTheUserHad() {
        SplittableRandom random = new SplittableRandom(3);
        Map<String, float[]> vectors = new HashMap<>();
        IntStream.range(0, 500)
                .forEach(item -> vectors.put(
                        "i" + item, new float[] {(float) random.nextDouble(), (float) random.nextDouble()}));
        List<String> history =
                IntStream.range(0, 25).mapToObj(had -> "i" + 20 * had).toList();
        users.put("u", new UserFeatures("u", 1, Features.NONE, history));
        PriorWeights learned = PriorWeights.NONE.withRepeats(IntStream.range(0, PriorWeights.REPEATS)
                .mapToObj(place -> 1.5 - 0.3 * place)
                .toList());
        ItemIndex index = new ItemIndex(2);
        vectors.forEach((item, vector) -> index.upsert(embedding(item, "g1", vector), 1_000));
        engine.serve(new ServedGeneration("g1", index, FakeEncoder.of(1, learned)));

        // the fake's vector is (1, 0), and its temperature .5
        List<ScoredItem> expected = vectors.entrySet().stream()
                .map(item -> new ScoredItem(
                        item.getKey(),
                        item.getValue()[0]
                                + (history.contains(item.getKey())
                                        ? (float) (0.5 * learned.repeat(history.indexOf(item.getKey())))
                                        : 0)))
                .sorted(ScoredItem.BEST_FIRST)
                .toList();
        for (int k : List.of(1, 3, 10, 100)) {
            assertThat(found(k, false, OptionalDouble.empty())).isEqualTo(expected.subList(0, k));
        }
        assertThat(found(3, false, OptionalDouble.empty()))
                .extracting(ScoredItem::item)
                .containsAnyElementsOf(history);
        assertThat(found(100, true, OptionalDouble.empty()))
                .isEqualTo(expected.stream()
                        .filter(item -> !history.contains(item.item()))
                        .limit(100)
                        .toList());
        assertThat(found(1, false, OptionalDouble.of(0)).get(0).score()).isLessThan(1); // the cosine alone
    }

    /** @param weight of popularity and neighbours */
    private List<ScoredItem> found(int k, boolean isSeenExcluded, OptionalDouble weight) {
        RecallRequest request = new RecallRequest(
                "u",
                k,
                isSeenExcluded,
                Set.of(),
                ItemFilter.NONE,
                Features.NONE,
                new RecallRequest.Weights(new GivenWeights(weight, weight), Map.of()),
                Optional.empty(),
                Optional.empty(),
                0,
                Arrangement.NONE);
        return ((Answer.Found) engine.recall(request)).items();
    }

    @Test
    void aRequestMayNameAGenerationThatIsKeptComplete() {
        ServedGeneration first = generation("g1", Map.of("a", new float[] {1, 0}));
        ServedGeneration second = generation("g2", Map.of("b", new float[] {0.5f, 1}));
        engine.serve(first);
        engine.keep(List.of(first, second));

        Answer.Found found = (Answer.Found) engine.recall(named("g2"));

        assertThat(found.generation()).isEqualTo("g2");
        assertThat(found.items()).containsExactly(new ScoredItem("b", 0.5f));
        assertThat(engine.similar("x", 1)).isEqualTo(Answer.Refusal.UNKNOWN_ITEM);
        assertThat(engine.recall(named("g3"))).isEqualTo(Answer.Refusal.UNKNOWN_GENERATION);
    }

    @Test
    void usersGetTheGenerationOfTheirArm() {
        ServedGeneration first = generation("g1", Map.of("a", new float[] {1, 0}));
        ServedGeneration second = generation("g2", Map.of("b", new float[] {0.5f, 1}));
        engine.serve(first);
        engine.keep(List.of(first, second));
        Experiment experiment = Experiment.started(
                "trial",
                "g1",
                "g2",
                "salt",
                new Experiment.Plan("click", 0.02, 0.05, List.of(50.0), Duration.ofHours(1), Duration.ofMinutes(9)),
                1);
        engine.follow(Optional.of(experiment));

        for (int user = 0; user < 20; user++) {
            Arm arm = experiment.arm("u" + user);
            Answer.Found found = (Answer.Found) engine.recall(request("u" + user, 1));
            assertThat(found.generation()).isEqualTo(arm == Arm.CONTROL ? "g1" : "g2");
            assertThat(found.assigned()).contains(new Answer.Assigned("trial", arm));
        }
        assertThat(((Answer.Found) engine.recall(named("g2"))).assigned()).isEmpty(); // the request chose

        engine.keep(List.of(first)); // the treatment is not complete here
        String treated = "u"
                + IntStream.range(0, 20)
                        .filter(user -> experiment.arm("u" + user) == Arm.TREATMENT)
                        .findFirst()
                        .orElseThrow();
        Answer.Found instead = (Answer.Found) engine.recall(request(treated, 1));
        assertThat(instead.generation()).isEqualTo("g1");
        assertThat(instead.assigned()).contains(new Answer.Assigned("trial", Arm.TREATMENT));

        engine.follow(Optional.empty());
        assertThat(((Answer.Found) engine.recall(request(treated, 1))).assigned())
                .isEmpty();
    }

    /*
     * The encoder of generation n gives (n, 0), its index holds (n, 0): a score within one generation is n * n. Any mixture
     * of two gives the product of two different numbers. Which can be named changes too, and g21 is one of them at times.
     */
    @Test
    void noAnswerMixesGenerationsWhileTheyAreSwapped() throws Exception {
        List<ServedGeneration> generations = new ArrayList<>();
        for (int number = 1; number <= 50; number++) {
            ItemIndex index = new ItemIndex(2);
            index.upsert(embedding("a", "g" + number, new float[] {number, 0}), 1);
            generations.add(new ServedGeneration("g" + number, index, FakeEncoder.of(number, PriorWeights.NONE)));
        }
        engine.serve(generations.get(0));
        AtomicBoolean isSwapping = new AtomicBoolean(true);
        ExecutorService readers = Executors.newFixedThreadPool(2);
        try {
            List<Future<Integer>> answers =
                    List.of(readers.submit(() -> askWhile(isSwapping)), readers.submit(() -> askWhile(isSwapping)));

            for (int swap = 0; swap < 200_000; swap++) {
                engine.serve(generations.get(swap % generations.size()));
                engine.keep(generations.subList(swap % 20, swap % generations.size() / 2 + 20));
            }
            isSwapping.set(false);

            for (Future<Integer> answer : answers) {
                assertThat(answer.get()).isPositive();
            }
        } finally {
            isSwapping.set(false);
            readers.shutdownNow();
        }
    }

    private int askWhile(AtomicBoolean isSwapping) {
        int asked = 0;
        do {
            Answer.Found found = (Answer.Found) engine.recall(request("u", 1));
            int number = Integer.parseInt(found.generation().substring(1));
            assertThat(found.items()).containsExactly(new ScoredItem("a", (float) number * number));
            if (engine.recall(request("u", 1).of("g21")) instanceof Answer.Found named) {
                assertThat(named.items()).containsExactly(new ScoredItem("a", 21f * 21));
            }
            asked++;
        } while (isSwapping.get());
        return asked;
    }

    private static RecallRequest request(String user, int k) {
        return new RecallRequest(user, k, true, Features.NONE);
    }

    private static RecallRequest weighed(OptionalDouble popularity) {
        return new RecallRequest(
                "u",
                1,
                true,
                Set.of(),
                ItemFilter.NONE,
                Features.NONE,
                new RecallRequest.Weights(new GivenWeights(popularity, OptionalDouble.empty()), Map.of()),
                Optional.empty(),
                Optional.empty(),
                0,
                Arrangement.NONE);
    }

    private static RecallRequest named(String generation) {
        return request("u", 5).of(generation);
    }

    private static ServedGeneration generation(String name, Map<String, float[]> vectors) {
        ItemIndex index = new ItemIndex(2);
        vectors.forEach((item, vector) -> index.upsert(embedding(item, name, vector), 1_000));
        return new ServedGeneration(name, index, FakeEncoder.of(1, PriorWeights.NONE));
    }

    private static ItemEmbedding embedding(String item, String generation, float[] vector) {
        return new ItemEmbedding(item, Optional.of(vector), generation, 9, 0, 0);
    }
}
