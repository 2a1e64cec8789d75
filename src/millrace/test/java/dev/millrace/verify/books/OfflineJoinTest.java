package dev.millrace.verify.books;

import static dev.millrace.verify.books.JoinedPartition.click;
import static dev.millrace.verify.books.JoinedPartition.exposure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Click;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class OfflineJoinTest {

    private static final long T0 = 1_767_225_600_000L;
    private static final long MINUTE = 60_000;

    /** What is done to the topics, and what the audit says of it. */
    static Stream<Arguments> damages() {
        return Stream.of(
                damage(
                        partition -> partition.examples.clear(),
                        "click c1 (clicks-0 offset 0) must have been attributed, and has no example"),
                damage(
                        partition -> partition.examples.add(partition.examples.get(0)),
                        "has two examples: training-examples-0 offset 0 and training-examples-0 offset 1"),
                damage(
                        partition -> partition.exposures.set(0, exposure("e1", "ann", "book", T0 + 1)),
                        "there is none that it may answer"));
    }

    private static Arguments damage(Consumer<JoinedPartition> done, String said) {
        return Arguments.of(done, said);
    }

    @ParameterizedTest
    @MethodSource("damages")
    void clickWithinTheWindowMustHaveItsOneExample(Consumer<JoinedPartition> damage, String said) {
        JoinedPartition partition = new JoinedPartition("attribution.window=30m");
        partition.read(exposure("e1", "ann", "book", T0));
        partition.read(click("c1", "ann", "book", "", "click", T0 + MINUTE));
        assertThat(partition.faults()).isEmpty();

        damage.accept(partition);

        assertThat(partition.faults()).singleElement().asString().contains(said);
    }

    @Test
    void repeatedClicksCountLessAndTheAuditAgrees() {
        JoinedPartition partition = repeatedClicks();

        // 1, 1, 2/3, 2/9, 2/27 twice, and a moment's decay; the next would count 0.037
        assertThat(partition.examples).hasSize(10);
        assertThat(partition.examples.get(9).weight()).isCloseTo(2 / 27., within(.01));
        assertThat(partition.outcomes("clicks")).containsEntry("capped", 10L);
        assertThat(partition.isExplained(true)).isTrue();
    }

    @Test
    void repeatedClickThatCountsWholeIsOfNoClick() {
        JoinedPartition partition = repeatedClicks();

        partition.examples.set(9, ofAnotherWeight(partition.examples.get(9), 13.5));

        assertThat(partition.audit(true).explained().cardinality()).isEqualTo(9);
        assertThat(partition.isExplained(true)).isFalse();
    }

    /** Ten clicks of one user on one item, her removal, and ten more. */
    private static JoinedPartition repeatedClicks() {
        JoinedPartition partition = new JoinedPartition("attribution.mode=clicks-only");
        for (int at = 0; at < 20; at++) {
            if (at == 10) {
                partition.forget("ann");
            }
            partition.read(click("c" + at, "ann", "book", "", "click", T0 + at * MINUTE));
        }
        return partition;
    }

    @Test
    void outcomesThatDependOnNoOrderAreCertain() {
        JoinedPartition partition = new JoinedPartition("attribution.window=30m", "attribution.click-wait=5m");
        partition.read(exposure("e1", "ann", "book", T0));
        partition.read(exposure("e1", "ann", "book", T0));
        partition.read(click("c1", "ann", "book", "e1", "click", T0 + MINUTE));
        partition.read(click("c1", "ann", "book", "e1", "click", T0 + MINUTE));
        partition.read(click("c2", "ann", "book", "e1", "click", T0 + 2 * MINUTE));
        partition.read(click("c3", "ann", "book", "e1", "hover", T0 + 2 * MINUTE));
        partition.read(click("c4", "bob", "pen", "", "click", T0 + 3 * MINUTE));
        partition.read(click("c5", "ann", "book", "e1", "click", T0 + 31 * MINUTE));
        goOn(partition, "click");

        OfflineJoin.Verdicts verdicts = partition.audit(false);

        assertThat(verdicts.faults()).isEmpty();
        assertThat(verdicts.clicks().undecided()).isZero();
        assertThat(verdicts.clicks().fits(partition.outcomes("clicks"))).isTrue();
        assertThat(verdicts.clicks().certain("attributed")).isEqualTo(4);
        assertThat(verdicts.clicks().certain("duplicate")).isEqualTo(1);
        assertThat(verdicts.clicks().certain("repeated-action")).isEqualTo(1);
        assertThat(verdicts.clicks().certain("untrained-action")).isEqualTo(1);
        assertThat(verdicts.clicks().certain("orphan")).isEqualTo(1);
        assertThat(verdicts.clicks().certain("late")).isEqualTo(1);
        assertThat(verdicts.exposures().certain("clicked")).isEqualTo(1);
        assertThat(verdicts.exposures().certain("duplicate")).isEqualTo(1);
        assertThat(verdicts.exposures().certain("waiting")).isEqualTo(3);
    }

    @Test
    void aSampledUnclickedExposureMustHaveItsExample() {
        JoinedPartition partition = unclicked();
        assertThat(partition.examples).singleElement().matches(example -> !example.isPositive());
        assertThat(partition.faults()).isEmpty();

        partition.examples.clear();

        assertThat(partition.faults())
                .singleElement()
                .asString()
                .contains("exposure at exposures-0 offset 0 ended without a click, is sampled, and has no example");
    }

    @Test
    void exampleOfNoClickOnAnExposureThatWasClickedIsAFault() {
        JoinedPartition partition = unclicked();

        partition.clicks.set(0, click("c1", "ann", "book", "e1", "click", T0 + MINUTE));
        partition.examples.add(new TrainingExample(
                "c1", partition.examples.get(0).user(), Features.NONE, "book", "click", 1, T0 + MINUTE, T0 + MINUTE));

        assertThat(partition.faults()).anyMatch(fault -> fault.contains("was not clicked, and it was"));
    }

    @Test
    void secondExampleOfAnExposureIsNotExplained() {
        JoinedPartition partition = unclicked();

        partition.examples.add(partition.examples.get(0));

        assertThat(partition.audit(true).explained().cardinality()).isEqualTo(1);
    }

    /** One exposure whose window ended. */
    private static JoinedPartition unclicked() {
        JoinedPartition partition = new JoinedPartition("negatives.exposed=1", "negatives.exposed.sample=1");
        partition.read(exposure("e1", "ann", "book", T0));
        partition.read(click("c0", "bob", "book", "", "hover", T0 + MINUTE));
        goOn(partition, "hover");
        return partition;
    }

    /** Both topics go on, by most of the users, and so end what waits. */
    private static void goOn(JoinedPartition partition, String action) {
        for (String user : List.of("eve", "fay", "gus")) {
            partition.read(exposure("e2", user, "cup", T0 + 90 * MINUTE));
            partition.read(click("c6", user, "cup", "e2", action, T0 + 90 * MINUTE));
        }
    }

    /** Any events in any order of reading: the join never contradicts the attribution, and notices every example that is lost. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "exposures drop 1d",
                "exposures positive 1d",
                "clicks-only drop 1d",
                "exposures drop 2m",
                "exposures positive 2m",
                "exposures drop 1d 0.5",
                "exposures positive 1d 1",
                "exposures drop 2m 1"
            })
    void agreesWithTheAttributionInAnyOrder(String variant) {
        String[] choice = variant.split(" ", -1);
        int unclicked = 0;
        int noticed = 0;
        for (int seed = 0; seed < 400; seed++) {
            JoinedPartition partition = new JoinedPartition(
                    "attribution.mode=" + choice[0],
                    "attribution.late=" + choice[1],
                    "attribution.max-skew=" + choice[2],
                    "negatives.exposed=" + (choice.length > 3 ? "1" : "0"),
                    "negatives.exposed.sample=" + (choice.length > 3 ? choice[3] : "0.05"),
                    "attribution.actions=click,like",
                    "attribution.window=60s",
                    "attribution.click-wait=20s",
                    "attribution.deduplication-window=90s",
                    "attribution.cap.user-item=" + (seed % 2 == 0 ? "3" : "0"),
                    "attribution.cap.user=" + (seed % 2 == 0 ? "5" : "0"));
            partition.play(seed, 1 + seed % 3);

            assertThat(partition.faults()).as("seed %d", seed).isEmpty();
            assertThat(partition.isExplained(true)).as("seed %d", seed).isTrue();
            if (choice[2].equals("1d")) { // longer than any of these streams: no topic can have led by that
                assertThat(partition.isExplained(false)).as("seed %d", seed).isTrue();
            }

            if (partition.examples.isEmpty()) {
                continue;
            }
            int at = seed % partition.examples.size();
            TrainingExample example = partition.examples.get(at);
            if (example.isPositive()) {
                partition.examples.add(example);
                assertThat(partition.isExplained(true))
                        .as("a second example, seed %d", seed)
                        .isFalse();
                partition.examples.remove(partition.examples.size() - 1);
                partition.examples.set(at, ofAnotherWeight(example, .9));
                boolean isTold = seed % 2 == 1 || seed % 5 != 1; // what has decayed with a wrong clock is not
                assertThat(partition.isExplained(true) && isTold)
                        .as("another weight, seed %d", seed)
                        .isFalse();
            }
            partition.lose(at);
            boolean isNoticed = !partition.isExplained(true);
            boolean isPlain = seed % 2 == 1 && seed % 5 != 1; // a cap or a wrong clock explains why there is none
            if (example.isPositive()) {
                assertThat(isNoticed).as("a lost example, seed %d", seed).isTrue();
            } else if (isPlain) {
                unclicked++;
                noticed += isNoticed ? 1 : 0;
            }
        }
        // whether an exposure of an erased user, or of an id that may have been forgotten, ended at all cannot always
        // be told
        assertThat(noticed).isGreaterThanOrEqualTo(unclicked * 2 / 3);
    }

    private static TrainingExample ofAnotherWeight(TrainingExample example, double factor) {
        return new TrainingExample(
                example.id(),
                example.user(),
                example.context(),
                example.item(),
                example.action(),
                example.weight() * factor,
                example.time(),
                example.producedAt());
    }

    /** Of a removed user, so that each may be new; clicks that only their weights tell apart, and exposures that nothing does. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void oneIdMayHaveAMillionEvents() {
        int count = 250_000;
        JoinedPartition partition = new JoinedPartition(
                "negatives.exposed=1",
                "negatives.exposed.sample=1",
                "attribution.cap.user-item=0",
                "attribution.cap.user=0",
                "attribution.max-weight=1e6");
        partition.forgotten.add("ann");
        UserFeatures ann = new UserFeatures("ann", T0, Features.NONE, List.of());
        for (int number = 1; number <= count; number++) {
            partition.clicks.add(
                    new Click("c", "ann", "book", Optional.of("e"), "click", number, T0, T0, Features.NONE));
            partition.examples.add(new TrainingExample("c", ann, Features.NONE, "book", "click", number, T0, T0));
            partition.exposures.add(exposure("e", "ann", "book", T0));
            partition.examples.add(new TrainingExample("e", ann, Features.NONE, "book", "", 1, T0, 0, false));
        }

        assertThat(partition.audit(true).explained().cardinality()).isEqualTo(2 * count);
    }

    /** A million events of one user and one item: the square of them would take days. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void oneUserMayHaveAMillionEventsWithOneItem() {
        JoinedPartition partition = new JoinedPartition("attribution.cap.user-item=0", "attribution.cap.user=0");
        for (int number = 0; number < 500_000; number++) {
            String named = number % 2 == 0 ? "e" + number : "";
            partition.exposures.add(exposure("e" + number, "ann", "book", T0 + number));
            partition.clicks.add(click("c" + number, "ann", "book", named, "click", T0 + number));
            partition.examples.add(new TrainingExample(
                    "c" + number,
                    new UserFeatures("ann", T0 + number, Features.NONE, List.of()),
                    Features.NONE,
                    "book",
                    "click",
                    1,
                    T0 + number,
                    T0 + number));
        }
        partition.examples.remove(77);

        OfflineJoin.Verdicts verdicts = partition.audit(true);

        assertThat(verdicts.clicks().total()).isEqualTo(500_000);
        assertThat(verdicts.explained().cardinality()).isEqualTo(499_999);
    }

    /** As many of which the caps leave no example: each may be the one that was to have one. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void oneUserMayHaveAMillionEventsWithoutAnExample() {
        JoinedPartition partition = new JoinedPartition();
        for (int number = 0; number < 500_000; number++) {
            String named = number % 2 == 0 ? "e" + number : "";
            partition.exposures.add(exposure("e" + number, "ann", "book", T0 + number));
            partition.clicks.add(click("c" + number, "ann", "book", named, "click", T0 + number));
        }

        assertThat(partition.audit(true).clicks().total()).isEqualTo(500_000);
    }
}
