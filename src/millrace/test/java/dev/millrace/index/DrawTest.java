package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.index.Draw.Candidate;
import dev.millrace.index.Draw.Newcomer;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DrawTest {

    private static final String MAKER = "maker";
    private static final String SEED = "000102030405060708090a0b0c0d0e0f";
    private static final double TEMPERATURE = 0.2;
    private static final List<Candidate> CANDIDATES = List.of(
            candidate("a", 0.9f, "m1"),
            candidate("b", 0.8f, "m1"),
            candidate("c", 0.7f, "m2"),
            candidate("d", 0.4f, "m2"),
            candidate("e", 0.3f));
    /** d is among the best, too. */
    private static final List<Newcomer> NEWCOMERS = List.of(
            new Newcomer(candidate("f", 0.5f, "m1"), 2),
            new Newcomer(CANDIDATES.get(3), 0),
            new Newcomer(candidate("g", 0.2f), 9));

    /** What holds in a draw. */
    private enum Rules {
        NONE,
        QUOTA,
        QUOTA_AND_PIN,
        SLOTS,
        SLOTS_QUOTA_AND_PIN;

        private Map<String, Integer> atMost() {
            return this == NONE || this == SLOTS ? Map.of() : Map.of(MAKER, 1);
        }

        private Map<String, Integer> pins() {
            return this == QUOTA_AND_PIN || this == SLOTS_QUOTA_AND_PIN ? Map.of("d", 2) : Map.of();
        }

        private int places() {
            return slots() == 0 ? 3 : 4;
        }

        private int slots() {
            return this == SLOTS || this == SLOTS_QUOTA_AND_PIN ? 2 : 0;
        }

        /** Of the places beside pinned items: of four, the last ones of two halves; of three, those of one and two. */
        private boolean isSlot(int place) {
            return this == SLOTS ? place == 2 || place == 4 : this == SLOTS_QUOTA_AND_PIN && place > 1;
        }

        private List<Newcomer> newcomers() {
            return NEWCOMERS.stream()
                    .filter(each ->
                            slots() > 0 && !pins().containsKey(each.candidate().item()))
                    .toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void frequenciesMeetPropensities(Rules rules) {
        assertFrequencies(rules, 40_000);
    }

    @ParameterizedTest
    @EnumSource
    @Tag("long")
    void frequenciesOfAMillionMeetPropensities(Rules rules) {
        assertFrequencies(rules, 1_000_000);
    }

    /** An answer that both temperatures give has the propensities of either. */
    @ParameterizedTest
    @EnumSource
    void propensitiesAtAnotherTemperatureAreItsOwn(Rules rules) {
        Map<List<ScoredItem>, List<Double>> warmer = new HashMap<>();
        Map<List<ScoredItem>, Draw> drawn = new HashMap<>();
        for (int seed = 1; seed <= 2_000; seed++) {
            Draw other = drawn(rules, 3 * TEMPERATURE, "%032x".formatted(seed));
            warmer.put(other.items(), other.propensities());
            Draw draw = drawn(rules, TEMPERATURE, "%032x".formatted(seed));
            drawn.put(draw.items(), draw);
        }
        drawn.keySet().retainAll(warmer.keySet());

        assertThat(drawn).hasSizeGreaterThan(3);
        drawn.forEach((items, draw) -> {
            Draw at = draw.at(3 * TEMPERATURE, arrangement(rules, TEMPERATURE, SEED), rules.places());
            assertThat(at.items()).isEqualTo(items);
            List<Double> expected = Objects.requireNonNull(warmer.get(items));
            for (int place = 0; place < items.size(); place++) {
                assertThat(at.propensities().get(place)).isCloseTo(expected.get(place), within(1e-12));
            }
        });
    }

    /** Of all answers that there can be, the probabilities are said anew from the definition. */
    private static void assertFrequencies(Rules rules, int draws) {
        Map<List<String>, Double> expected = new HashMap<>();
        expect(rules, new ArrayList<>(), 1, expected);
        Map<List<String>, Integer> counts = new HashMap<>();
        Random random = new Random(7);
        byte[] seed = new byte[Exploration.SEED_BYTES];
        for (int at = 0; at < draws; at++) {
            random.nextBytes(seed);

            Draw draw = drawn(rules, TEMPERATURE, HexFormat.of().formatHex(seed));

            List<String> items = draw.items().stream().map(ScoredItem::item).toList();
            double propensity = draw.propensities().stream().reduce(1.0, (one, other) -> one * other);
            assertThat(propensity).isCloseTo(expected.get(items), within(1e-12));
            counts.merge(items, 1, Integer::sum);
        }

        double chiSquare = 0;
        for (Map.Entry<List<String>, Double> each : expected.entrySet()) {
            double wanted = each.getValue() * draws;
            chiSquare += Math.pow(counts.getOrDefault(each.getKey(), 0) - wanted, 2) / wanted;
        }
        // Wilson and Hilferty 1931: with so many degrees of freedom, above that once in a million
        double freedom = expected.size() - 1.0;
        double most = freedom * Math.pow(1 - 2 / (9 * freedom) + 4.75 * Math.sqrt(2 / (9 * freedom)), 3);
        assertThat(expected.values().stream().mapToDouble(each -> each).sum()).isCloseTo(1, within(1e-12));
        assertThat(chiSquare).isLessThan(most);
    }

    private static void expect(
            Rules rules, List<String> above, double probability, Map<List<String>, Double> expected) {
        List<String> answer = new ArrayList<>(above);
        rules.pins().forEach((item, place) -> answer.add(Math.min(place - 1, answer.size()), item));
        Map<String, Double> odds = new HashMap<>();
        if (rules.isSlot(above.size() + 1)) {
            rules.newcomers().stream()
                    .filter(each -> isAllowed(rules, answer, each.candidate()))
                    .forEach(each -> odds.put(
                            each.candidate().item(),
                            odds(each.candidate()) * Math.exp(1 / Math.sqrt(each.clicks() + 1.0))));
        }
        if (odds.isEmpty()) {
            CANDIDATES.stream()
                    .filter(each -> isAllowed(rules, answer, each))
                    .forEach(each -> odds.put(each.item(), odds(each)));
        }
        if (answer.size() == rules.places() || odds.isEmpty()) {
            expected.put(answer, probability);
            return;
        }
        double sum = odds.values().stream().mapToDouble(each -> each).sum();
        odds.forEach((item, odd) -> {
            List<String> next = new ArrayList<>(above);
            next.add(item);
            expect(rules, next, probability * odd / sum, expected);
        });
    }

    private static double odds(Candidate candidate) {
        return Math.exp(candidate.score() / TEMPERATURE);
    }

    private static boolean isAllowed(Rules rules, List<String> answer, Candidate one) {
        return !answer.contains(one.item())
                && (rules.atMost().isEmpty()
                        || one.values().isEmpty()
                        || Stream.concat(CANDIDATES.stream(), NEWCOMERS.stream().map(Newcomer::candidate))
                                .filter(other -> answer.contains(other.item()))
                                .noneMatch(other -> other.values().equals(one.values())));
    }

    /**
     * As anybody can say it again, from the record of an answer: {@code import hmac, math; h = lambda item: hmac.new(bytes(range(16)), item, 'sha256').digest(); h(b'').hex()[:32];
     * sorted('abcde', key=lambda i: math.log(-math.log(((int.from_bytes(h(i.encode())[:8], 'big') >> 12) + .5) / 2 ** 52)) - score[i] / .2)}; for slots {@code [8:16]}, and
     * {@code - 1 / (clicks[i] + 1) ** .5} beside.
     */
    @Test
    void drawFollowsFromSeedAndIds() {
        Draw draw = drawn(Rules.NONE, TEMPERATURE, SEED);

        assertThat(draw.answerId()).isEqualTo("07eff8b326b7798c9ccfcbdbe579489a");
        assertThat(draw.items()).extracting(ScoredItem::item).containsExactly("b", "c", "a");
        assertThat(drawn(Rules.NONE, TEMPERATURE, SEED)).isEqualTo(draw);
        // newcomers in the order f d g
        assertThat(drawn(Rules.SLOTS, TEMPERATURE, SEED).items())
                .extracting(ScoredItem::item)
                .containsExactly("b", "f", "c", "d");
    }

    @Test
    void slotsAreTheLastPlacesOfEqualParts() {
        assertThat(slots(10, 2)).containsExactly(5, 10);
        assertThat(slots(10, 3)).containsExactly(4, 7, 10);
        assertThat(slots(3, 3)).containsExactly(1, 2, 3);
        assertThat(slots(2, 5)).containsExactly(1, 2); // pins may leave fewer places than there are slots
        assertThat(slots(200, 0)).isEmpty();
    }

    private static List<Integer> slots(int places, int slots) {
        Exploration exploration = new Exploration(1, 100, slots, SEED);
        return IntStream.rangeClosed(1, places)
                .filter(place -> exploration.isSlot(place, places))
                .boxed()
                .toList();
    }

    /** In three chunks, and with so few newcomers that they are looked for first, or so many that they are not. */
    @ParameterizedTest
    @ValueSource(ints = {600, 20})
    void newcomersAreTheBestWithFewerThanTenClicks(int clicksUpTo) {
        ItemIndex index = new ItemIndex(2);
        SplittableRandom random = new SplittableRandom(3);
        List<Newcomer> expected = new ArrayList<>();
        for (int item = 0; item < 2 * IndexChunk.ROWS + 100; item++) {
            int clicks = random.nextInt(clicksUpTo);
            float score = random.nextInt(1 << 20) / (float) (1 << 20);
            PublishedPopularity popularity = new PublishedPopularity(
                    List.of((float) Math.log1p(clicks)), List.of(PublishedPopularity.ENDLESS), false);
            Features old = Features.of(Map.of("old", new FeatureValue.Quantity(item % 2)));
            index.upsert(
                    new ItemEmbedding(
                            "i" + item, Optional.of(new float[] {score, 0}), "g", 1, 0, 0, popularity, 0, old),
                    1);
            if (clicks < 10 && item % 2 == 1) {
                expected.add(new Newcomer(new Candidate("i" + item, score, new TreeMap<>()), clicks));
            }
        }
        expected.sort(Comparator.comparing(each -> -each.candidate().score()));
        Newcomer pinned = expected.remove(0);
        Search search = new Search(
                new float[] {1, 0},
                4,
                expected.remove(1).candidate().item()::equals,
                new ItemFilter(List.of(new ItemFilter.Between("old", 1, 1))),
                PriorWeights.NONE,
                Map.of(),
                new Arrangement(
                        List.of(),
                        Map.of(),
                        OptionalDouble.empty(),
                        Map.of(pinned.candidate().item(), 1),
                        Optional.of(new Exploration(0.01, 4, 1, SEED))));

        Draw draw = index.draw(search);

        assertThat(draw.newcomers()).isEqualTo(expected.subList(0, 4));
        assertThat(draw.items().get(3).item())
                .isIn(expected.stream()
                        .limit(4)
                        .map(each -> each.candidate().item())
                        .toList());
    }

    @Test
    void withoutNewcomersSlotsAreDrawnAsOtherPlaces() {
        Draw plain = Draw.of(arrangement(Rules.NONE, TEMPERATURE, SEED), 4, CANDIDATES, List.of());

        assertThat(Draw.of(arrangement(Rules.SLOTS, TEMPERATURE, SEED), 4, CANDIDATES, List.of()))
                .isEqualTo(plain);
    }

    @Test
    void coldDrawIsInTheOrderOfTheScores() {
        assertThat(drawn(Rules.QUOTA, Exploration.COLDEST, SEED).items())
                .extracting(ScoredItem::item)
                .containsExactly("a", "c", "e");
    }

    @Test
    void drawIsFromTheBestThatPassAndPinnedOnesStand() {
        ItemIndex index = new ItemIndex(2);
        for (int item = 0; item < 300; item++) { // scores fall from 1
            Features maker = Features.of(Map.of(
                    MAKER, new FeatureValue.Category("m" + item % 3), "old", new FeatureValue.Quantity(item % 2)));
            float[] vector = {1 - item / 512f, 0};
            index.upsert(
                    new ItemEmbedding(
                            "i" + item, Optional.of(vector), "g", 1, 0, 0, PublishedPopularity.NONE, 0, maker),
                    1);
        }
        Arrangement arrangement = new Arrangement(
                List.of(new Arrangement.Boost(MAKER, "m2", 1)),
                Map.of(MAKER, 2),
                OptionalDouble.empty(),
                Map.of("i299", 2, "i298", 1), // which the filter leaves out
                Optional.of(new Exploration(10, 20, 0, SEED)));
        Search search = new Search(
                new float[] {1, 0},
                12,
                "i5"::equals,
                new ItemFilter(List.of(new ItemFilter.Between("old", 1, 1))),
                PriorWeights.NONE,
                Map.of("i150", 0.25f),
                arrangement);

        Draw draw = index.draw(search);

        // pinned, then of those with odd numbers the first twenty of m2, which the boost puts before all others
        List<String> wanted = new ArrayList<>(List.of("i299"));
        for (int item = 11; wanted.size() < 21; item += 6) {
            wanted.add("i" + item);
        }
        assertThat(draw.candidates()).extracting(Candidate::item).containsExactlyElementsOf(wanted);
        assertThat(draw.candidates().get(1))
                .isEqualTo(new Candidate("i11", 2 - 11 / 512f, new TreeMap<>(Map.of(MAKER, List.of("m2")))));
        // 299 is of m2, too, so there is room for one more
        assertThat(draw.items()).hasSize(2).extracting(ScoredItem::item).contains("i299");
        assertThat(draw.items().get(1).item()).isEqualTo("i299");
        assertThat(draw.propensities().get(1)).isEqualTo(1);
        assertThat(draw.propensities().get(0)).isBetween(0.04, 0.06); // of twenty that are nearly alike
        assertThat(index.search(search)).isEqualTo(draw.items());
        assertThat(index.placed(search, draw.items()))
                .containsExactly(new Placed(0, Map.of(MAKER, 2), 0), new Placed(2, Map.of(MAKER, 1), 0));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.0009, 100.1, -1, Double.NaN})
    void temperatureOutOfRangeIsRefused(double temperature) {
        assertThatThrownBy(() -> new Exploration(temperature, 100, 0, SEED)).hasMessageContaining("explore = ");
    }

    @Test
    void unusableExplorationsAreRefused() {
        Exploration good = new Exploration(1, 100, 0, SEED);

        assertThatThrownBy(() -> new Exploration(1, 0, 0, SEED)).hasMessageContaining("best = 0");
        assertThatThrownBy(() -> new Exploration(1, 201, 0, SEED)).hasMessageContaining("best = 201");
        assertThatThrownBy(() -> new Exploration(1, 100, -1, SEED)).hasMessageContaining("slots = -1");
        assertThatThrownBy(() -> new Exploration(1, 100, 201, SEED)).hasMessageContaining("slots = 201");
        assertThatThrownBy(() -> new Exploration(1, 100, 0, "00")).hasMessageContaining("must have 32");
        assertThatThrownBy(
                        () -> new Arrangement(List.of(), Map.of(), OptionalDouble.of(0.5), Map.of(), Optional.of(good)))
                .hasMessageContaining("diversity");
    }

    private static Draw drawn(Rules rules, double temperature, String seed) {
        return Draw.of(arrangement(rules, temperature, seed), rules.places(), CANDIDATES, rules.newcomers());
    }

    private static Arrangement arrangement(Rules rules, double temperature, String seed) {
        return new Arrangement(
                List.of(),
                rules.atMost(),
                OptionalDouble.empty(),
                rules.pins(),
                Optional.of(new Exploration(temperature, CANDIDATES.size(), rules.slots(), seed)));
    }

    private static Candidate candidate(String item, float score, String... makers) {
        return new Candidate(
                item, score, new TreeMap<>(makers.length == 0 ? Map.of() : Map.of(MAKER, List.of(makers))));
    }
}
